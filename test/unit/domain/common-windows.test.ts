import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../domain/contacts/number-place.ts';
import { commonWindows } from '../../../domain/windows/common-windows.ts';
import { Schedule } from '../../../domain/windows/schedule.ts';
import { type CallingWindow, HORIZON_MS, isInside } from '../../../domain/windows/windows.ts';
import { DAY_MS } from '../../../domain/windows/zone-offsets.ts';
import hours from '../../cases/hours.json' with { type: 'json' };
import { HOURS } from '../../simulation/arbitrary-scenario.ts';

const text = (at: number | null) => (at === null ? null : new Date(at).toISOString().replace('.000Z', 'Z'));
const FROM = Date.parse('2026-06-05T10:00:00Z');
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

function first(schedules: readonly Schedule[], from: number, count: number) {
  const found: CallingWindow[] = [];
  for (const window of commonWindows(schedules, from)) {
    found.push(window);
    if (found.length === count) break;
  }
  return found.map(({ opensAt, closesAt }) => [text(opensAt), text(closesAt)]);
}

describe('the hours of a number', () => {
  const cases = hours.cases.flatMap(({ number, zones, ...each }) => (number ? [{ ...each, number, zones }] : []));

  it.each(cases.map((each) => [each.name, each] as const))(
    '%s',
    (_, { number, zones, calling_hours, from, windows }) => {
      for (const names of [placeOf(number).zones, zones ?? []]) {
        const schedules = names.map((timezone) => Schedule.parse({ timezone, calling_hours }));
        expect(first(schedules, Date.parse(from), windows.length)).toEqual(windows);
      }
    },
  );
});

describe('windows of several schedules', () => {
  const zone = fc.constantFrom(
    'America/New_York',
    'America/Los_Angeles',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'UTC',
  );
  const schedule = fc
    .record({
      timezone: zone,
      times: fc.constantFrom(...HOURS),
      working_days: fc.subarray(EVERY_DAY, { minLength: 1 }),
    })
    .map(({ timezone, times: [start_time, end_time], working_days }) =>
      Schedule.parse({ timezone, start_time, end_time, working_days }),
    );

  it('are open exactly when all of them are, in order, and never touch', () => {
    const instants = fc.array(fc.nat(10 * DAY_MS), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(schedule, { minLength: 1, maxLength: 4 }), instants, (schedules, offsets) => {
        const windows: CallingWindow[] = [];
        let end = -Infinity;
        for (const window of commonWindows(schedules, FROM)) {
          if (window.opensAt > FROM + 12 * DAY_MS) break;
          expect(window.opensAt).toBeGreaterThan(end);
          end = window.closesAt ?? Infinity;
          windows.push(window);
        }
        const edges = windows.flatMap(({ opensAt, closesAt }) => [
          opensAt - 1,
          opensAt,
          (closesAt ?? 0) - 1,
          closesAt ?? 0,
        ]);
        for (const at of [...edges, ...offsets.map((offset) => FROM + offset)]) {
          if (at < FROM || at > FROM + 10 * DAY_MS) continue;
          const listed = windows.some(({ opensAt, closesAt }) => opensAt <= at && at < (closesAt ?? Infinity));
          expect(
            schedules.every((each) => isInside(each, at)),
            new Date(at).toISOString(),
          ).toBe(listed);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('end where they are never open together, each however often', () => {
    const day = Schedule.parse({ start_time: '09:00', end_time: '12:00' });
    const night = Schedule.parse({ start_time: '20:00', end_time: '22:00' });
    expect(first([day, night], FROM, 1)).toEqual([]);
  });

  it('do not close where none of them does', () => {
    const always = Schedule.parse({ working_days: EVERY_DAY });
    expect(first([always, { ...always, timezone: 'Asia/Tokyo' }], FROM, 3)).toEqual([[text(FROM), null]]);
  });

  it('go on past the search horizon of one that is always open', () => {
    const always = Schedule.parse({ working_days: EVERY_DAY, blackout_dates: ['2028-01-03'] });
    const weekly = Schedule.parse({ start_time: '09:00', end_time: '10:00', working_days: [1] });
    const windows = first([always, weekly], FROM, 90);
    expect(windows).toHaveLength(90);
    expect(windows.map(([opensAt]) => opensAt)).not.toContain('2028-01-03T09:00:00Z');
    expect(windows.map(([opensAt]) => opensAt)).toContain('2028-01-10T09:00:00Z');
    expect(Date.parse('2028-01-03T00:00:00Z')).toBeGreaterThan(FROM + HORIZON_MS);
  });

  it('are none of no schedule', () => {
    expect(first([], FROM, 1)).toEqual([]);
  });
});
