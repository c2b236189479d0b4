import { Context } from '@temporalio/activity';

/**
 * Heartbeats while the work is under way, so that the death of this worker is noticed long before the time that the work
 * itself may take is over. What lasts less than `everyMs` costs no heartbeat.
 */
export async function whileHeartbeating<T>(everyMs: number, work: () => Promise<T>): Promise<T> {
  const { heartbeat } = Context.current();
  const timer = setInterval(heartbeat, everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
