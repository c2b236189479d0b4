/**
 * Calling hours have two forms: `calling_hours`, and the short form of one window: `start_time`, `end_time` and
 * `working_days`. Terms contain one of them. A change of either form replaces the other.
 */
import { z } from 'zod';
import { RingfenceError } from './errors.ts';

const START = 'start_time must be HH:MM from "00:00" to "23:59"';
const END = 'end_time must be HH:MM from "00:00" to "23:59", or "24:00" for the end of the day';
const WORKING_DAYS = 'working_days must hold at least one of 1 (Monday) to 7 (Sunday), each once';

/** Seven windows on each day of the week. The number is bounded because a campaign carries its terms in its history. */
const MOST_WINDOWS = 50;
const CALLING_HOURS = `calling_hours must be a list of 1 to ${MOST_WINDOWS} windows, each with days, start and end`;
const WINDOW = 'a window of calling_hours has days, start and end, and nothing else';
const WINDOW_DAYS = 'days must hold at least one of 1 (Monday) to 7 (Sunday), each once';
const WINDOW_START = START.replace('start_time', 'start');
const WINDOW_END = END.replace('end_time', 'end');

const days = (message: string) =>
  z
    .array(z.int(message).min(1, message).max(7, message), message)
    .min(1, message)
    .max(7, message)
    .refine((listed) => new Set(listed).size === listed.length, message);

const startTime = (message: string) =>
  z
    .string(message)
    .max(5, { error: message, abort: true })
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, message);

const endTime = (message: string) =>
  z
    .string(message)
    .max(5, { error: message, abort: true })
    .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, message);

/** One window. With a start later than its end it is overnight, and belongs to the day on which it opened. */
export const HoursWindow = z
  .strictObject(
    {
      days: days(WINDOW_DAYS).describe('1 is Monday, 7 is Sunday.'),
      start: startTime(WINDOW_START).describe('HH:MM.'),
      end: endTime(WINDOW_END).describe('HH:MM, or 24:00. A time before the start is on the next day.'),
    },
    WINDOW,
  )
  .refine(({ start, end }) => start !== end, {
    error: 'end must differ from start; the whole day is "00:00" to "24:00"',
    path: ['end'],
  });
export type HoursWindow = z.infer<typeof HoursWindow>;

const CallingHours = z.array(HoursWindow, CALLING_HOURS).min(1, CALLING_HOURS).max(MOST_WINDOWS, CALLING_HOURS);
const CALLING_HOURS_MEANING =
  'The windows, as many a day as needed. Windows that touch or overlap are one. `start_time`, `end_time` and `working_days` are the short form of one window.';

const StartTime = startTime(START)
  .nullable()
  .describe('HH:MM. Set both times or neither. Neither means the whole day.');

const EndTime = endTime(END).nullable().describe('HH:MM, or 24:00. A time before the start is on the next day.');

const WorkingDays = days(WORKING_DAYS);
const WORKING_DAYS_MEANING = '1 is Monday, 7 is Sunday. Hours past midnight belong to the day on which they began.';

/** Both forms, of which at most one is not null. */
export const callingHoursShape = {
  calling_hours: CallingHours.nullable().describe(CALLING_HOURS_MEANING).default(null),
  start_time: StartTime.default(null),
  end_time: EndTime.default(null),
  working_days: WorkingDays.nullable().describe(`${WORKING_DAYS_MEANING} Default: 1 to 5.`).default(null),
};

/** Both forms in a change. Missing fields do not change. */
export const callingHoursChangeShape = {
  calling_hours: CallingHours.optional().describe(`${CALLING_HOURS_MEANING} Each form replaces the other.`),
  start_time: StartTime.optional(),
  end_time: EndTime.optional(),
  working_days: WorkingDays.optional().describe(WORKING_DAYS_MEANING),
};

export interface StatedHours {
  readonly calling_hours: HoursWindow[] | null;
  readonly start_time: string | null;
  readonly end_time: string | null;
  /** Null means Monday to Friday in the short form. */
  readonly working_days: number[] | null;
}

const SHORT_FORM = ['start_time', 'end_time', 'working_days'] as const;
const WEEKDAYS = [1, 2, 3, 4, 5];

/** The windows in either form. */
export function hoursOf({ calling_hours, start_time, end_time, working_days }: StatedHours): HoursWindow[] {
  if (calling_hours !== null) return calling_hours;
  return [{ days: working_days ?? WEEKDAYS, start: start_time ?? '00:00', end: end_time ?? '24:00' }];
}

/** Only the hours of a larger object, with the days of the short form. */
export function decidedHours({ calling_hours, start_time, end_time, working_days }: StatedHours): StatedHours {
  return {
    calling_hours,
    start_time,
    end_time,
    working_days: calling_hours === null ? (working_days ?? WEEKDAYS) : null,
  };
}

/** The rules between the fields of both forms, for `superRefine` of each schema with these fields. */
export function checkHours(hours: StatedHours, context: z.RefinementCtx): void {
  const fault = faultOf(hours);
  if (fault) context.addIssue({ code: 'custom', path: [fault.field], message: fault.message });
}

type Fault = { readonly field: string; readonly message: string };

function faultOf(hours: StatedHours): Fault | null {
  const { start_time, end_time } = hours;
  const short = SHORT_FORM.find((field) => hours[field] !== null);
  if (hours.calling_hours !== null && short !== undefined) return bothForms(short);
  if (start_time === null && end_time !== null) {
    const message = 'start_time is missing: give it together with end_time, or leave both out for the whole day';
    return { field: 'start_time', message };
  }
  if (start_time !== null && end_time === null) {
    const message = 'end_time is missing: give it together with start_time, or leave both out for the whole day';
    return { field: 'end_time', message };
  }
  if (start_time !== null && start_time === end_time) {
    return { field: 'end_time', message: 'end_time must differ from start_time; leave both out for the whole day' };
  }
  return null;
}

function bothForms(short: string): Fault {
  return {
    field: 'calling_hours',
    message: `calling_hours does not go with ${short}: state the hours in one of the two forms`,
  };
}

/** A change of hours. A field that is missing or undefined does not change. */
export type HoursChange = { readonly [K in keyof StatedHours]?: StatedHours[K] | undefined };

/** Whether a change touches the hours. */
export function changesHours(change: HoursChange): boolean {
  return change.calling_hours !== undefined || SHORT_FORM.some((field) => change[field] !== undefined);
}

/** Why a change contradicts itself, whatever the present hours are. */
export function checkHoursChange(change: HoursChange, context: z.RefinementCtx): void {
  const short = SHORT_FORM.find((field) => change[field] !== undefined);
  if (change.calling_hours === undefined || short === undefined) return;
  const { field, message } = bothForms(short);
  context.addIssue({ code: 'custom', path: [field], message });
}

/**
 * The hours after a change. Fields of the short form change one by one. Where it replaces `calling_hours`, it must state
 * both times: days alone would open whole days.
 *
 * @throws RingfenceError `validation_error` if the result is contradictory
 */
export function changedHours(present: StatedHours, change: HoursChange): StatedHours {
  if (!changesHours(change)) return present;
  const hours = decidedHours(merged(present, change));
  const fault = faultOf(hours);
  if (fault) throw refusal(fault);
  return hours;
}

function merged(present: StatedHours, change: HoursChange): StatedHours {
  const { calling_hours, start_time, end_time, working_days } = change;
  const short = SHORT_FORM.find((field) => change[field] !== undefined);
  if (calling_hours !== undefined) {
    if (short !== undefined) throw refusal(bothForms(short));
    return { calling_hours, start_time: null, end_time: null, working_days: null };
  }
  if (present.calling_hours !== null && (start_time === undefined || end_time === undefined)) {
    const message = `${short} alone does not replace calling_hours: give start_time and end_time, or new calling_hours`;
    throw refusal({ field: short ?? 'start_time', message });
  }
  return {
    calling_hours: null,
    start_time: start_time === undefined ? present.start_time : start_time,
    end_time: end_time === undefined ? present.end_time : end_time,
    working_days: working_days === undefined ? present.working_days : working_days,
  };
}

function refusal({ field, message }: Fault): RingfenceError {
  return new RingfenceError('validation_error', message, { field });
}
