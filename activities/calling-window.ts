import type { PacingFacts, RecordedWindow } from '../domain/engine/campaign-state.ts';
import type { Schedule } from '../domain/windows/schedule.ts';
import { windowAt } from '../domain/windows/windows.ts';
import type { ActivityDeps } from './context.ts';

/**
 * The window that is open at `from` or opens next, and the facts that pacing in it depends on. Its answer stays in the
 * history, so that new time zone data cannot change what was decided by the old.
 *
 * @throws RingfenceError `validation_error` for a zone that this worker's data does not have
 */
export async function callingWindow(
  { facts }: ActivityDeps,
  { schedule, from }: { schedule: Schedule; from: number },
): Promise<{ window: RecordedWindow | null; facts: PacingFacts }> {
  return { window: windowAt(schedule, from), facts };
}
