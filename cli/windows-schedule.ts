/** Reads the schedule that the options of `windows` state. */
import type { HoursWindow } from '../domain/engine/calling-hours.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { refuseUnknownRegion } from '../domain/windows/holidays.ts';
import { Schedule } from '../domain/windows/schedule.ts';
import { callingHours } from './hours-option.ts';

/** Which option gives which field of the schedule. */
const OPTION_OF = {
  calling_hours: '--hours',
  timezone: '--timezone',
  start_time: '--start',
  end_time: '--end',
  working_days: '--days',
  blackout_dates: '--blackout',
  holidays: '--holidays',
};

export interface ScheduleOptions {
  readonly timezone?: string;
  readonly hours?: string;
  readonly start?: string;
  readonly end?: string;
  readonly days?: readonly string[];
  readonly blackout?: readonly string[];
  readonly holidays?: string;
}

/**
 * The schedule in a time zone.
 *
 * @throws RingfenceError `validation_error` that names the option
 */
export function readSchedule(options: ScheduleOptions, timezone: string | undefined = options.timezone): Schedule {
  const { hours, start, end, days, blackout, holidays } = options;
  const parsed = Schedule.safeParse({
    timezone,
    calling_hours: hours === undefined ? undefined : hoursAlone(hours, options),
    start_time: start,
    end_time: end,
    working_days: days?.map((day) => (/^\d$/.test(day) ? Number(day) : Number.NaN)),
    blackout_dates: blackout,
    holidays,
  });
  if (!parsed.success) {
    const messages = parsed.error.issues.map(({ message, path }) =>
      path[0] === 'calling_hours' && path.length > 1 ? `--hours: ${message}` : inOptions(message),
    );
    const [first] = parsed.error.issues[0]?.path ?? [];
    throw new RingfenceError('validation_error', [...new Set(messages)].join('; '), {
      field: OPTION_OF[first as keyof typeof OPTION_OF] ?? '--timezone',
    });
  }
  try {
    refuseUnknownRegion(parsed.data.holidays);
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    throw new RingfenceError(error.code, inOptions(error.message), { field: '--holidays', cause: error });
  }
  return parsed.data;
}

function hoursAlone(hours: string, options: ScheduleOptions): HoursWindow[] {
  for (const other of ['start', 'end', 'days'] as const) {
    if (options[other] !== undefined) {
      const message = `--hours does not go with --${other}: give days and times in --hours alone`;
      throw new RingfenceError('validation_error', message, { field: '--hours' });
    }
  }
  return callingHours(hours, '--hours');
}

function inOptions(message: string): string {
  // A field's name may be a part of another word, such as date-holidays.
  return Object.entries(OPTION_OF).reduce(
    (text, [field, option]) => text.replaceAll(new RegExp(`(?<![\\w-])${field}(?![\\w-])`, 'g'), option),
    message,
  );
}
