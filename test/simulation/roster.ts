/** The database of a virtual campaign: the same exchange, adoption and closing as in db/, on maps. */
import { idOf } from '../../domain/engine/starting-calls.ts';
import type { CampaignStatus, Ending } from '../../domain/engine/campaign-state.ts';
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import type { ExchangeReply, ExchangeRequest, RosterSnapshot } from '../../domain/engine/roster.ts';
import type { Bucket, Buckets } from '../../domain/engine/tally.ts';
import { ContactRows, type ContactRow } from './contact-rows.ts';
import { type CountedPlacements, DialRecords } from './dial-records.ts';
import { isOver } from '../../domain/engine/commands.ts';
import type { EndRecorded } from '../../domain/engine/settling.ts';
import { dayZoneOf } from '../../domain/engine/schedule-fields.ts';

export interface RosterListener {
  /** An attempt was written down. `effective`: whether it moved its contact. */
  settled(settlement: ExchangeRequest['settled'][number], effective: boolean): void;
  /** A contact came to its terminal bucket. */
  closed(seq: number, attempt: number, bucket: Bucket, reason: string): void;
  /** The next call of a contact that waits was moved. */
  moved(seq: number, at: number): void;
}

/** The run that asks. */
interface Owner {
  readonly id: string;
  readonly state: { readonly epoch: number };
}

export class VirtualRoster {
  readonly contacts: ContactRows;
  readonly calls: DialRecords;
  owner: string | null = null;
  private epoch = 0;
  private lastExchange = 0;
  private status: CampaignStatus = 'scheduled';
  /** What the records say about the end of the campaign. */
  ending: Ending | null = null;
  /** Whether people came or went since the last exchange. */
  hasChanged = false;
  /** Claims that were taken back, by contact: the exchange that tells of it. */
  private readonly taken = new Map<number, number>();
  /** The attempt at which a contact was taken out. */
  private readonly removed = new Map<number, number>();

  constructor(
    private readonly campaignId: string,
    total: number,
    private spec: EngineSpec,
    private readonly listener: RosterListener,
    groups = 1,
    counts?: CountedPlacements,
  ) {
    this.calls = new DialRecords(counts);
    this.contacts = new ContactRows(total, groups);
  }

  exchange(request: ExchangeRequest, runId: string): ExchangeReply {
    const isNext = request.exchangeNumber === this.lastExchange + 1;
    const isRepeat = request.exchangeNumber === this.lastExchange;
    const owns = this.owner === runId && (isNext || isRepeat);
    const takesOver = request.continuedFrom !== null && request.continuedFrom === this.owner && isNext;
    if (request.epoch !== this.epoch || !(owns || takesOver)) return { kind: 'superseded' };
    for (const settlement of request.settled) this.settle(settlement);
    for (const contact of request.returned) {
      const row = this.standing(contact);
      if (row?.bucket === 'in_progress') this.contacts.moveToWaiting(row);
    }
    for (const contact of request.started) {
      const row = this.standing(contact);
      if (row && row.bucket !== 'in_progress') this.contacts.move(row, 'in_progress');
    }
    for (const { until, ...contact } of request.released) {
      const row = this.standing(contact);
      if (row?.claim == null || row.bucket === 'in_progress' || row.claim >= request.exchangeNumber) continue;
      this.contacts.putBack(row, until ?? null);
    }
    const claimed = isRepeat
      ? this.contacts.heldBy(request.exchangeNumber)
      : this.contacts.claim(request, request.exchangeNumber, request.now, request.open);
    this.owner = runId;
    this.lastExchange = request.exchangeNumber;
    this.status = request.sync.status;
    this.ending = request.sync.ending;
    if (request.terms) this.spec = { ...this.spec, ...request.terms };
    this.hasChanged = false;
    const takenOut = [...this.taken].filter(([, told]) => told === request.exchangeNumber).map(([seq]) => seq);
    const told = takenOut.length > 0 ? { takenOut } : {};
    const events = this.calls.undelivered();
    return { kind: 'exchanged', claimed, events, retriesEndedUpTo: null, ...told, ...this.view() };
  }

  adopt(runId: string, now: number): RosterSnapshot {
    for (const row of this.contacts.all()) {
      const isUnsettled = this.calls.isUnsettled(idOf(this.campaignId, row));
      if (isUnsettled && row.bucket !== 'in_progress') this.contacts.move(row, 'in_progress');
      else if (!isUnsettled && row.bucket === 'in_progress') this.contacts.moveToWaiting(row);
    }
    this.contacts.release();
    this.owner = runId;
    this.epoch += 1;
    const { days } = this.calls.recount(dayZoneOf(this.spec.schedule), now, []);
    return {
      status: this.status,
      ending: this.ending,
      spec: this.spec,
      epoch: this.epoch,
      lastExchange: this.lastExchange,
      unsettled: this.calls.unsettled(days).map((call) => {
        const { excused = 0 } = this.contacts.get(call.seq) ?? {};
        return { ...call, ...(excused > 0 ? { excused } : {}) };
      }),
      placedByDay: Object.fromEntries(days.map(({ date, placed }) => [date, placed])),
      ...this.view(),
    };
  }

  /** Moves all that wait to `skipped`; null: another run owns the records. */
  close(reason: string, run: Owner): Buckets | null {
    if (!this.isOwner(run)) return null;
    const unseen = [...this.contacts.unseen()];
    for (const { seq, attempt } of this.contacts.skipWaiting(reason)) {
      this.listener.closed(seq, attempt, 'skipped', reason);
    }
    for (const seq of unseen) this.listener.closed(seq, 1, 'skipped', reason);
    return { ...this.contacts.buckets };
  }

  recordEnd(status: 'completed' | 'cancelled', run: Owner): EndRecorded {
    if (!this.isOwner(run)) return 'superseded';
    const { pending, retrying } = this.contacts.buckets;
    if (status === 'completed' && this.ending === null && pending + retrying > 0) return 'contacts_wait';
    this.owner = null;
    this.status = status;
    return 'recorded';
  }

  /** Adds people while the campaign is not over. Whether they were added. */
  add(contacts: number): boolean {
    if (!this.isOpen) return false;
    this.contacts.add(contacts);
    this.hasChanged = true;
    return true;
  }

  /** Takes one of the contacts out that wait, by a number in [0, 1). Whether there was one. */
  remove(which: number): boolean {
    const row = this.waiting(which);
    if (!row) return false;
    this.takeClaim(row);
    this.removed.set(row.seq, row.attempt);
    this.contacts.move(row, 'skipped', 'removed');
    this.listener.closed(row.seq, row.attempt, 'skipped', 'removed');
    return true;
  }

  /** Moves the next call of one of the contacts that wait. Whether there was one. */
  moveCall(which: number, at: number): boolean {
    const row = this.waiting(which);
    if (!row) return false;
    this.takeClaim(row);
    row.notBefore = at;
    this.contacts.putBack(row, at);
    this.listener.moved(row.seq, at);
    return true;
  }

  /** Until when the contact must not be called. Null: it may be. */
  notBefore(contact: { readonly seq: number; readonly attempt: number }): number | null {
    return this.standing(contact)?.notBefore ?? null;
  }

  private get isOpen(): boolean {
    return !isOver(this.status) && this.ending === null;
  }

  private waiting(which: number): ContactRow | undefined {
    if (!this.isOpen) return undefined;
    const rows = [...this.contacts.all()].filter(
      (row) => row.bucket !== 'in_progress' && !this.calls.isUnsettled(idOf(this.campaignId, row)),
    );
    return rows[Math.floor(which * rows.length)];
  }

  private takeClaim(row: ContactRow): void {
    if (row.claim !== null) this.taken.set(row.seq, this.lastExchange + 1);
    row.claim = null;
    this.hasChanged = true;
  }

  /** The workflow of this run was found to have ended: no run may dial. */
  interrupt(runId: string): void {
    if (this.owner === runId) this.owner = null;
  }

  /** Whether only the owner may dial, and this run with this state is the owner. */
  isOwnedBy(runId: string, epoch: number): boolean {
    return this.owner === runId && this.epoch === epoch;
  }

  /** Whether the contact is not to be called under this attempt any more. */
  isRemoved(contact: { readonly seq: number; readonly attempt: number }): boolean {
    return this.ending !== null || this.standing(contact) === undefined;
  }

  /** Whether the attempt is written down: its contact has moved on or is in a terminal bucket. */
  isSettled(seq: number, attempt: number): boolean {
    const current = this.contacts.get(seq)?.attempt ?? this.removed.get(seq);
    return current === undefined ? this.contacts.wasSeen(seq) : current > attempt;
  }

  private isOwner({ id, state }: Owner): boolean {
    return this.isOwnedBy(id, state.epoch);
  }

  private settle(settlement: ExchangeRequest['settled'][number]): void {
    const { to, reason, retryAt } = settlement;
    this.calls.settle(idOf(this.campaignId, settlement));
    const row = this.standing(settlement);
    this.listener.settled(settlement, row !== undefined);
    if (!row) return;
    row.claim = null;
    this.contacts.move(row, to, reason);
    if (to !== 'retrying') {
      this.listener.closed(row.seq, row.attempt, to, reason);
      return;
    }
    row.attempt += 1;
    if (settlement.isExcused) row.excused += 1;
    row.dueAt = retryAt;
    this.contacts.offer(row);
  }

  private standing({ seq, attempt }: { readonly seq: number; readonly attempt: number }): ContactRow | undefined {
    const row = this.contacts.get(seq);
    return row?.attempt === attempt ? row : undefined;
  }

  private view() {
    return { buckets: { ...this.contacts.buckets }, ...this.contacts.waiting() };
  }
}
