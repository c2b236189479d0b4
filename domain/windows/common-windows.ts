/** When several schedules are open at the same time: a person in one of several zones, or hours that a policy narrows. */
import type { Schedule } from './schedule.ts';
import { type CallingWindow, callingWindows, HORIZON_MS } from './windows.ts';

/** A schedule that restricts during a time only. Before and after it, everything is open. Epoch milliseconds. */
export interface LimitedSchedule {
  readonly schedule: Schedule;
  /** Null: from the beginning. */
  readonly appliesFrom: number | null;
  /** Null: forever. */
  readonly appliesUntil: number | null;
}

interface Stretch {
  readonly opensAt: number;
  readonly closesAt: number;
}

/**
 * The windows in which every schedule is open, in order, none touching the next. A window that is open at `from` comes
 * first and begins at `from`. Ends if nothing opens within the search horizon after the last one, or after a window that
 * does not close within it.
 */
export function* commonWindows(
  schedules: readonly (Schedule | LimitedSchedule)[],
  from: number,
): Generator<CallingWindow, void> {
  let open: Stretch | null = null;
  for (const stretch of commonStretches(schedules, from)) {
    if (open?.closesAt === stretch.opensAt) {
      open = { opensAt: open.opensAt, closesAt: stretch.closesAt };
    } else {
      if (open) yield open;
      open = stretch;
    }
    if (open.closesAt > open.opensAt + HORIZON_MS) {
      yield { opensAt: open.opensAt, closesAt: null };
      return;
    }
  }
  if (open) yield open;
}

/** Likewise, but one may touch the next. */
function* commonStretches(schedules: readonly (Schedule | LimitedSchedule)[], from: number): Generator<Stretch, void> {
  const sources = schedules.map((one) => ('schedule' in one ? limitedWindows(one, from) : finiteWindows(one, from)));
  const heads = sources.map((source) => source.next().value);
  let horizon = from + HORIZON_MS;
  while (heads.length > 0) {
    let opensAt = from;
    let closesAt = Infinity;
    for (const head of heads) {
      if (!head) return;
      opensAt = Math.max(opensAt, head.opensAt);
      closesAt = Math.min(closesAt, head.closesAt);
    }
    if (opensAt > horizon) return;
    if (opensAt < closesAt) {
      yield { opensAt, closesAt };
      horizon = closesAt + HORIZON_MS;
    }
    for (const [index, head] of heads.entries()) {
      if (head && head.closesAt === closesAt) heads[index] = sources[index]?.next().value;
    }
  }
}

/** Open before and after the time in which the schedule applies. */
function* limitedWindows(
  { schedule, appliesFrom, appliesUntil }: LimitedSchedule,
  from: number,
): Generator<Stretch, void> {
  const begins = Math.max(from, appliesFrom ?? from);
  const ends = Math.max(begins, appliesUntil ?? Infinity);
  if (from < begins) yield { opensAt: from, closesAt: begins };
  if (begins < ends) {
    for (const { opensAt, closesAt } of finiteWindows(schedule, begins)) {
      if (opensAt >= ends) break;
      yield { opensAt, closesAt: Math.min(closesAt, ends) };
    }
  }
  if (ends < Infinity) yield { opensAt: ends, closesAt: Infinity };
}

/** The windows of one schedule. One that does not close within the search horizon is cut there, and goes on. */
function* finiteWindows(schedule: Schedule, from: number): Generator<Stretch, void> {
  let start = from;
  for (;;) {
    let cutAt: number | null = null;
    for (const { opensAt, closesAt } of callingWindows(schedule, start)) {
      cutAt = closesAt === null ? opensAt + HORIZON_MS : null;
      yield { opensAt, closesAt: closesAt ?? opensAt + HORIZON_MS };
    }
    if (cutAt === null) return;
    start = cutAt;
  }
}
