import type { FastifyBaseLogger } from 'fastify';
import { readDatabaseClock } from '../../db/clock.ts';
import type { Pool } from '../../db/pool.ts';
import { campaignsWithRoom } from '../../db/waiting-for-account.ts';
import { dialMarginMs } from '../../domain/engine/dial-margin.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import type { TellAccountRoom } from '../temporal/tell-account-room.ts';
import { repeatWork } from './repeat-work.ts';

export interface AccountRoomSweepOptions {
  readonly pool: Pool;
  readonly connections: Connections;
  readonly tellAccountRoom: TellAccountRoom;
  readonly logger: FastifyBaseLogger;
}

/** A person who has raised a limit waits for its effect. */
const EVERY_MS = 5_000;

/**
 * Tells campaigns that wait for the next day of their account if it may place calls again today: its limit or its zone was changed,
 * or a call was refused and gave its unit back.
 */
export async function sweepAccountRoom({ pool, connections, tellAccountRoom }: AccountRoomSweepOptions): Promise<void> {
  const margins = connections.all().map(({ provider }) => dialMarginMs(provider.facts));
  const ids = await campaignsWithRoom(pool, Math.max(0, ...margins), await readDatabaseClock(pool));
  if (ids.length > 0) await tellAccountRoom(ids);
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
