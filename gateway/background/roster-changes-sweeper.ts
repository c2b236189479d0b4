import type { FastifyBaseLogger } from 'fastify';
import type { Pool } from '../../db/pool.ts';
import { claimUnseenChanges } from '../../db/roster-changes.ts';
import type { NotifyCampaign } from '../temporal/notify-campaign.ts';
import { repeatWork } from './repeat-work.ts';

export interface RosterChangesSweepOptions {
  readonly pool: Pool;
  readonly notify: Pick<NotifyCampaign, 'ofContacts'>;
  readonly logger: FastifyBaseLogger;
}

const CAMPAIGNS_AT_ONCE = 50;
/** A signal is lost when a gateway dies, or while Temporal is away. Added people wait for at most about this long then. */
const EVERY_MS = 5_000;

/** Tells every campaign again that has not looked at its roster since people were added to it or taken out of it. */
export async function tellOfChangedRosters({ pool, notify, logger }: RosterChangesSweepOptions): Promise<void> {
  const ids = await claimUnseenChanges(pool, CAMPAIGNS_AT_ONCE);
  // One that cannot be reached now is claimed again later.
  await Promise.allSettled(ids.map((id) => notify.ofContacts(id)));
  if (ids.length > 0) logger.info({ campaigns: ids.length }, 'told campaigns again that their contacts have changed');
}

/** Sweeps every few seconds until it is stopped. Several gateways may do so at the same time. */
export function startTellingOfRosters(options: RosterChangesSweepOptions): { stop(): Promise<void> } {
  return repeatWork({
    everyMs: EVERY_MS,
    work: () => tellOfChangedRosters(options),
    onFailure: () =>
      options.logger.warn('PostgreSQL did not answer the search for campaigns whose contacts have changed'),
  });
}
