/**
 * The fields of a schedule in the engine. Of a zone's or a region's name only the form is checked here. Which ones exist depends
 * on data that no workflow may read; it is checked where a request enters, and by an activity before an edit takes effect.
 */
import { z } from 'zod';
import { callingHoursChangeShape, callingHoursShape, checkHours } from './calling-hours.ts';
import { nonexistentPart } from './dates.ts';
import { RingfenceError } from './errors.ts';

const ZONE = 'timezone must have the form of an IANA zone name, such as "Europe/Berlin"';
const DAY_ZONE = ZONE.replace('timezone', 'day_timezone');
/** Longer than any name in the IANA data. */
export const LONGEST_ZONE_NAME = 64;

const BLACKOUT = 'blackout_dates must hold calendar dates as YYYY-MM-DD';
const HOLIDAYS =
  'holidays must be a country such as "FR" (ISO 3166-1), a state such as "US-FL" (ISO 3166-2), or a region of a state';

function blackoutProblem(date: unknown): string {
  const missing = nonexistentPart(date);
  return missing === null ? BLACKOUT : `blackout_dates names ${missing}: correct it, or leave it out`;
}

const BlackoutDates = z
  .array(z.iso.date({ error: ({ input }) => blackoutProblem(input) }), BLACKOUT)
  .max(1_000, 'blackout_dates must hold at most 1000 dates: leave out those that have passed')
  .describe('Days without calls, as YYYY-MM-DD.');

const Holidays = z
  .string(HOLIDAYS)
  .max(16, { error: HOLIDAYS, abort: true })
  .regex(/^[A-Za-z]{2}(?:-[A-Za-z\d]{1,6}){0,2}$/, HOLIDAYS)
  .overwrite((region) => region.toUpperCase())
  .nullable()
  .describe(
    'A country or state, such as `FR` or `US-FL`. Its public holidays have no calls, and neither have the days that substitute for them.',
  );

/** The fields except the zones, with their defaults. */
export const hoursShape = {
  ...callingHoursShape,
  blackout_dates: BlackoutDates.default([]),
  holidays: Holidays.default(null),
};

/** The same fields for a change. They have no defaults, because missing fields do not change. */
export const hoursChangeShape = {
  ...callingHoursChangeShape,
  blackout_dates: BlackoutDates.optional(),
  holidays: Holidays.optional(),
};

/** A zone that existed in the data when it was stated. */
const statedZone = (message: string) =>
  z
    .string(message)
    .max(LONGEST_ZONE_NAME, { error: message, abort: true })
    .regex(/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/, message);
const StatedTimezone = statedZone(ZONE);
const StatedDayTimezone = statedZone(DAY_ZONE).nullable();

/** A schedule in the engine. */
export const EngineSchedule = z
  .object({ timezone: StatedTimezone.default('UTC'), day_timezone: StatedDayTimezone.default(null), ...hoursShape })
  .superRefine(checkHours);
export type EngineSchedule = z.infer<typeof EngineSchedule>;

/** The fields of a change of a schedule. */
export const engineScheduleChangeShape = {
  timezone: StatedTimezone.optional(),
  day_timezone: StatedDayTimezone.optional(),
  ...hoursChangeShape,
};

/** Instead of a zone: each contact is called in their own. */
export const CONTACT_ZONE = 'contact';

/** The zone whose civil days the daily cap counts. */
export function dayZoneOf({ timezone, day_timezone }: Pick<EngineSchedule, 'timezone' | 'day_timezone'>): string {
  return day_timezone ?? (timezone === CONTACT_ZONE ? 'UTC' : timezone);
}

/**
 * Refuses a change that would put contacts into other groups.
 *
 * @throws RingfenceError `validation_error`
 */
export function refuseOtherGroups(
  { timezone: present }: Pick<EngineSchedule, 'timezone'>,
  { timezone = present }: { readonly timezone?: string | undefined },
): void {
  if (timezone === present || (timezone !== CONTACT_ZONE && present !== CONTACT_ZONE)) return;
  const change = present === CONTACT_ZONE ? 'where it is "contact"' : 'to "contact"';
  throw new RingfenceError('validation_error', `timezone cannot be changed ${change}: start another campaign`, {
    field: 'timezone',
  });
}
