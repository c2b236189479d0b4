import type { FastifyBaseLogger } from 'fastify';
import { readDatabaseClock } from '../../db/clock.ts';
import { correctLost, lostCallsWithEnd } from '../../db/late-ends.ts';
import { orphansOfLostCalls } from '../../db/orphans.ts';
import type { Pool } from '../../db/pool.ts';
import { budgetOf } from '../../providers/budgeted-look-up.ts';
import { adoptOrphans, ORPHANS_ASKED } from '../../providers/find-orphans.ts';
import type { Connections } from '../../providers/connections/open-connections.ts';
import { repeatWork } from './repeat-work.ts';

export interface LostCallsSweepOptions {
  readonly pool: Pool;
  readonly connections: Connections;
  readonly logger: FastifyBaseLogger;
}

/** A correction is not urgent. */
const EVERY_MS = 10_000;
const CORRECTED_AT_ONCE = 100;

/**
 * Replaces `lost` by late ends. Some belong to calls that a provider has since reported under its own id; the provider
 * is asked about these here. Others arrived while the loss was being recorded.
 */
export async function sweepLostCalls({ pool, connections, logger }: LostCallsSweepOptions): Promise<void> {
  const now = await readDatabaseClock(pool);
  for (const open of connections.all()) {
    const { name } = open.connection;
    const asked = { name, provider: open.provider, reserve: budgetOf(pool, open) };
    // Also without an open question to the provider: the process that asked may have died, or another call may have
    // resolved the doubt.
    await adoptOrphans(pool, asked, await orphansOfLostCalls(pool, name, ORPHANS_ASKED), () => now);
  }
  for (const callId of await lostCallsWithEnd(pool, CORRECTED_AT_ONCE)) {
    if (await correctLost(pool, callId)) logger.info({ call: callId }, 'a call given up as lost has ended');
  }
}

/** Sweeps every few seconds until it is stopped. Several gateways may do so at the same time. */
export function startSweepingLostCalls(options: LostCallsSweepOptions): { stop(): Promise<void> } {
  return repeatWork({
    everyMs: EVERY_MS,
    work: () => sweepLostCalls(options),
    onFailure: () => options.logger.warn('PostgreSQL did not answer the search for late ends of lost calls'),
  });
}
