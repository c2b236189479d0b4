/**
 * Computes when a schedule is open.
 *
 * A wall time may not exist (the clock was put forward over it) or exist twice (the clock was put back), so no wall
 * time is ever converted into an instant. Instead the time line is cut where the zone's offset changes. Between two
 * cuts wall time is UTC plus a constant: there each day's hours are plain arithmetic, and anything outside the two cuts
 * is cut off. Pieces that adjoin or overlap form one window. So hours that begin in a gap open at the first instant after
 * it, hours entirely in a gap do not open, and hours in a repeated period open twice.
 */
import { hoursOf } from '../engine/calling-hours.ts';
import type { RecordedDay, RecordedWindow } from '../engine/campaign-state.ts';
import { dayZoneOf } from '../engine/schedule-fields.ts';
import { HOLIDAY_DATA_VERSION, isHoliday } from './holidays.ts';
import type { Schedule } from './schedule.ts';
import { ZONE_DATA_VERSION } from './zone-data.ts';
import { constantOffsets, DAY_MS, offsetAt, type OffsetSpan } from './zone-offsets.ts';

/** How far a search looks ahead before it means "never". Longer than a year, so that a yearly opening is found. */
export const HORIZON_MS = 400 * DAY_MS;

/** Open from `opensAt` until just before `closesAt` (epoch milliseconds); null: still open at the search horizon. */
export interface CallingWindow {
  readonly opensAt: number;
  readonly closesAt: number | null;
}

/**
 * The windows from `from` on, in order, none touching the next. A window that is open at `from` comes first and begins
 * at `from`. Ends if nothing opens within the horizon after the last one, or after a window that does not close within
 * it.
 */
export function* callingWindows(schedule: Schedule, from: number): Generator<CallingWindow, void> {
  const hours = readHours(schedule);
  let open: { opensAt: number; closesAt: number } | null = null;
  let horizon = from + HORIZON_MS;
  for (const span of constantOffsets(schedule.timezone, from)) {
    for (const stretch of openStretches(hours, span)) {
      if (open && stretch.opensAt <= open.closesAt) {
        open.closesAt = Math.max(open.closesAt, stretch.closesAt);
        continue;
      }
      if (open) {
        yield open;
        horizon = open.closesAt + HORIZON_MS;
      }
      if (stretch.opensAt > horizon) return;
      open = stretch;
    }
    if (open) {
      if (open.closesAt > open.opensAt + HORIZON_MS) {
        yield { opensAt: open.opensAt, closesAt: null };
        return;
      }
      if (open.closesAt < span.to) {
        yield open;
        horizon = open.closesAt + HORIZON_MS;
        open = null;
      }
    } else if (span.to > horizon) {
      return;
    }
  }
}

/** Whether the schedule is open at an instant, directly from the definition and without a search. */
export function isInside(schedule: Schedule, at: number): boolean {
  const { windows, isClosedOn } = readHours(schedule);
  const wallTime = at + offsetAt(schedule.timezone, at);
  const day = Math.floor(wallTime / DAY_MS);
  const time = wallTime - day * DAY_MS;
  return windows.some(({ days, start, end }) => {
    const opensOn = (on: number) => days.has(isoWeekday(on)) && !isClosedOn(on);
    if (start < end) return start <= time && time < end && opensOn(day);
    return (start <= time && opensOn(day)) || (time < end && opensOn(day - 1));
  });
}

/**
 * The window that is open at `from`, or else the next one, and the day of the daily cap at its opening; null if nothing
 * opens within the horizon.
 */
export function windowAt(schedule: Schedule, from: number): { window: RecordedWindow; day: RecordedDay } | null {
  const found = callingWindows(schedule, from).next().value;
  if (!found) return null;
  const { opensAt } = found;
  const closesAt = found.closesAt ?? opensAt + HORIZON_MS;
  const day = civilDay(dayZoneOf(schedule), opensAt);
  const nextDayOpensAt = callingWindows(schedule, day.endsAt).next().value?.opensAt ?? null;
  const holidayData = schedule.holidays === null ? null : HOLIDAY_DATA_VERSION;
  return { window: { opensAt, closesAt, nextDayOpensAt, zoneData: ZONE_DATA_VERSION, holidayData }, day };
}

/** The civil date (YYYY-MM-DD) in a zone at an instant, and the first instant after it with another civil date. */
export function civilDay(timezone: string, at: number): { readonly date: string; readonly endsAt: number } {
  const spans = constantOffsets(timezone, at);
  let span = spans.next().value;
  const day = Math.floor((at + span.offset) / DAY_MS);
  let midnight = (day + 1) * DAY_MS - span.offset;
  while (midnight >= span.to) {
    span = spans.next().value;
    // The change of offset itself may have changed the date, in either direction.
    const dayThen = Math.floor((span.from + span.offset) / DAY_MS);
    midnight = dayThen === day ? (day + 1) * DAY_MS - span.offset : span.from;
  }
  return { date: new Date(day * DAY_MS).toISOString().slice(0, 10), endsAt: midnight };
}

/** Calls count for today or, until they have ended, for the day before. No civil day is longer than this. */
const LONGEST_DAY_MS = 26 * 3_600_000;

/** The civil days in a zone that calls may still count for: the day at `now` and those shortly before it. */
export function recentDays(timezone: string, now: number): { date: string; startsAt: number; endsAt: number }[] {
  const days = [];
  let startsAt = civilDay(timezone, now - 2 * LONGEST_DAY_MS).endsAt;
  while (startsAt <= now) {
    const { date, endsAt } = civilDay(timezone, startsAt);
    days.push({ date, startsAt, endsAt });
    startsAt = endsAt;
  }
  return days;
}

/** A schedule's hours as numbers. Days are counted from 1 January 1970, on the calendar and without a zone. */
interface Hours {
  /** In the order of their starts. */
  readonly windows: readonly DailyWindow[];
  /** Blackout dates and holidays. */
  readonly isClosedOn: (day: number) => boolean;
}

interface DailyWindow {
  /** ISO weekdays. */
  readonly days: ReadonlySet<number>;
  /** Milliseconds after midnight; a start later than the end means overnight. */
  readonly start: number;
  readonly end: number;
}

function readHours(schedule: Schedule): Hours {
  const { holidays } = schedule;
  const blackedOut = new Set(schedule.blackout_dates.map((date) => Date.parse(`${date}T00:00:00Z`) / DAY_MS));
  const windows = hoursOf(schedule).map(({ days, start, end }) => ({
    days: new Set(days),
    start: sinceMidnight(start),
    end: sinceMidnight(end),
  }));
  return {
    windows: windows.sort((a, b) => a.start - b.start),
    isClosedOn: (day) => blackedOut.has(day) || (holidays !== null && isHoliday(holidays, day)),
  };
}

function sinceMidnight(time: string): number {
  return Number(time.slice(0, 2)) * 3_600_000 + Number(time.slice(3)) * 60_000;
}

/** 1 Monday to 7 Sunday; day 0 was a Thursday. */
function isoWeekday(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/**
 * The open periods in a span of constant offset, in the order in which they open. They may touch and overlap: several
 * windows of one day, and an overnight window with those of the next day.
 */
function* openStretches({ windows, isClosedOn }: Hours, { from, to, offset }: OffsetSpan) {
  // Begins with the day before, whose overnight hours may reach into the span.
  const firstDay = Math.floor((from + offset) / DAY_MS) - 1;
  const lastDay = Math.floor((to - 1 + offset) / DAY_MS);
  for (let day = firstDay; day <= lastDay; day++) {
    const weekday = isoWeekday(day);
    const opening = windows.filter(({ days }) => days.has(weekday));
    if (opening.length === 0 || isClosedOn(day)) continue;
    for (const { start, end } of opening) {
      const closes = start < end ? end : end + DAY_MS;
      const opensAt = Math.max(from, day * DAY_MS + start - offset);
      const closesAt = Math.min(to, day * DAY_MS + closes - offset);
      if (opensAt < closesAt) yield { opensAt, closesAt };
    }
  }
}
