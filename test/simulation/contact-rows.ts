/**
 * The contacts of a virtual campaign. Contacts that nobody has claimed yet are only a number, and contacts in a terminal
 * bucket only counts, so that memory goes by what is in flight or waits for a retry and not by the size of the roster.
 * Groups take turns in the roster: the group of a contact follows from its number.
 */
import type { ReadyContact } from '../../domain/engine/campaign-state.ts';
import type { Claim, GroupWork } from '../../domain/engine/roster.ts';
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
  /** A time that was asked for: it is not called before. */
  notBefore: number | null;
}

export class ContactRows {
  readonly buckets: Buckets;
  /** Contacts in `failed` and `skipped`, by reason. */
  readonly reasons = new Map<string, number>();
  private readonly rows = new Map<number, ContactRow>();
  private readonly groups: readonly Group[];

  constructor(
    private contacts: number,
    groups = 1,
  ) {
    const total = contacts;
    this.groups = Array.from({ length: groups }, (_, no) => new Group(no));
    this.buckets = { pending: total, in_progress: 0, retrying: 0, completed: 0, failed: 0, skipped: 0 };
  }

  get total(): number {
    return this.contacts;
  }

  /** Adds contacts after those that there are. */
  add(contacts: number): void {
    this.contacts += contacts;
    this.buckets.pending += contacts;
  }

  get(seq: number): ContactRow | undefined {
    return this.rows.get(seq);
  }

  all(): IterableIterator<ContactRow> {
    return this.rows.values();
  }

  /** Whether the contact has a row or had one. */
  wasSeen(seq: number): boolean {
    return seq < this.nextUnseen(this.groupOf(seq));
  }

  /** Contacts without a row that never had one, in order. */
  *unseen(): Generator<number> {
    const first = Math.min(...this.groups.map((group) => this.nextUnseen(group)));
    for (let seq = first; seq <= this.total; seq++) if (!this.wasSeen(seq)) yield seq;
  }

  move(row: ContactRow, to: Bucket, reason?: string): void {
    this.buckets[row.bucket] -= 1;
    this.buckets[to] += 1;
    const { pending } = this.groupOf(row.seq);
    pending.delete(row.seq);
    if (to === 'completed' || to === 'failed' || to === 'skipped') {
      this.rows.delete(row.seq);
      if (to !== 'completed') this.countReason(reason ?? 'none', 1);
      return;
    }
    row.bucket = to;
    if (to === 'pending' && row.dueAt === null) pending.add(row.seq);
  }

  /** Puts a contact with a due time where a claim finds it. */
  offer(row: ContactRow): void {
    this.groupOf(row.seq).due.push(row.dueAt ?? 0, row.seq, { row, attempt: row.attempt });
  }

  /** Takes back the claim of a contact that waits. With `until`, it is due then. */
  putBack(row: ContactRow, until: number | null): void {
    const group = this.groupOf(row.seq);
    row.claim = null;
    row.dueAt = until ?? row.dueAt;
    if (row.dueAt === null) {
      group.cursor = Math.min(group.cursor, row.seq - 1);
      return;
    }
    group.pending.delete(row.seq);
    this.offer(row);
  }

  /** Claims up to `want` contacts of these groups: those that are due, of which there may be more, then first calls behind the cursors. */
  claim({ want, wantDue = want }: Claim, exchange: number, now: number, open: readonly number[]): ReadyContact[] {
    const claimed: ReadyContact[] = [];
    const groups = this.groups.filter(({ no }) => open.includes(no));
    const take = (row: ContactRow): void => {
      row.claim = exchange;
      claimed.push(this.readyContact(row));
      if (row.dueAt !== null) return;
      const group = this.groupOf(row.seq);
      group.cursor = Math.max(group.cursor, row.seq);
    };
    while (claimed.length < wantDue) {
      const due = this.nextDue(groups);
      if (!due || due.at > now) break;
      this.groupOf(due.row.seq).due.pop();
      take(due.row);
    }
    const passed = groups.flatMap(({ pending, cursor }) => [...pending].filter((seq) => seq > cursor));
    for (const seq of passed.sort((a, b) => a - b)) {
      const row = this.rows.get(seq);
      if (claimed.length < want && row?.claim === null) take(row);
    }
    while (claimed.length < want) {
      const seq = Math.min(...groups.map((group) => this.nextUnseen(group)));
      if (!(seq <= this.total)) break;
      take(this.open(seq));
    }
    return claimed;
  }

  /** Those contacts of a claim that still wait as they did when it was made. */
  heldBy(exchange: number): ReadyContact[] {
    const held = [...this.rows.values()].filter((row) => row.claim === exchange && row.bucket !== 'in_progress');
    const rank = (row: ContactRow): number => (row.dueAt === null ? 1 : 0);
    held.sort((a, b) => rank(a) - rank(b) || (a.dueAt ?? 0) - (b.dueAt ?? 0) || a.seq - b.seq);
    return held.map((row) => this.readyContact(row));
  }

  /** The groups of which a contact waits. */
  waiting(): { groups: GroupWork[] } {
    const groups = this.groups.map((group): GroupWork => {
      const { no, pending, cursor } = group;
      const more = this.nextUnseen(group) <= this.total || [...pending].some((seq) => seq > cursor);
      return { group: no, more, dueAt: this.nextDue([group])?.at ?? null };
    });
    return { groups: groups.filter(({ more, dueAt }) => more || dueAt !== null) };
  }

  /** Releases every claim on contacts that wait. */
  release(): void {
    for (const row of this.rows.values()) {
      if (row.claim !== null && row.bucket !== 'in_progress') this.putBack(row, null);
    }
  }

  /** Moves all that wait to `skipped`; returns the numbers of those that had a row. */
  skipWaiting(reason: string): ContactRow[] {
    const waiting = [...this.rows.values()].filter((row) => row.bucket !== 'in_progress');
    for (const row of waiting) this.move(row, 'skipped', reason);
    const unseen = [...this.unseen()].length;
    for (const group of this.groups) group.opened = this.total;
    this.buckets.pending -= unseen;
    this.buckets.skipped += unseen;
    this.countReason(reason, unseen);
    return waiting;
  }

  moveToWaiting(row: ContactRow): void {
    this.move(row, waitingBucket(row.attempt));
  }

  private open(seq: number): ContactRow {
    const row: ContactRow = {
      seq,
      attempt: 1,
      excused: 0,
      bucket: 'pending',
      claim: null,
      dueAt: null,
      notBefore: null,
    };
    const group = this.groupOf(seq);
    group.opened += 1;
    group.pending.add(seq);
    this.rows.set(seq, row);
    return row;
  }

  private groupOf(seq: number): Group {
    return this.groups[groupNumber(seq, this.groups.length)]!;
  }

  /** Above the total if every contact of the group has or had a row. */
  private nextUnseen({ no, opened }: Group): number {
    return no + 1 + opened * this.groups.length;
  }

  /** The first with a due time in these groups that no claim holds; what has moved on since it was queued is dropped. */
  private nextDue(groups: readonly Group[]): { readonly at: number; readonly row: ContactRow } | null {
    let first: { readonly at: number; readonly row: ContactRow } | null = null;
    for (const { due } of groups) {
      for (let { head } = due; head; { head } = due) {
        const { row, attempt } = head.value;
        const stands = this.rows.get(row.seq) === row && row.attempt === attempt && row.bucket !== 'in_progress';
        if (stands && row.claim === null && row.dueAt === head.at) {
          if (head.at < (first?.at ?? Infinity)) first = { at: head.at, row };
          break;
        }
        due.pop();
      }
    }
    return first;
  }

  private countReason(reason: string, contacts: number): void {
    if (contacts > 0) this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + contacts);
  }

  private readyContact({ seq, attempt, excused, dueAt }: ContactRow): ReadyContact {
    const isDue = dueAt !== null && attempt === 1;
    const { no: group } = this.groupOf(seq);
    return {
      seq,
      attempt,
      ...(excused > 0 ? { excused } : {}),
      ...(isDue ? { isDue } : {}),
      ...(group > 0 ? { group } : {}),
    };
  }
}

/** The group of a contact where there are so many. */
export function groupNumber(seq: number, groups: number): number {
  return (seq - 1) % groups;
}

class Group {
  /** Its contacts that have or had a row. The others have higher numbers. */
  opened = 0;
  /** First calls up to this one have been claimed. */
  cursor = 0;
  /** First calls without a due time among the rows. */
  readonly pending = new Set<number>();
  readonly due = new Queue<{ readonly row: ContactRow; readonly attempt: number }>();

  constructor(readonly no: number) {}
}
