import { hoursOf } from '../engine/calling-hours.ts';
import { counted } from '../engine/counted.ts';
import { RingfenceError } from '../engine/errors.ts';
import { dayZoneOf } from '../engine/schedule-fields.ts';
import type { Schedule } from './schedule.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const WEEK_MINUTES = 7 * DAY_MINUTES;

type Hours = Pick<Schedule, 'timezone' | 'day_timezone' | 'calling_hours' | 'start_time' | 'end_time' | 'working_days'>;

/**
 * Refuses hours in which nothing could ever be dialled. The last call before the end of the hours, or of the civil day of
 * the daily cap, leaves early enough to ring in time: `marginMs` before. Daylight saving is ignored, because it makes
 * room at most once a year. So is the end of a civil day in another zone, because it moves with the clocks of both.
 *
 * @throws RingfenceError `validation_error`
 */
export function refuseWithoutRoom(hours: Hours, marginMs: number): void {
  const { calling_hours, start_time } = hours;
  if (calling_hours === null && start_time === null) return;
  if (longestStretchMinutes(hours) * MINUTE_MS > marginMs) return;
  const needed = Math.floor(marginMs / MINUTE_MS) + 1;
  const isOvernight = hoursOf(hours).some(({ start, end }) => minuteOf(start) > minuteOf(end));
  const pieces = isOvernight && dayZoneOf(hours) === hours.timezone ? ' before midnight, or after it,' : '';
  const field = calling_hours === null ? 'end_time' : 'calling_hours';
  const whole = calling_hours === null ? 'leave both times out' : 'state 00:00 to 24:00';
  throw new RingfenceError(
    'validation_error',
    `${field} leaves no room for a call: the last one is dialled ${marginMs / 1000} s before the hours end, the time that the provider may take. Let the hours last at least ${counted(needed, 'minute')}${pieces} or ${whole} for the whole day`,
    { field },
  );
}

/** The longest time without a break, with windows that touch as one, cut where the civil day ends. */
function longestStretchMinutes(hours: Hours): number {
  const stretches = weekOf(hours);
  let longest = 0;
  let open = { from: 0, to: 0 };
  for (const { from, to } of stretches) {
    open = from <= open.to ? { from: open.from, to: Math.max(open.to, to) } : { from, to };
    longest = Math.max(longest, longestPiece(open.from, open.to, dayZoneOf(hours) === hours.timezone));
  }
  return longest;
}

/** Two weeks of windows in minutes, so that a stretch over the end of the week is whole. */
function weekOf(hours: Hours): { from: number; to: number }[] {
  const stretches = hoursOf(hours).flatMap(({ days, start, end }) => {
    const from = minuteOf(start);
    const to = from < minuteOf(end) ? minuteOf(end) : minuteOf(end) + DAY_MINUTES;
    return days.flatMap((day) =>
      [0, WEEK_MINUTES].map((week) => {
        const midnight = week + (day - 1) * DAY_MINUTES;
        return { from: midnight + from, to: midnight + to };
      }),
    );
  });
  return stretches.sort((a, b) => a.from - b.from);
}

/** Hours over midnight fall on two civil days, each with its daily cap. */
function longestPiece(from: number, to: number, endsAtMidnight: boolean): number {
  if (!endsAtMidnight) return to - from;
  const midnight = Math.ceil((from + 1) / DAY_MINUTES) * DAY_MINUTES;
  if (midnight >= to) return to - from;
  return Math.max(midnight - from, Math.min(DAY_MINUTES, to - midnight));
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}
