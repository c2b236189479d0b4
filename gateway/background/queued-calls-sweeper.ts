import type { FastifyBaseLogger } from 'fastify';
import { readDatabaseClock } from '../../db/clock.ts';
import type { Pool } from '../../db/pool.ts';
import { cancelLeftQueued } from '../../providers/cancel-left-queued.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import { repeatWork } from './repeat-work.ts';

export interface QueuedCallsSweepOptions {
  readonly pool: Pool;
  readonly connections: Connections;
  readonly logger: FastifyBaseLogger;
}

/** A call is placed so early that a queue which keeps its bound has dialled it before its hours end. */
const EVERY_MS = 5_000;

/** Cancels calls that a provider keeps in its queue for too long, and whose campaign has no workflow that would do so. */
export async function sweepQueuedCalls({ pool, connections, logger }: QueuedCallsSweepOptions): Promise<void> {
  const now = await readDatabaseClock(pool);
  for (const open of connections.all()) {
    const ended = await cancelLeftQueued(pool, open, now);
    const { name: connection } = open.connection;
    if (ended > 0)
      logger.info({ connection, calls: ended }, 'calls of interrupted campaigns do not wait in the queue any more');
  }
}

/** Sweeps every few seconds until it is stopped. Several gateways may do so at the same time. */
export function startSweepingQueuedCalls(options: QueuedCallsSweepOptions): { stop(): Promise<void> } {
  return repeatWork({
    everyMs: EVERY_MS,
    work: () => sweepQueuedCalls(options),
    onFailure: () => options.logger.warn('PostgreSQL did not answer the search for calls in queues of providers'),
  });
}
