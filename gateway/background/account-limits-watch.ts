import type { FastifyBaseLogger } from 'fastify';
import { readSharedLimits } from '../../db/accounts.ts';
import type { Pool } from '../../db/pool.ts';
import { accountLimitId } from '../../domain/engine/ids.ts';
import type { WakeCoordinators } from '../temporal/wake-coordinators.ts';
import { repeatWork } from './repeat-work.ts';

export interface AccountLimitsWatchOptions {
  readonly pool: Pool;
  readonly wakeCoordinators: WakeCoordinators;
  readonly logger: FastifyBaseLogger;
}

/** A person who has changed a limit waits for its effect. */
const EVERY_MS = 5_000;

/**
 * Looks every few seconds whether the limit of calls in flight of an account was changed, and has it divided again at once. What it
 * does not see, because no gateway ran, the coordinator notices within a minute.
 */
export function startWatchingAccountLimits({ pool, wakeCoordinators, logger }: AccountLimitsWatchOptions): {
  stop(): Promise<void>;
} {
  const seen = new Map<string, number | null>();
  return repeatWork({
    everyMs: EVERY_MS,
    async work() {
      const limits = await readSharedLimits(pool);
      const changed = limits.filter(({ account, limit }) => seen.has(account) && seen.get(account) !== limit);
      if (changed.length > 0) await wakeCoordinators(changed.map(({ account }) => accountLimitId(account)));
      seen.clear();
      for (const { account, limit } of limits) seen.set(account, limit);
    },
    onFailure: () => logger.warn('PostgreSQL did not answer the search for changed limits of accounts'),
  });
}
