/** The dial records of a virtual campaign and the events stored beside them, with the meaning that db/calls.ts gives. */
import type { Recount } from '../../domain/engine/editing.ts';
import type { EndedEvent } from '../../domain/engine/outcome.ts';
import type { UnsettledCall } from '../../domain/engine/roster.ts';
import { recentDays } from '../../domain/windows/windows.ts';

export interface DialRecord {
  readonly callId: string;
  readonly seq: number;
  readonly attempt: number;
  /** Placements up to this one are concluded as not placed, and refused. */
  notPlacedThrough: number;
  /** Set while a request may have reached the provider. */
  firstSentAt: number | null;
  day: string | null;
  /** When the provider's id of the call became known; null until then. */
  acceptedAt: number | null;
  refusal: string | null;
  /** Terminal events in the order in which they came. */
  readonly events: { readonly event: EndedEvent; signalled: boolean }[];
}

const MINUTE_MS = 60_000;
/** The counts of earlier minutes are of no use to anybody. */
const MINUTES_KEPT = 6 * 24 * 60;

/** Records of calls that are not settled; of those that are only counts remain. */
export class DialRecords {
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
      notPlacedThrough: 0,
      firstSentAt: null,
      day: null,
      acceptedAt: null,
      refusal: null,
      events: [],
    };
    this.records.set(callId, record);
    return record;
  }

  /** The request is about to leave for the first time. */
  writeAhead(record: DialRecord, day: string, now: number): void {
    record.firstSentAt = now;
    record.day = day;
    this.count(record, 1);
  }

  /** Nothing was sent under this placement: it, and those before it, are refused from here on. */
  withdraw(record: DialRecord, placement: number): void {
    record.notPlacedThrough = Math.max(record.notPlacedThrough, placement);
    this.count(record, -1);
    record.firstSentAt = null;
    record.day = null;
  }

  refuse(record: DialRecord, reason: string): void {
    if (record.refusal === null) this.count(record, -1);
    record.refusal = reason;
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

  settle(callId: string): void {
    const record = this.records.get(callId);
    if (!record) return;
    this.records.delete(callId);
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
