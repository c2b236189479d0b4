import { describe, expect, it } from 'vitest';
import manifest from '../../../node_modules/date-holidays/package.json' with { type: 'json' };
import {
  HOLIDAY_DATA_VERSION,
  isHoliday,
  refuseUnknownRegion,
  regionProblem,
} from '../../../domain/windows/holidays.ts';
import { Schedule } from '../../../domain/windows/schedule.ts';
import { callingWindows, isInside, windowAt } from '../../../domain/windows/windows.ts';
import { DAY_MS } from '../../../domain/windows/zone-offsets.ts';
import table from '../../cases/holidays.json' with { type: 'json' };

const day = (date: string) => Date.parse(`${date}T00:00:00Z`) / DAY_MS;

function holidaysOf(region: string, year: number): string[] {
  const dates: string[] = [];
  for (let at = day(`${year}-01-01`); at < day(`${year + 1}-01-01`); at++) {
    if (isHoliday(region, at)) dates.push(new Date(at * DAY_MS).toISOString().slice(0, 10));
  }
  return dates;
}

describe('public holidays', () => {
  it.each(table.cases.map((each) => [each.region, each.year, each.dates] as const))(
    'of %s in %d are those that another library knows',
    (region, year, dates) => {
      expect(holidaysOf(region, year)).toEqual(dates);
    },
  );

  it('of several days are closed on each of them', () => {
    // Chuseok, which lasts three days.
    for (const date of ['2026-09-24', '2026-09-25', '2026-09-26']) expect(isHoliday('KR', day(date)), date).toBe(true);
  });

  it('that begin at sunset are closed on their calendar day', () => {
    // Yom Kippur 2026 begins in the evening of 20 September.
    expect(isHoliday('IL', day('2026-09-21'))).toBe(true);
    expect(isHoliday('IL', day('2026-09-22'))).toBe(false);
  });
});

describe('a region', () => {
  it.each(['FR', 'US', 'US-FL', 'DE-BY', 'DE-BY-A', 'GB-ENG'])('is known: %s', (region) => {
    expect(regionProblem(region)).toBeNull();
    expect(() => refuseUnknownRegion(region)).not.toThrow();
  });

  it.each([
    ['ZZ', 'must be a country'],
    ['US-XX', 'has no "XX" in US'],
    ['DE-BY-Z', 'has no "Z" in DE-BY'],
    ['FR-75', 'write "FR"'],
  ])('that nobody knows is refused with what to write: %s', (region, message) => {
    expect(() => refuseUnknownRegion(region)).toThrow(message);
    expect(() => refuseUnknownRegion(region)).toThrow(
      expect.objectContaining({ code: 'validation_error', field: 'holidays' }) as Error,
    );
  });

  it('may be missing', () => {
    expect(() => refuseUnknownRegion(null)).not.toThrow();
    expect(() => refuseUnknownRegion(undefined)).not.toThrow();
  });
});

describe('a schedule with holidays', () => {
  const paris = { timezone: 'Europe/Paris', start_time: '10:00', end_time: '17:00' };
  const from = Date.parse('2026-07-13T16:00:00Z');

  it('is closed on them, as on blackout dates', () => {
    const [byHolidays, byDates] = [{ holidays: 'FR' }, { blackout_dates: ['2026-07-14'] }].map((closed) => {
      const windows = callingWindows(Schedule.parse({ ...paris, ...closed }), from);
      return [windows.next().value, windows.next().value];
    });
    expect(byHolidays).toEqual(byDates);
    expect(byHolidays?.[0]?.opensAt).toBe(Date.parse('2026-07-15T08:00:00Z'));
  });

  it('adds them to its blackout dates', () => {
    const schedule = Schedule.parse({ ...paris, holidays: 'FR', blackout_dates: ['2026-07-15'] });
    expect(callingWindows(schedule, from).next().value?.opensAt).toBe(Date.parse('2026-07-16T08:00:00Z'));
  });

  it('keeps the early hours of a holiday that belong to the evening before, and not those after it', () => {
    const night = Schedule.parse({ ...paris, start_time: '22:00', end_time: '02:00', holidays: 'FR' });
    expect(isInside(night, Date.parse('2026-07-13T23:30:00Z'))).toBe(true);
    expect(isInside(night, Date.parse('2026-07-14T20:30:00Z'))).toBe(false);
    expect(isInside(night, Date.parse('2026-07-14T23:30:00Z'))).toBe(false);
  });

  it('has its windows recorded with the release of the data, and only then', () => {
    expect(HOLIDAY_DATA_VERSION).toBe(manifest.version);
    expect(windowAt(Schedule.parse({ ...paris, holidays: 'FR' }), from)?.window.holidayData).toBe(manifest.version);
    expect(windowAt(Schedule.parse(paris), from)?.window.holidayData).toBeNull();
  });

  it('fails closed where the data has no such region', () => {
    const schedule = Schedule.parse({ ...paris, holidays: 'ZZ' });
    expect(() => windowAt(schedule, from)).toThrow(expect.objectContaining({ field: 'holidays' }) as Error);
  });
});
