import { Context } from '@temporalio/activity';
import { inLongTransaction } from '../db/long-transaction.ts';
import type { Pool, Queryable } from '../db/pool.ts';

/**
 * Heartbeats during the work, so that the death of this worker is noticed long before the work's own time limit. Work
 * shorter than `everyMs` sends no heartbeat.
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

/**
 * A transaction of a campaign that may take minutes. It heartbeats while the server works on it, not only while this
 * process lives: if the database does not answer any more, another worker tries.
 */
export async function inHeartbeatingTransaction<T>(
  pool: Pool,
  campaignId: string,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  return inLongTransaction(pool, campaignId, { onAlive: Context.current().heartbeat }, work);
}
