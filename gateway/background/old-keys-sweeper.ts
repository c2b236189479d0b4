import type { FastifyBaseLogger } from 'fastify';
import { deleteOldKeys } from '../../db/idempotency.ts';
import type { Pool } from '../../db/pool.ts';
import { repeatWork } from './repeat-work.ts';

export interface OldKeysOptions {
  readonly pool: Pool;
  readonly logger: FastifyBaseLogger;
}

/** Keys that are deleted in one statement, which takes milliseconds. */
const KEYS_AT_ONCE = 1_000;
/** Kept answers may contain names and numbers: they stay little longer than they must. */
const EVERY_MS = 10 * 60_000;

/** Deletes the idempotency keys whose time is over, with their answers. */
export async function sweepOldKeys({ pool }: Pick<OldKeysOptions, 'pool'>): Promise<void> {
  while ((await deleteOldKeys(pool, KEYS_AT_ONCE)) === KEYS_AT_ONCE);
}

/** Sweeps until it is stopped. Several gateways may do so at the same time. */
export function startDeletingOldKeys(options: OldKeysOptions): { stop(): Promise<void> } {
  return repeatWork({
    everyMs: EVERY_MS,
    work: () => sweepOldKeys(options),
    onFailure: () => options.logger.warn('PostgreSQL did not answer the search for old idempotency keys'),
  });
}
