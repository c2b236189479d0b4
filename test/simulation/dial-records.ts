/** The dial records of a virtual campaign and the events stored beside them, with the meaning that db/dial-records.ts gives. */
import type { Recount } from '../../domain/engine/editing.ts';
import type { EndedEvent } from '../../domain/engine/outcome.ts';
import type { UnsettledCall } from '../../domain/engine/roster.ts';
import type { VirtualAccountDays } from './account-days.ts';
import type { VirtualNumbers } from './numbers.ts';
import { recentDays } from '../../domain/windows/windows.ts';

/** The number of a placement: of two in one epoch the later has the higher one. */
export interface PlacementNumber {
  readonly epoch: number;
  readonly placement: number;
}

export interface DialRecord {
  readonly callId: string;
  readonly seq: number;
  readonly attempt: number;
  /** Placements up to this one are concluded as not placed, and refused. */
  notPlacedThrough: PlacementNumber;
  /** Tries that were permitted to send. */
  tries: number;
  /** Set while a request may have reached the provider. */
  firstSentAt: number | null;
  day: string | null;
  /** When the provider's id of the call became known; null until then. */
  acceptedAt: number | null;
  refusal: string | null;
  /** Terminal events in the order in which they came. */
  readonly events: { readonly event: EndedEvent; signalled: boolean }[];
}

/** What counts placements over all campaigns. */
export interface CountedPlacements {
  /** Null: there are no limits of calls to one number. */
  readonly numbers: VirtualNumbers | null;
  /** Null: there is no limit of calls per day of the account. */
  readonly accountDays: VirtualAccountDays | null;
}

const MINUTE_MS = 60_000;
/** The counts of earlier minutes are of no use to anybody. */
const MINUTES_KEPT = 6 * 24 * 60;

/** Records of calls that are not settled; of those that are only counts remain. */
export class DialRecords {
  /** @param counts where placements count, too */
  constructor(private readonly counts: CountedPlacements = { numbers: null, accountDays: null }) {}

  private readonly records = new Map<string, DialRecord>();
  private readonly byMinute = new Map<number, number>();
  private readonly unsignalled = new Set<DialRecord>();

  get(callId: string): DialRecord | undefined {
    return this.records.get(callId);
  }

  open(callId: string, seq: number, attempt: number): DialRecord {
    const known = this.records.get(callId);
    if (known) return known;
    const record: DialRecord = {
      callId,
      seq,
      attempt,
      notPlacedThrough: { epoch: 0, placement: 0 },
      tries: 0,
      firstSentAt: null,
      day: null,
      acceptedAt: null,
      refusal: null,
      events: [],
    };
    this.records.set(callId, record);
    return record;
  }

  /** A request is about to leave. Returns the number of this try, and when an earlier one may have sent. */
  writeAhead(
    record: DialRecord,
    day: string,
    now: number,
  ): { readonly tryNumber: number; readonly sentBefore: number | null } {
    const sentBefore = record.firstSentAt;
    record.tries += 1;
    this.counts.numbers?.sent(record.seq, record.callId, now);
    if (sentBefore === null) {
      this.counts.accountDays?.count(record.callId, now);
      record.firstSentAt = now;
      record.day = day;
      this.count(record, 1);
    }
    return { tryNumber: record.tries, sentBefore };
  }

  /** Placements up to this one are refused from here on. */
  conclude(record: DialRecord, number: PlacementNumber): void {
    if (!isUpTo(number, record.notPlacedThrough)) record.notPlacedThrough = number;
  }

  isWithdrawn(record: DialRecord, number: PlacementNumber): boolean {
    return isUpTo(number, record.notPlacedThrough);
  }

  /** This try sent nothing. Whether another did, one that was permitted after it knows. */
  withdraw(record: DialRecord, number: PlacementNumber, tryNumber: number): void {
    if (record.tries !== tryNumber) return;
    this.conclude(record, number);
    this.takeBack(record, tryNumber);
  }

  /** The same, for a try that goes on: it may be permitted again. */
  takeBack(record: DialRecord, tryNumber: number): void {
    if (record.tries !== tryNumber) return;
    this.notPlaced(record);
    this.count(record, -1);
    record.firstSentAt = null;
    record.day = null;
  }

  refuse(record: DialRecord, reason: string, tryNumber: number): void {
    if (record.tries !== tryNumber || record.acceptedAt !== null) return;
    if (record.refusal === null) this.count(record, -1);
    this.notPlaced(record);
    record.refusal = reason;
  }

  private notPlaced({ seq, callId }: DialRecord): void {
    this.counts.numbers?.withdrawn(seq, callId);
    this.counts.accountDays?.giveBack(callId);
  }

  /** Stores a terminal event, once per event id. False: it was there already and has been signalled. */
  storeEvent(record: DialRecord, event: EndedEvent, signalled: boolean): boolean {
    const known = record.events.find((stored) => stored.event.event_id === event.event_id);
    const news = !known || !known.signalled;
    if (known) known.signalled ||= signalled;
    else record.events.push({ event, signalled });
    if (record.events.some((stored) => !stored.signalled)) this.unsignalled.add(record);
    else this.unsignalled.delete(record);
    return news;
  }

  /** The provider has the call. */
  accept(record: DialRecord, now: number): void {
    record.acceptedAt ??= now;
    this.counts.numbers?.accepted(record.seq, record.callId, now);
  }

  settle(callId: string): void {
    const record = this.records.get(callId);
    if (!record) return;
    this.records.delete(callId);
    this.counts.accountDays?.settled(callId);
    this.unsignalled.delete(record);
  }

  undelivered(): EndedEvent[] {
    return [...this.unsignalled].flatMap(({ events }) =>
      events.filter(({ signalled }) => !signalled).map(({ event }) => event),
    );
  }

  /** Every call that went out, or may have; each counts for the day in which it was sent. */
  unsettled(days: Recount['days']): UnsettledCall[] {
    const found: UnsettledCall[] = [];
    for (const { seq, attempt, firstSentAt, day, acceptedAt, refusal, events } of this.records.values()) {
      if (firstSentAt === null || day === null) continue;
      const sentOn = days.find(({ startsAt, endsAt }) => firstSentAt >= startsAt && firstSentAt < endsAt)?.date ?? day;
      const ended = events[0]?.event ?? null;
      found.push({ seq, attempt, day: sentOn, sentAt: firstSentAt, acceptedAt, refusal, ended });
    }
    return found;
  }

  /** Calls that were sent after this instant, or may have been, and of which no end is known. */
  countOpen(sentAfter: number): number {
    let open = 0;
    for (const { firstSentAt, refusal, events } of this.records.values()) {
      if (firstSentAt !== null && firstSentAt > sentAfter && refusal === null && events.length === 0) open += 1;
    }
    return open;
  }

  isUnsettled(callId: string): boolean {
    const record = this.records.get(callId);
    return record !== undefined && record.firstSentAt !== null;
  }

  /** Counts what was, or may have been, placed by the civil days of a zone around now. */
  recount(timezone: string, now: number, inFlight: readonly string[]): Recount {
    const placedIn = (startsAt: number, endsAt: number): number => {
      let placed = 0;
      for (const [minute, count] of this.byMinute) {
        if (minute * MINUTE_MS >= startsAt && minute * MINUTE_MS < endsAt) placed += count;
      }
      return placed;
    };
    return {
      days: recentDays(timezone, now).map((day) => ({ ...day, placed: placedIn(day.startsAt, day.endsAt) })),
      counted: inFlight.filter((id) => {
        const record = this.records.get(id);
        return record !== undefined && record.firstSentAt !== null && record.refusal === null;
      }),
    };
  }

  private count(record: DialRecord, by: 1 | -1): void {
    if (record.day === null || record.firstSentAt === null) return;
    const minute = Math.floor(record.firstSentAt / MINUTE_MS);
    this.byMinute.set(minute, (this.byMinute.get(minute) ?? 0) + by);
    if (this.byMinute.size > 2 * MINUTES_KEPT) {
      for (const old of this.byMinute.keys()) if (old < minute - MINUTES_KEPT) this.byMinute.delete(old);
    }
  }
}

function isUpTo(number: PlacementNumber, limit: PlacementNumber): boolean {
  return number.epoch < limit.epoch || (number.epoch === limit.epoch && number.placement <= limit.placement);
}
