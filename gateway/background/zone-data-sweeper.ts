import type { FastifyBaseLogger } from 'fastify';
import type { Pool } from '../../db/pool.ts';
import { markNotified, claimOutdated } from '../../db/zone-data.ts';
import { repeatWork } from './repeat-work.ts';

export interface ZoneDataSweepOptions {
  readonly pool: Pool;
  readonly notifyOfZoneData: (campaignId: string, version: string) => Promise<void>;
  readonly logger: FastifyBaseLogger;
}

const CAMPAIGNS_AT_ONCE = 50;
/** New data appears a few times a year, weeks before it takes effect. */
const EVERY_MS = 10_000;

/**
 * Notifies every campaign whose calling window was computed with older zone data than the newest that any worker has. A
 * campaign that cannot be reached does not stop the others, and is tried again a minute later.
 */
export async function notifyOutdatedCampaigns({ pool, notifyOfZoneData, logger }: ZoneDataSweepOptions): Promise<void> {
  for (;;) {
    const campaigns = await claimOutdated(pool, CAMPAIGNS_AT_ONCE);
    if (campaigns.length === 0) return;
    const notified = await Promise.all(
      campaigns.map(({ id, version }) =>
        notifyOfZoneData(id, version).then(
          () => [id],
          () => [],
        ),
      ),
    );
    const ids = notified.flat();
    // Temporal seems to be unavailable. The next sweep tries again.
    if (ids.length === 0) return;
    await markNotified(pool, ids);
    logger.info({ zone_data: campaigns[0]?.version, campaigns: ids.length }, 'notified campaigns of newer zone data');
  }
}

/** Sweeps every few seconds until it is stopped. Several gateways may do so at the same time. */
export function startZoneDataSweeping(options: ZoneDataSweepOptions): { stop(): Promise<void> } {
  return repeatWork({
    everyMs: EVERY_MS,
    work: () => notifyOutdatedCampaigns(options),
    onFailure: () => options.logger.warn('PostgreSQL did not answer the search for campaigns with older zone data'),
  });
}
