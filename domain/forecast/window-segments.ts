import { commonWindows, type LimitedSchedule } from '../windows/common-windows.ts';
import type { Schedule } from '../windows/schedule.ts';
import { civilDay, HORIZON_MS } from '../windows/windows.ts';

/** A time on one civil day during which the same groups of contacts may be called. Epoch milliseconds. */
export interface WindowSegment {
  readonly opensAt: number;
  readonly closesAt: number;
  /** The civil date in the zone of the daily cap. */
  readonly day: string;
  /** The civil date of the account. Null: it has no limit of calls per day. */
  readonly accountDay: string | null;
  /** The groups whose hours are open. At least one. */
  readonly open: readonly number[];
}

/** The hours of a campaign: for each group, the schedules that must all be open. */
export interface CampaignHours {
  readonly groups: readonly (readonly (Schedule | LimitedSchedule)[])[];
  /** The zone of the daily cap. */
  readonly dayZone: string;
  /** The zone of the account's days. Null: it has no limit of calls per day. */
  readonly accountDayZone: string | null;
  /** Nothing is placed within this time before a window closes and before a day ends. */
  readonly dialMarginMs: number;
}

/**
 * The window segments of a campaign from an instant on. They are computed one by one and kept: computing them is most
 * of the work of a forecast over years, and several projections use the same ones.
 */
export class WindowSegments {
  private readonly known: WindowSegment[] = [];
  private readonly source: Generator<WindowSegment, void>;

  constructor(hours: CampaignHours, from: number) {
    this.source = merged(
      hours.groups.map((schedules) => dialTimes(schedules, hours, from)),
      from,
    );
  }

  /** Undefined if nothing opens any more within the search horizon. */
  at(index: number): WindowSegment | undefined {
    while (this.known.length <= index) {
      const { value } = this.source.next();
      if (!value) return undefined;
      this.known.push(value);
    }
    return this.known[index];
  }
}

type DialTime = Omit<WindowSegment, 'open'>;

/** Cuts the time line wherever a group opens or closes. */
function* merged(sources: readonly Generator<DialTime, void>[], from: number): Generator<WindowSegment, void> {
  const heads = sources.map((source) => source.next().value);
  for (let at = from; ;) {
    let next = Infinity;
    let days: Pick<DialTime, 'day' | 'accountDay'> = { day: '', accountDay: null };
    const open: number[] = [];
    for (const [group, source] of sources.entries()) {
      if ((heads[group]?.closesAt ?? Infinity) <= at) heads[group] = source.next().value;
      const head = heads[group];
      if (!head) continue;
      if (head.opensAt > at) {
        next = Math.min(next, head.opensAt);
        continue;
      }
      open.push(group);
      days = { day: head.day, accountDay: head.accountDay };
      next = Math.min(next, head.closesAt);
    }
    if (next === Infinity) return;
    if (open.length > 0) yield { opensAt: at, closesAt: next, ...days, open };
    at = next;
  }
}

/** When a group may be called: in its windows, less the margin at their ends and at the ends of days. */
function* dialTimes(
  schedules: readonly (Schedule | LimitedSchedule)[],
  hours: CampaignHours,
  from: number,
): Generator<DialTime, void> {
  let start = from;
  for (;;) {
    let closed = true;
    for (const { opensAt, closesAt } of commonWindows(schedules, start)) {
      start = closesAt ?? opensAt + HORIZON_MS;
      yield* byDays(hours, opensAt, start);
      closed = closesAt !== null;
    }
    // After a window that does not close within the horizon, the search continues at its end.
    if (closed) return;
  }
}

function* byDays(
  { dayZone, accountDayZone, dialMarginMs }: CampaignHours,
  opensAt: number,
  closesAt: number,
): Generator<DialTime, void> {
  for (let from = opensAt; from < closesAt;) {
    const { date, endsAt } = civilDay(dayZone, from);
    const account = accountDayZone === null ? null : civilDay(accountDayZone, from);
    const to = Math.min(closesAt, endsAt, account?.endsAt ?? Infinity);
    if (to - dialMarginMs > from) {
      yield { opensAt: from, closesAt: to - dialMarginMs, day: date, accountDay: account?.date ?? null };
    }
    from = to;
  }
}
