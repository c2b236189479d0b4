import type { PacingFacts, RecordedWindow } from '../domain/engine/campaign-state.ts';
import type { Schedule } from '../domain/windows/schedule.ts';
import { windowAt } from '../domain/windows/windows.ts';
import type { ActivityDeps } from './context.ts';

/**
 * Returns the window that is open at `from` or opens next, and the facts that pacing in it depends on. The history
 * keeps the answer, so that new time zone data cannot change earlier decisions.
 *
 * @throws RingfenceError `validation_error` for a zone that this worker's data does not have
 */
export async function callingWindow(
  { factsOf }: ActivityDeps,
  { schedule, connection, from }: { schedule: Schedule; connection: string; from: number },
): Promise<{ window: RecordedWindow | null; facts: PacingFacts }> {
  return { window: windowAt(schedule, from), facts: factsOf(connection) };
}
