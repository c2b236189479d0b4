/** What policies make of calling hours. They only narrow: every result is open at most when the hours themselves are. */
import type { LimitedSchedule } from '../common-windows.ts';
import type { Schedule } from '../schedule.ts';
import { civilDay } from '../windows.ts';
import { DAY_MS } from '../zone-offsets.ts';
import type { Policy } from './policy.ts';

/** Where a person is, or what is known of it. */
export interface Place {
  /** ISO 3166-1 alpha-2. Null: unknown. */
  readonly country: string | null;
  /** ISO 3166-2. Several where it may be any of them; none if it is unknown. */
  readonly states: readonly string[];
}

/**
 * Whether a policy holds for a person there. Where that is not known, it does.
 *
 * @param place null: nothing is known
 */
export function appliesTo({ places }: Pick<Policy, 'places'>, place: Place | null): boolean {
  if (place === null || place.country === null) return true;
  const { country, states } = place;
  return places.some((code) => {
    if (!code.includes('-')) return code === country;
    return states.length === 0 ? code.startsWith(`${country}-`) : states.includes(code);
  });
}

/**
 * The schedules that must all be open for a call to a person there: the campaign's, and one for each policy that narrows
 * its hours.
 */
export function narrowed(schedule: Schedule, policies: readonly Policy[], place: Place | null): LimitedSchedule[] {
  const own: LimitedSchedule = { schedule, appliesFrom: null, appliesUntil: null };
  const others = policies
    .filter((policy) => appliesTo(policy, place) && (policy.hours !== null || policy.holidays !== null))
    .map((policy) => scheduleOf(policy, schedule.timezone));
  return [own, ...others];
}

const ALWAYS = [{ days: [1, 2, 3, 4, 5, 6, 7], start: '00:00', end: '24:00' }];

function scheduleOf({ hours, holidays, valid_from, valid_to }: Policy, timezone: string): LimitedSchedule {
  return {
    schedule: {
      timezone,
      day_timezone: null,
      calling_hours: hours ?? ALWAYS,
      start_time: null,
      end_time: null,
      working_days: null,
      blackout_dates: [],
      holidays,
    },
    appliesFrom: valid_from === null ? null : startOf(timezone, valid_from),
    appliesUntil: valid_to === null ? null : startOf(timezone, dayAfter(valid_to)),
  };
}

/** The first instant of a civil date, or of the next one where the zone skips it. */
function startOf(timezone: string, date: string): number {
  let at = Date.parse(`${date}T00:00:00Z`) - 2 * DAY_MS;
  for (let day = civilDay(timezone, at); day.date < date; day = civilDay(timezone, at)) at = day.endsAt;
  return at;
}

function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
