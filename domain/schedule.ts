import { z } from 'zod';
import { canonicalZoneName, LONGEST_ZONE_NAME } from './zone-name.ts';

export const ZONE =
  'timezone must be an IANA zone name such as "Europe/Berlin"; offsets and abbreviations are not taken';
const START = 'start_time must be HH:MM from "00:00" to "23:59"';
const END = 'end_time must be HH:MM from "00:00" to "23:59", or "24:00" for the end of the day';
const WORKING_DAYS = 'working_days must hold at least one of 1 (Monday) to 7 (Sunday), each once';
const BLACKOUT = 'blackout_dates must hold calendar dates as YYYY-MM-DD';

const Timezone = z
  .string(ZONE)
  .max(LONGEST_ZONE_NAME, { error: ZONE, abort: true })
  .refine((name) => canonicalZoneName(name) !== null, ZONE)
  .overwrite((name) => canonicalZoneName(name) ?? name)
  .describe('IANA name of the zone in which hours and days are meant.');

const WorkingDays = z
  .array(z.int(WORKING_DAYS).min(1, WORKING_DAYS).max(7, WORKING_DAYS), WORKING_DAYS)
  .min(1, WORKING_DAYS)
  .max(7, WORKING_DAYS)
  .refine((days) => new Set(days).size === days.length, WORKING_DAYS)
  .describe('1 is Monday, 7 Sunday. Hours past midnight belong to the day on which they began.');

const StartTime = z
  .string(START)
  .max(5, { error: START, abort: true })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, START)
  .nullable()
  .describe('HH:MM. Both hours or neither; neither means the whole day.');

const EndTime = z
  .string(END)
  .max(5, { error: END, abort: true })
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, END)
  .nullable()
  .describe('HH:MM, or 24:00. Earlier than the start: on the next day.');

const BlackoutDates = z
  .array(z.iso.date(BLACKOUT), BLACKOUT)
  .max(1_000, 'blackout_dates must hold at most 1000 dates: leave out those that have passed')
  .describe('Days without calls.');

/** The fields of a schedule with their defaults, for a schema that holds them among others; add `checkHours` to it. */
export const scheduleShape = {
  timezone: Timezone.default('UTC'),
  start_time: StartTime.default(null),
  end_time: EndTime.default(null),
  working_days: WorkingDays.default([1, 2, 3, 4, 5]),
  blackout_dates: BlackoutDates.default([]),
};

/**
 * The same fields for a change: what is not given stays as it is, so nothing may be filled in here. The change laid over
 * the present schedule must pass `Schedule`, because hours are only right or wrong as a pair.
 */
export const scheduleChangeShape = {
  timezone: Timezone.optional(),
  start_time: StartTime.optional(),
  end_time: EndTime.optional(),
  working_days: WorkingDays.optional(),
  blackout_dates: BlackoutDates.optional(),
};

/** The rules that concern both hours at once; goes into `superRefine` of each schema with `scheduleShape`'s fields. */
export function checkHours(
  { start_time, end_time }: { start_time: string | null; end_time: string | null },
  context: z.RefinementCtx,
): void {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (start_time === null && end_time !== null) {
    refuse('start_time', 'start_time is missing: give it together with end_time, or leave both out for the whole day');
  } else if (start_time !== null && end_time === null) {
    refuse('end_time', 'end_time is missing: give it together with start_time, or leave both out for the whole day');
  } else if (start_time !== null && start_time === end_time) {
    refuse('end_time', 'end_time must differ from start_time; leave both out for the whole day');
  }
}

/**
 * When a campaign may dial. An instant is inside iff its wall time in `timezone` lies in [`start_time`, `end_time`) on
 * one of the `working_days` (ISO: 1 Monday to 7 Sunday) that is not among the `blackout_dates`. Without hours the whole
 * day is inside. A start later than the end makes an overnight window, which belongs to the day on which it opened.
 *
 * Other fields are dropped, so that a schedule can be read out of a larger object.
 */
export const Schedule = z.object(scheduleShape).superRefine(checkHours);
export type Schedule = z.infer<typeof Schedule>;

/**
 * A zone that was looked at when it was stated. Workflows do not look again: another runtime, with another database of
 * zones, would read its own past otherwise than it was. One that nobody knows is refused where windows are computed.
 */
const StatedTimezone = z.string(ZONE).min(1, ZONE).max(LONGEST_ZONE_NAME, ZONE);

/** A schedule as the engine carries it. */
export const EngineSchedule = z
  .object({ ...scheduleShape, timezone: StatedTimezone.default('UTC') })
  .superRefine(checkHours);

/** The fields of a change of it. */
export const engineScheduleChangeShape = { ...scheduleChangeShape, timezone: StatedTimezone.optional() };
