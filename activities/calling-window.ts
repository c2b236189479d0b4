import type { WindowAnswer } from '../domain/engine/calling-day.ts';
import type { Schedule } from '../domain/windows/schedule.ts';
import { windowAt } from '../domain/windows/windows.ts';
import type { ActivityDeps } from './context.ts';

/**
 * Returns the window that is open at `from` or opens next, the day of the daily cap, and the facts that pacing depends
 * on. The history keeps the answer, so that new data of time zones or holidays cannot change earlier decisions.
 *
 * @throws RingfenceError `validation_error` for a zone or a region that this worker's data does not have
 */
export async function callingWindow(
  { factsOf }: ActivityDeps,
  { schedule, connection, from }: { schedule: Schedule; connection: string; from: number },
): Promise<WindowAnswer> {
  return { ...(windowAt(schedule, from) ?? { window: null, day: null }), facts: factsOf(connection) };
}
