import type { FastifyBaseLogger } from 'fastify';
import { forgetPlacements } from '../../db/number-placements.ts';
import type { Pool } from '../../db/pool.ts';
import { repeatWork } from './repeat-work.ts';

/** Deleted in one statement, which takes milliseconds. */
const AT_ONCE = 1_000;
/** They name numbers, in a form that only a guess of the number can match: they stay little longer than they must. */
const EVERY_MS = 10 * 60_000;

/**
 * Deletes the placements of deleted campaigns that no limit counts any more, until it is stopped. Several gateways may do so at the
 * same time.
 */
export function startDeletingOldPlacements({
  pool,
  logger,
}: {
  readonly pool: Pool;
  readonly logger: FastifyBaseLogger;
}): { stop(): Promise<void> } {
  return repeatWork({
    everyMs: EVERY_MS,
    async work() {
      while ((await forgetPlacements(pool, AT_ONCE)) === AT_ONCE);
    },
    onFailure: () => logger.warn('PostgreSQL did not answer the search for old placements'),
  });
}
