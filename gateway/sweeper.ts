import type { FastifyBaseLogger } from 'fastify';
import { startUnstarted } from '../db/campaigns.ts';
import type { Pool } from '../db/pool.ts';
import { engineSpec } from '../domain/campaign-request.ts';
import type { EngineSpec } from '../domain/campaign-spec.ts';
import { RingfenceError } from '../domain/errors.ts';

export interface SweepOptions {
  readonly pool: Pool;
  readonly startCampaign: (campaignId: string, spec: EngineSpec) => Promise<void>;
  readonly logger: FastifyBaseLogger;
  /** Younger campaigns are being started by the request that created them. */
  readonly olderThanMs?: number;
}

const OLDER_THAN_MS = 5_000;
const CAMPAIGNS_PER_SWEEP = 20;
const EVERY_MS = 3_000;

/** Starts the workflows of campaigns that were recorded while Temporal, or the gateway itself, was away. */
export async function sweep({ pool, startCampaign, logger, olderThanMs = OLDER_THAN_MS }: SweepOptions): Promise<void> {
  let temporalIsAway = false;
  await startUnstarted(pool, { olderThanMs, limit: CAMPAIGNS_PER_SWEEP }, async ({ id, terms }) => {
    if (temporalIsAway) return false;
    try {
      await startCampaign(id, engineSpec(terms));
      logger.info({ campaign: id }, 'started the workflow of a recorded campaign');
      return true;
    } catch (error) {
      temporalIsAway = error instanceof RingfenceError && error.code === 'temporal_unavailable';
      logger.warn({ campaign: id, temporalIsAway }, 'a recorded campaign could not be started');
      return false;
    }
  });
}

/** Sweeps every few seconds until it is stopped. Any number of gateways may do so side by side. */
export function startSweeping(options: SweepOptions): { stop(): Promise<void> } {
  let sweeping: Promise<void> | null = null;
  const timer = setInterval(() => {
    sweeping ??= sweep(options)
      .catch(() => options.logger.warn('PostgreSQL did not answer the search for campaigns without a workflow'))
      .finally(() => {
        sweeping = null;
      });
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await sweeping;
    },
  };
}
