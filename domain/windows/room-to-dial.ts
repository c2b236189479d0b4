import { counted } from '../engine/counted.ts';
import { RingfenceError } from '../engine/errors.ts';
import type { Schedule } from './schedule.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/**
 * Refuses hours in which nothing could ever be dialled. The last call before the end of the hours, or of the civil day,
 * leaves early enough to ring in time: `marginMs` before. Daylight saving is ignored, because it makes room at most
 * once a year.
 *
 * @throws RingfenceError `validation_error`
 */
export function refuseWithoutRoom(
  { start_time, end_time }: Pick<Schedule, 'start_time' | 'end_time'>,
  marginMs: number,
): void {
  if (start_time === null || end_time === null) return;
  const longest = longestStretchMinutes(minuteOf(start_time), minuteOf(end_time));
  if (longest * MINUTE_MS > marginMs) return;
  const needed = Math.floor(marginMs / MINUTE_MS) + 1;
  const pieces = minuteOf(start_time) > minuteOf(end_time) ? ' before midnight, or after it,' : '';
  throw new RingfenceError(
    'validation_error',
    `end_time leaves no room for a call: the last one is dialled ${marginMs / 1000} s before the hours end, the time that the provider may take. Let the hours last at least ${counted(needed, 'minute')}${pieces} or leave both times out for the whole day`,
    { field: 'end_time' },
  );
}

/** Overnight hours fall on two civil days, each with its daily cap. */
function longestStretchMinutes(start: number, end: number): number {
  return start < end ? end - start : Math.max(DAY_MINUTES - start, end);
}

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}
