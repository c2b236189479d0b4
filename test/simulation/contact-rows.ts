/**
 * The contacts of a virtual campaign. Contacts that nobody has claimed yet are only a number, and contacts in a terminal
 * bucket only counts, so that memory goes by what is in flight or waits for a retry and not by the size of the roster.
 */
import type { ReadyContact } from '../../domain/engine/campaign-state.ts';
import type { GroupWork } from '../../domain/engine/roster.ts';
import { waitingBucket, type Bucket, type Buckets } from '../../domain/engine/tally.ts';
import { Queue } from '../../domain/forecast/queue.ts';

export interface ContactRow {
  readonly seq: number;
  attempt: number;
  /** Earlier attempts that do not count. */
  excused: number;
  bucket: 'pending' | 'retrying' | 'in_progress';
  /** Number of the claim that holds it. */
  claim: number | null;
  dueAt: number | null;
}

export class ContactRows {
  readonly buckets: Buckets;
  /** Contacts in `failed` and `skipped`, by reason. */
  readonly reasons = new Map<string, number>();
  private readonly rows = new Map<number, ContactRow>();
  /** First calls without a due time among the rows; the rest of the pending contacts has higher numbers than any row. */
  private readonly pending = new Set<number>();
  private readonly due = new Queue<{ readonly row: ContactRow; readonly attempt: number }>();
  private highest = 0;

  constructor(readonly total: number) {
    this.buckets = { pending: total, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };
  }

  get(seq: number): ContactRow | undefined {
    return this.rows.get(seq);
  }

  all(): IterableIterator<ContactRow> {
    return this.rows.values();
  }

  /** Whether the contact has a row or had one. */
  wasSeen(seq: number): boolean {
    return seq <= this.highest;
  }

  move(row: ContactRow, to: Bucket, reason?: string): void {
    this.buckets[row.bucket] -= 1;
    this.buckets[to] += 1;
    this.pending.delete(row.seq);
    if (to === 'completed' || to === 'failed' || to === 'skipped') {
      this.rows.delete(row.seq);
      if (to !== 'completed') this.countReason(reason ?? 'none', 1);
      return;
    }
    row.bucket = to;
    if (to === 'pending' && row.dueAt === null) this.pending.add(row.seq);
  }

  /** Puts a contact with a due time where a claim finds it. */
  offer(row: ContactRow): void {
    this.due.push(row.dueAt ?? 0, row.seq, { row, attempt: row.attempt });
  }

  /** Takes back the claim of a contact that waits. With `until`, it is due then. */
  putBack(row: ContactRow, until: number | null): void {
    row.claim = null;
    row.dueAt = until ?? row.dueAt;
    this.pending.delete(row.seq);
    if (row.dueAt !== null) this.offer(row);
  }

  /** Claims up to `want` contacts: those that are due, then first calls after `cursor`. */
  claim(want: number, exchange: number, now: number, cursor: number): ReadyContact[] {
    const claimed: ReadyContact[] = [];
    const take = (row: ContactRow): void => {
      row.claim = exchange;
      claimed.push(readyContact(row));
    };
    for (let due = this.nextDue(); due && due.at <= now && claimed.length < want; due = this.nextDue()) {
      this.due.pop();
      take(due.value.row);
    }
    for (const seq of [...this.pending].sort((a, b) => a - b)) {
      const row = this.rows.get(seq);
      if (claimed.length < want && seq > cursor && row?.claim === null) take(row);
    }
    while (claimed.length < want && this.highest < this.total) take(this.open(this.highest + 1));
    return claimed;
  }

  /** Those contacts of a claim that still wait as they did when it was made. */
  heldBy(exchange: number): ReadyContact[] {
    const held = [...this.rows.values()].filter((row) => row.claim === exchange && row.bucket !== 'in_progress');
    const rank = (row: ContactRow): number => (row.dueAt === null ? 1 : 0);
    held.sort((a, b) => rank(a) - rank(b) || (a.dueAt ?? 0) - (b.dueAt ?? 0) || a.seq - b.seq);
    return held.map(readyContact);
  }

  /** The only group, if any contact of it waits. */
  waiting(cursor: number): { groups: GroupWork[] } {
    const more = this.highest < this.total || [...this.pending].some((seq) => seq > cursor);
    const dueAt = this.nextDue()?.at ?? null;
    return { groups: more || dueAt !== null ? [{ group: 0, more, dueAt }] : [] };
  }

  /** Releases every claim on contacts that wait; returns the lowest number of a released first call. */
  release(): number | null {
    let lowest: number | null = null;
    for (const row of this.rows.values()) {
      if (row.claim === null || row.bucket === 'in_progress') continue;
      row.claim = null;
      if (row.dueAt !== null) this.offer(row);
      else lowest = Math.min(lowest ?? row.seq, row.seq);
    }
    return lowest;
  }

  /** Moves all that wait to `skipped`; returns the numbers of those that had a row. */
  skipWaiting(reason: string): ContactRow[] {
    const waiting = [...this.rows.values()].filter((row) => row.bucket !== 'in_progress');
    for (const row of waiting) this.move(row, 'skipped', reason);
    const unseen = this.total - this.highest;
    this.highest = this.total;
    this.buckets.pending -= unseen;
    this.buckets.skipped += unseen;
    this.countReason(reason, unseen);
    return waiting;
  }

  moveToWaiting(row: ContactRow): void {
    this.move(row, waitingBucket(row.attempt));
  }

  private open(seq: number): ContactRow {
    const row: ContactRow = { seq, attempt: 1, excused: 0, bucket: 'pending', claim: null, dueAt: null };
    this.highest = seq;
    this.rows.set(seq, row);
    this.pending.add(seq);
    return row;
  }

  /** The head of those with a due time that no claim holds; what has moved on since it was queued is dropped. */
  private nextDue() {
    for (;;) {
      const { head } = this.due;
      if (!head) return undefined;
      const { row, attempt } = head.value;
      const stands = this.rows.get(row.seq) === row && row.attempt === attempt && row.bucket !== 'in_progress';
      if (stands && row.claim === null && row.dueAt === head.at) return head;
      this.due.pop();
    }
  }

  private countReason(reason: string, contacts: number): void {
    if (contacts > 0) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + contacts);
  }
}

function readyContact({ seq, attempt, excused, dueAt }: ContactRow): ReadyContact {
  const isDue = dueAt !== null && attempt === 1;
  return { seq, attempt, ...(excused > 0 ? { excused } : {}), ...(isDue ? { isDue } : {}) };
}
