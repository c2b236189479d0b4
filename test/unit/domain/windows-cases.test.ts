import { describe, expect, it } from 'vitest';
import { Schedule } from '../../../domain/windows/schedule.ts';
import {
  callingWindows,
  civilDay,
  HORIZON_MS,
  isInside,
  windowAt,
  type CallingWindow,
} from '../../../domain/windows/windows.ts';
import { ZONE_DATA_VERSION } from '../../../domain/windows/zone-data.ts';
import oracle from '../../cases/calling-hours.json' with { type: 'json' };
import hours from '../../cases/hours.json' with { type: 'json' };
import table from '../../cases/windows.json' with { type: 'json' };
import zones from '../../cases/windows-zones.json' with { type: 'json' };

const instant = (text: string) => Date.parse(text);
const text = (at: number | null) => (at === null ? null : new Date(at).toISOString().replace('.000Z', 'Z'));
const everyDay = [1, 2, 3, 4, 5, 6, 7];

function firstWindows(schedule: Schedule, from: string, count: number) {
  const found: CallingWindow[] = [];
  for (const window of callingWindows(schedule, instant(from))) {
    found.push(window);
    if (found.length === count) break;
  }
  return found.map(({ opensAt, closesAt }) => [text(opensAt), text(closesAt)]);
}

describe.each([
  ['the table of expected windows', table.cases],
  ['zones with unusual clock changes', zones.cases],
])('%s', (_, cases) => {
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, { schedule, from, windows }) => {
    const parsed = Schedule.parse(schedule);
    expect(firstWindows(parsed, from, windows.length)).toEqual(windows);
    for (const [opensAt, closesAt] of windows) {
      expect(isInside(parsed, instant(opensAt!)), 'at the opening').toBe(true);
      expect(isInside(parsed, instant(closesAt!) - 1), 'just before the close').toBe(true);
      expect(isInside(parsed, instant(closesAt!)), 'at the close').toBe(false);
    }
  });
});

describe('hours of several windows', () => {
  const given = hours.cases.flatMap(({ timezone, calling_hours, blackout_dates, ...each }) =>
    timezone === undefined ? [] : [{ ...each, schedule: { timezone, calling_hours, blackout_dates } }],
  );
  const cases = [...given, ...oracle.cases];

  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, { schedule, from, windows }) => {
    expect(firstWindows(Schedule.parse(schedule), from, windows.length)).toEqual(windows);
  });
});

describe('the day of the daily cap, by the oracle', () => {
  const cases = oracle.cases.filter(({ windows }) => windows.length > 0);
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, { schedule, from, day }) => {
    const found = windowAt(Schedule.parse(schedule), instant(from))!.day;
    expect([found.date, text(found.endsAt)]).toEqual([day.date, day.ends_at]);
  });
});

describe('the horizon', () => {
  it('a schedule that never closes has one window without a close', () => {
    const always = Schedule.parse({ working_days: everyDay });
    expect(firstWindows(always, '2026-01-01T00:00:00Z', 5)).toEqual([['2026-01-01T00:00:00Z', null]]);
  });

  it('a schedule that never opens has no window', () => {
    const friday = Schedule.parse({
      timezone: 'Pacific/Apia',
      working_days: [5],
      blackout_dates: Array.from({ length: 70 }, (_, week) =>
        new Date(instant('2026-01-02T00:00:00Z') + week * 7 * 86_400_000).toISOString().slice(0, 10),
      ),
    });
    expect(firstWindows(friday, '2026-01-01T00:00:00Z', 1)).toEqual([]);
    expect(windowAt(friday, instant('2026-01-01T00:00:00Z'))).toBeNull();
  });

  it.each([
    ['an opening at the horizon is found', '00:00', [['2027-02-05T00:00:00Z', '2027-02-05T12:00:00Z']]],
    ['one a minute later is not', '00:01', []],
  ])('%s', (_, start_time, windows) => {
    const from = instant('2026-01-01T00:00:00Z');
    expect(from + HORIZON_MS).toBe(instant('2027-02-05T00:00:00Z'));
    const fridays = Array.from(
      { length: 57 },
      (_, week) => new Date(instant('2026-01-02T00:00:00Z') + week * 7 * 86_400_000),
    );
    const blackout_dates = fridays.map((date) => date.toISOString().slice(0, 10));
    const late = Schedule.parse({ working_days: [5], start_time, end_time: '12:00', blackout_dates });
    expect(firstWindows(late, '2026-01-01T00:00:00Z', 1)).toEqual(windows);
  });

  it('the search goes on from the end of the last window, so one opening a year is found each year', () => {
    const blackouts = (year: number, kept: string) =>
      Array.from({ length: 53 }, (_, week) => new Date(Date.UTC(year, 0, 1 + week * 7)))
        .map((date) => new Date(date.getTime() + ((11 - date.getUTCDay()) % 7) * 86_400_000).toISOString().slice(0, 10))
        .filter((date) => date !== kept);
    const yearly = Schedule.parse({
      working_days: [4],
      blackout_dates: [...blackouts(2026, '2026-06-18'), ...blackouts(2027, '2027-06-17')],
    });
    expect(firstWindows(yearly, '2026-01-02T00:00:00Z', 2)).toEqual([
      ['2026-06-18T00:00:00Z', '2026-06-19T00:00:00Z'],
      ['2027-06-17T00:00:00Z', '2027-06-18T00:00:00Z'],
    ]);
  });
});

describe('a recorded window', () => {
  const record = (schedule: unknown, from: string) => {
    const { window, day } = windowAt(Schedule.parse(schedule), instant(from))!;
    expect(window.zoneData).toBe(ZONE_DATA_VERSION);
    return [window.opensAt, window.closesAt, day.endsAt, window.nextDayOpensAt].map(text).toSpliced(2, 0, day.date);
  };
  const newYork = { timezone: 'America/New_York', start_time: '10:00', end_time: '17:00' };
  const night = { ...newYork, start_time: '22:00', end_time: '06:00' };

  it.each([
    [
      'ahead: day and its end belong to the opening',
      newYork,
      '2026-03-20T21:30:00Z',
      ['2026-03-23T14:00:00Z', '2026-03-23T21:00:00Z', '2026-03-23', '2026-03-24T04:00:00Z', '2026-03-24T14:00:00Z'],
    ],
    [
      'open now: from the asking instant',
      newYork,
      '2026-03-20T15:00:00Z',
      ['2026-03-20T15:00:00Z', '2026-03-20T21:00:00Z', '2026-03-20', '2026-03-21T04:00:00Z', '2026-03-23T14:00:00Z'],
    ],
    [
      'overnight: the next day is open from its first instant',
      night,
      '2026-03-20T12:00:00Z',
      ['2026-03-21T02:00:00Z', '2026-03-21T10:00:00Z', '2026-03-20', '2026-03-21T04:00:00Z', '2026-03-21T04:00:00Z'],
    ],
    [
      "overnight, asked in the early hours: the day is the calendar's, not the window's",
      night,
      '2026-03-21T05:00:00Z',
      ['2026-03-21T05:00:00Z', '2026-03-21T10:00:00Z', '2026-03-21', '2026-03-22T04:00:00Z', '2026-03-24T02:00:00Z'],
    ],
    [
      'a day of 23 hours',
      { timezone: 'Europe/Berlin', working_days: everyDay },
      '2026-03-28T23:00:00Z',
      ['2026-03-28T23:00:00Z', '2027-05-02T23:00:00Z', '2026-03-29', '2026-03-29T22:00:00Z', '2026-03-29T22:00:00Z'],
    ],
    [
      'the day before one that does not exist',
      { timezone: 'Pacific/Apia', start_time: '09:00', end_time: '12:00', working_days: everyDay },
      '2011-12-29T12:00:00Z',
      ['2011-12-29T19:00:00Z', '2011-12-29T22:00:00Z', '2011-12-29', '2011-12-30T10:00:00Z', '2011-12-30T19:00:00Z'],
    ],
    [
      'the last opening before a long blackout has no next day',
      {
        start_time: '09:00',
        end_time: '10:00',
        working_days: [1],
        blackout_dates: Array.from({ length: 65 }, (_, week) =>
          new Date(Date.UTC(2026, 0, 12 + week * 7)).toISOString().slice(0, 10),
        ),
      },
      '2026-01-05T00:00:00Z',
      ['2026-01-05T09:00:00Z', '2026-01-05T10:00:00Z', '2026-01-05', '2026-01-06T00:00:00Z', null],
    ],
  ])('%s', (_, schedule, from, expected) => {
    expect(record(schedule, from)).toEqual(expected);
  });

  it('closes at the horizon where the schedule never does', () => {
    const from = instant('2026-05-01T00:00:00Z');
    expect(windowAt(Schedule.parse({ working_days: everyDay }), from)?.window.closesAt).toBe(from + HORIZON_MS);
  });
});

describe('a civil day', () => {
  it.each([
    ['23 hours', 'America/New_York', '2026-03-08T05:00:00Z', '2026-03-08', '2026-03-09T04:00:00Z'],
    ['25 hours', 'America/New_York', '2026-11-01T04:00:00Z', '2026-11-01', '2026-11-02T05:00:00Z'],
    ['before a skipped midnight', 'Asia/Beirut', '2026-03-28T12:00:00Z', '2026-03-28', '2026-03-28T22:00:00Z'],
    ['with its last hour repeated', 'Africa/Cairo', '2026-10-29T12:00:00Z', '2026-10-29', '2026-10-29T22:00:00Z'],
    ['before a skipped day', 'Pacific/Apia', '2011-12-29T12:00:00Z', '2011-12-29', '2011-12-30T10:00:00Z'],
    ['left for a minute', 'America/St_Johns', '2010-11-06T12:00:00Z', '2010-11-06', '2010-11-07T02:30:00Z'],
    ['of one minute', 'America/St_Johns', '2010-11-07T02:30:00Z', '2010-11-07', '2010-11-07T02:31:00Z'],
    ['come back to', 'America/St_Johns', '2010-11-07T02:31:00Z', '2010-11-06', '2010-11-07T03:30:00Z'],
    ['under an offset with seconds', 'Africa/Monrovia', '1960-01-01T00:44:29Z', '1959-12-31', '1960-01-01T00:44:30Z'],
  ])('%s', (_, zone, at, date, endsAt) => {
    const day = civilDay(zone, instant(at));
    expect([day.date, text(day.endsAt)]).toEqual([date, endsAt]);
  });
});

describe('what cannot be answered fails closed', () => {
  const schedule = { ...Schedule.parse({}), timezone: 'Europe/Atlantis' };
  it.each([
    ['callingWindows', () => callingWindows(schedule, 0).next()],
    ['isInside', () => isInside(schedule, 0)],
    ['windowAt', () => windowAt(schedule, 0)],
    ['civilDay', () => civilDay('+02:00', 0)],
  ])('%s refuses an unknown zone', (_, ask) => {
    expect(ask).toThrow(expect.objectContaining({ code: 'validation_error', field: 'timezone' }));
  });

  it('an instant that is no date is refused', () => {
    expect(() => isInside(Schedule.parse({}), Number.NaN)).toThrow(
      expect.objectContaining({ code: 'validation_error' }),
    );
  });
});
