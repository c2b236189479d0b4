/**
 * Public holidays by country, state or region, from the package `date-holidays`.
 *
 * Code that a workflow runs must not import this: the data of one worker must not decide in a replay.
 */
import HolidayCalendar from 'date-holidays';
import manifest from 'date-holidays/package.json' with { type: 'json' };
import { RingfenceError } from '../engine/errors.ts';
import { DAY_MS } from './zone-offsets.ts';

/** The release of the holiday data: the version of the package. */
export const HOLIDAY_DATA_VERSION: string = manifest.version;

/** Days without calls by region and year. A year costs up to 0.3 s to compute, and every question asks for it again. */
const known = new Map<string, ReadonlySet<number>>();
/** Several years of every region that one process meets. The oldest entries are computed again. */
const MOST_KNOWN = 1_000;

/** Why a region has no holidays here: a sentence without its subject. Null: it has some. */
export function regionProblem(region: string): string | null {
  const [country = '', state, part] = region.split('-');
  const holidays = new HolidayCalendar();
  const countries = holidays.getCountries();
  if (!Object.hasOwn(countries, country)) {
    return `must be a country of the holiday data (date-holidays ${HOLIDAY_DATA_VERSION}) such as "FR", or one of its states such as "US-FL"`;
  }
  if (state === undefined) return null;
  if (!Object.hasOwn(holidays.getStates(country) ?? {}, state)) return unknownPart(state, country);
  if (part === undefined || Object.hasOwn(holidays.getRegions(country, state) ?? {}, part)) return null;
  return unknownPart(part, `${country}-${state}`);
}

function unknownPart(part: string, whole: string): string {
  return `has no "${part}" in ${whole}, by the holiday data (date-holidays ${HOLIDAY_DATA_VERSION}): write "${whole}"`;
}

/**
 * Refuses a region that the data does not have.
 *
 * @throws RingfenceError `validation_error`
 */
export function refuseUnknownRegion(region: string | null | undefined): void {
  const problem = region === null || region === undefined ? null : regionProblem(region);
  if (problem !== null) throw new RingfenceError('validation_error', `holidays ${problem}`, { field: 'holidays' });
}

/**
 * Whether a calendar day (counted from 1 January 1970) is a public holiday, or a day that substitutes for one. A holiday
 * that begins at sunset counts for its calendar day.
 *
 * @throws RingfenceError `validation_error` for a region that the data does not have
 */
export function isHoliday(region: string, day: number): boolean {
  const year = new Date(day * DAY_MS).getUTCFullYear();
  // The last holiday of a year may last into the next one.
  return holidaysOf(region, year).has(day) || holidaysOf(region, year - 1).has(day);
}

function holidaysOf(region: string, year: number): ReadonlySet<number> {
  const key = `${region} ${year}`;
  const held = known.get(key);
  if (held) return held;
  const days = computeHolidays(region, year);
  const [oldest] = known.keys();
  if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  known.set(key, days);
  return days;
}

function computeHolidays(region: string, year: number): ReadonlySet<number> {
  refuseUnknownRegion(region);
  const [country = '', state = '', part = ''] = region.split('-');
  const calendar = new HolidayCalendar(country, state, part, { types: ['public'] });
  const days = new Set<number>();
  for (const { date, start, end } of calendar.getHolidays(year)) {
    const first = Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY_MS;
    // A day with a change of the clock is not 24 hours long, and half a holiday is a day without calls too.
    const length = Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS));
    for (let day = first; day < first + length; day++) days.add(day);
  }
  return days;
}
