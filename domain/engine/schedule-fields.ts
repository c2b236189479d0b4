/**
 * The fields of a schedule in the engine. Only the form of a zone's name is checked here. Which zones exist depends on data that
 * no workflow may read; `schedule.ts` checks it where a request enters.
 */
import { z } from 'zod';
import { nonexistentPart } from './dates.ts';

const ZONE = 'timezone must have the form of an IANA zone name, such as "Europe/Berlin"';
/** Longer than any name in the IANA data. */
export const LONGEST_ZONE_NAME = 64;

const START = 'start_time must be HH:MM from "00:00" to "23:59"';
const END = 'end_time must be HH:MM from "00:00" to "23:59", or "24:00" for the end of the day';
const WORKING_DAYS = 'working_days must hold at least one of 1 (Monday) to 7 (Sunday), each once';
const BLACKOUT = 'blackout_dates must hold calendar dates as YYYY-MM-DD';

function blackoutProblem(date: unknown): string {
  const missing = nonexistentPart(date);
  return missing === null ? BLACKOUT : `blackout_dates names ${missing}: correct it, or leave it out`;
}

const WorkingDays = z
  .array(z.int(WORKING_DAYS).min(1, WORKING_DAYS).max(7, WORKING_DAYS), WORKING_DAYS)
  .min(1, WORKING_DAYS)
  .max(7, WORKING_DAYS)
  .refine((days) => new Set(days).size === days.length, WORKING_DAYS)
  .describe('1 is Monday, 7 is Sunday. Hours past midnight belong to the day on which they began.');

const StartTime = z
  .string(START)
  .max(5, { error: START, abort: true })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, START)
  .nullable()
  .describe('HH:MM. Set both times or neither. Neither means the whole day.');

const EndTime = z
  .string(END)
  .max(5, { error: END, abort: true })
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, END)
  .nullable()
  .describe('HH:MM, or 24:00. A time before the start is on the next day.');

const BlackoutDates = z
  .array(z.iso.date({ error: ({ input }) => blackoutProblem(input) }), BLACKOUT)
  .max(1_000, 'blackout_dates must hold at most 1000 dates: leave out those that have passed')
  .describe('Days without calls, as YYYY-MM-DD.');

/** The fields except the zone, with their defaults. */
export const hoursShape = {
  start_time: StartTime.default(null),
  end_time: EndTime.default(null),
  working_days: WorkingDays.default([1, 2, 3, 4, 5]),
  blackout_dates: BlackoutDates.default([]),
};

/** The same fields for a change. They have no defaults, because missing fields do not change. */
export const hoursChangeShape = {
  start_time: StartTime.optional(),
  end_time: EndTime.optional(),
  working_days: WorkingDays.optional(),
  blackout_dates: BlackoutDates.optional(),
};

/** The rules between the two times, for `superRefine` of each schema with the fields of `scheduleShape`. */
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

/** A zone that existed in the data when it was stated. */
const StatedTimezone = z
  .string(ZONE)
  .max(LONGEST_ZONE_NAME, { error: ZONE, abort: true })
  .regex(/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/, ZONE);

/** A schedule in the engine. */
export const EngineSchedule = z
  .object({ timezone: StatedTimezone.default('UTC'), ...hoursShape })
  .superRefine(checkHours);

/** The fields of a change of a schedule. */
export const engineScheduleChangeShape = { timezone: StatedTimezone.optional(), ...hoursChangeShape };
