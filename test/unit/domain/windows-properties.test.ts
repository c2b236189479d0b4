import fc from 'fast-check';
import moment from 'moment-timezone';
import { describe, expect, it } from 'vitest';
import { Schedule } from '../../../domain/windows/schedule.ts';
import { callingWindows, civilDay, isInside, windowAt, type CallingWindow } from '../../../domain/windows/windows.ts';
import { canonicalZoneName } from '../../../domain/windows/zone-name.ts';
import { constantOffsets, DAY_MS, offsetAt } from '../../../domain/windows/zone-offsets.ts';
import { dayZoneOf } from '../../../domain/engine/schedule-fields.ts';
import { wallTime } from '../../chaos/wall-clock.ts';

const zoneNames = moment.tz.names().filter((name) => canonicalZoneName(name) !== null);
const anyZone = fc.constantFrom(...zoneNames);
const minuteOfDay = fc.oneof(
  fc.integer({ min: 0, max: 1439 }),
  fc.constantFrom(0, 30, 60, 90, 120, 150, 180, 1380, 1410),
);

const anySchedule = fc
  .record({
    timezone: anyZone,
    hours: fc.option(fc.tuple(minuteOfDay, minuteOfDay)),
    untilMidnight: fc.boolean(),
    working_days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
    windows: fc.array(
      fc.record({
        days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
        start: minuteOfDay.map(clock),
        end: fc.oneof({ weight: 4, arbitrary: minuteOfDay.map(clock) }, fc.constant('24:00')),
      }),
      { maxLength: 4 },
    ),
    day_timezone: fc.option(anyZone),
  })
  .map(({ timezone, hours, untilMidnight, working_days, windows, day_timezone }) => {
    const calling_hours = windows.filter(({ start, end }) => start !== end);
    if (calling_hours.length > 0) return Schedule.parse({ timezone, day_timezone, calling_hours });
    const [start, end] = hours ?? [0, 0];
    if (start === end) return Schedule.parse({ timezone, working_days });
    const end_time = untilMidnight && start < end ? '24:00' : clock(end);
    return Schedule.parse({ timezone, day_timezone, working_days, start_time: clock(start), end_time });
  });

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

const anyInstant = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2060, 0, 1) });

/** The next change of offset within 200 days, or the instant itself where the zone has none. */
function nextChange(timezone: string, from: number): number {
  const spans = constantOffsets(timezone, from);
  const { offset } = spans.next().value;
  for (let span = spans.next().value; span.from < from + 200 * DAY_MS; span = spans.next().value) {
    if (span.offset !== offset) return span.from;
  }
  return from;
}

/** An instant shortly before a change of the clock, and a schedule that may black out the days around it. */
const nearChange = fc
  .record({
    schedule: anySchedule,
    somewhere: anyInstant,
    before: fc.integer({ min: 0, max: 2 * DAY_MS }),
    blackOut: fc.subarray([-1, 0, 1]),
  })
  .map(({ schedule, somewhere, before, blackOut }) => {
    const change = nextChange(schedule.timezone, somewhere);
    const blackout_dates = blackOut.map((days) => civilDay(schedule.timezone, change + days * DAY_MS).date);
    return { schedule: { ...schedule, blackout_dates }, change, from: change - before };
  });

function windowsUntil(schedule: Schedule, from: number, until: number): CallingWindow[] {
  const found: CallingWindow[] = [];
  for (const window of callingWindows(schedule, from)) {
    if (window.opensAt >= until) break;
    found.push(window);
  }
  return found;
}

const closing = ({ closesAt }: CallingWindow) => closesAt ?? Infinity;

describe('windows in every zone, near changes of the clock', () => {
  it('agree with the plain definition at every instant looked at', () => {
    fc.assert(
      fc.property(
        nearChange,
        fc.array(fc.nat(4 * DAY_MS), { maxLength: 30 }),
        ({ schedule, change, from }, offsets) => {
          const until = from + 5 * DAY_MS;
          const windows = windowsUntil(schedule, from, until);
          const edges = [change, ...windows.flatMap((each) => [each.opensAt, each.closesAt ?? until])];
          const instants = [...edges.flatMap((at) => [at - 1, at, at + 1]), ...offsets.map((offset) => from + offset)];
          for (const at of instants) {
            if (at < from || at >= until) continue;
            const listed = windows.some((each) => each.opensAt <= at && at < closing(each));
            expect(isInside(schedule, at), new Date(at).toISOString()).toBe(listed);
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  it('are in order, not empty, and never touch', () => {
    fc.assert(
      fc.property(nearChange, ({ schedule, from }) => {
        let end = -Infinity;
        for (const window of windowsUntil(schedule, from, from + 20 * DAY_MS)) {
          expect(window.opensAt).toBeGreaterThan(end);
          expect(closing(window)).toBeGreaterThan(window.opensAt);
          end = closing(window);
        }
      }),
    );
  });

  it('do not depend on when they are asked for', () => {
    fc.assert(
      fc.property(nearChange, fc.nat(3 * DAY_MS), ({ schedule, from }, later) => {
        const until = from + 6 * DAY_MS;
        const seenLater = windowsUntil(schedule, from, until)
          .filter((each) => closing(each) > from + later)
          .map((each) => Math.max(each.opensAt, from + later));
        expect(windowsUntil(schedule, from + later, until).map((each) => each.opensAt)).toEqual(seenLater);
      }),
    );
  });

  it('are recorded with the day of the first call, its end and the next opening', () => {
    fc.assert(
      fc.property(nearChange, ({ schedule, from }) => {
        const { window: found, day } = windowAt(schedule, from)!;
        expect(isInside(schedule, found.opensAt)).toBe(true);
        expect(day.date).toBe(localDate(dayZoneOf(schedule), found.opensAt));
        const { nextDayOpensAt } = found;
        expect(localDate(dayZoneOf(schedule), day.endsAt - 1)).toBe(day.date);
        expect(localDate(dayZoneOf(schedule), day.endsAt)).not.toBe(day.date);
        expect(nextDayOpensAt).toBeGreaterThanOrEqual(day.endsAt);
        expect(isInside(schedule, nextDayOpensAt!)).toBe(true);
        expect(nextDayOpensAt === day.endsAt || !isInside(schedule, nextDayOpensAt! - 1)).toBe(true);
      }),
    );
  });
});

/** The date by a library's calendar and by nothing of the code under test. */
function localDate(timezone: string, at: number): string {
  return wallTime(timezone, at).date;
}

describe('civil days', () => {
  // Some 150,000 days: seconds on an idle machine, and more beside other work.
  it('make up the year in every zone, each once and in order', { timeout: 120_000 }, () => {
    for (const timezone of zoneNames) {
      const dates: string[] = [];
      let at = Date.UTC(2026, 0, 1) - offsetAt(timezone, Date.UTC(2026, 0, 1));
      for (;;) {
        const day = civilDay(timezone, at);
        if (day.date === '2027-01-01') break;
        dates.push(day.date);
        at = day.endsAt;
      }
      expect(dates, timezone).toEqual(datesOf2026);
    }
  });

  it('are one short in a year that skipped a date', () => {
    const dates = new Set<string>();
    const end = Date.UTC(2011, 11, 31, 10);
    for (let at = Date.UTC(2011, 0, 1, 11); at < end; at = civilDay('Pacific/Apia', at).endsAt) {
      dates.add(civilDay('Pacific/Apia', at).date);
    }
    expect(dates.size).toBe(364);
    expect(dates.has('2011-12-30')).toBe(false);
  });

  it('follow the data of this program, whatever older copy another library brings', () => {
    // Older data had winter time here already.
    const at = Date.parse('1969-10-26T07:30:00Z');
    expect(civilDay('America/Tijuana', at).date).toBe('1969-10-26');
    expect(localDate('America/Tijuana', at)).toBe('1969-10-26');
  });

  it('last until just before another date begins', () => {
    fc.assert(
      fc.property(anyZone, anyInstant, fc.nat(1_000_000), (timezone, at, part) => {
        const { date, endsAt } = civilDay(timezone, at);
        expect(endsAt).toBeGreaterThan(at);
        for (const within of [at, at + Math.floor(((endsAt - 1 - at) * part) / 1_000_000), endsAt - 1]) {
          expect(localDate(timezone, within)).toBe(date);
        }
        expect(localDate(timezone, endsAt)).not.toBe(date);
      }),
    );
  });
});

const datesOf2026 = Array.from({ length: 365 }, (_, day) =>
  new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
);
