/** Hours of campaigns in full minutes, around an instant of the run. */
import { type Hours, wallTime } from './wall-clock.ts';

const MINUTE_MS = 60_000;
export const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

/** Hours that are open now, close at `at` (a full minute) and open again some minutes later. */
export function closedFor(
  timezone: string,
  at: number,
  minutes: number,
): Pick<Hours, 'timezone' | 'start_time' | 'end_time'> {
  return {
    timezone,
    start_time: wallTime(timezone, at + minutes * MINUTE_MS).time,
    end_time: wallTime(timezone, at).time,
  };
}

export function nextMinute(at: number): number {
  return Math.ceil(at / MINUTE_MS) * MINUTE_MS;
}
