import type { FastifyBaseLogger } from 'fastify';
import { readDatabaseClock } from '../../db/clock.ts';
import type { Pool } from '../../db/pool.ts';
import { campaignsWithRoom } from '../../db/waiting-for-account.ts';
import { dialMarginMs } from '../../domain/engine/dial-margin.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import type { NotifyCampaign } from '../temporal/notify-campaign.ts';
import { repeatWork } from './repeat-work.ts';

export interface AccountRoomSweepOptions {
  readonly pool: Pool;
  readonly connections: Connections;
  readonly notify: Pick<NotifyCampaign, 'ofAccountRoom'>;
  readonly logger: FastifyBaseLogger;
}

/** A person who has raised a limit waits for its effect. */
const EVERY_MS = 5_000;

/**
 * Tells campaigns that wait for the next day of their account if it may place calls again today: its limit or its zone was changed,
 * or a call was refused and gave its unit back.
 */
export async function sweepAccountRoom({ pool, connections, notify }: AccountRoomSweepOptions): Promise<void> {
  const margins = connections.all().map(({ provider }) => dialMarginMs(provider.facts));
  const ids = await campaignsWithRoom(pool, Math.max(0, ...margins), await readDatabaseClock(pool));
  // One that cannot be reached now is told by a later sweep.
  await Promise.allSettled(ids.map((id) => notify.ofAccountRoom(id)));
}

/** Sweeps every few seconds until it is stopped. Several gateways may do so at the same time. */
export function startSweepingAccountRoom(options: AccountRoomSweepOptions): { stop(): Promise<void> } {
  return repeatWork({
    everyMs: EVERY_MS,
    work: () => sweepAccountRoom(options),
    onFailure: () =>
      options.logger.warn('PostgreSQL did not answer the search for campaigns that wait for their account'),
  });
}
