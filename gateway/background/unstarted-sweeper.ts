/**
 * Starts the workflows of campaigns that were recorded while Temporal, or the gateway itself, was unavailable.
 *
 * A round goes through all of them, oldest first, in small groups. A campaign whose start is permanently refused has
 * failed and is not tried again. A campaign that cannot be started for another reason waits for the next round. A round
 * stops only if Temporal is unavailable. The next round begins after the place where it stopped, and does the part
 * before it last. So even a campaign that makes Temporal look unavailable does not block those behind it.
 */
import type { FastifyBaseLogger } from 'fastify';
import { findUnstarted, type UnstartedCampaign, type UnstartedPlace } from '../../db/campaigns.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { isStartRefused } from '../../domain/api/failed-start.ts';
import { startRecorded, type StartOptions } from '../routes/start-recorded.ts';
import { repeatWork } from './repeat-work.ts';

export interface SweepOptions extends StartOptions {
  readonly logger: FastifyBaseLogger;
  /** Younger campaigns are still being started by the request that created them. */
  readonly olderThanMs?: number;
}

const OLDER_THAN_MS = 5_000;
const CAMPAIGNS_AT_ONCE = 10;
const EVERY_MS = 3_000;

/**
 * Goes through all campaigns without a workflow once, beginning after the place `after`.
 *
 * @returns the place after which the next round should begin, because Temporal was unavailable there; null if the round
 *   is complete
 */
export async function sweepUnstarted(
  options: SweepOptions,
  after: UnstartedPlace | null = null,
): Promise<UnstartedPlace | null> {
  const fromTheFirst = { after: null, upTo: after };
  for (const part of after === null ? [fromTheFirst] : [{ after, upTo: null }, fromTheFirst]) {
    const awayAt = await sweepUnstartedPart(options, part);
    if (awayAt !== null) return awayAt;
  }
  return null;
}

interface Part {
  readonly after: UnstartedPlace | null;
  readonly upTo: UnstartedPlace | null;
}

async function sweepUnstartedPart(options: SweepOptions, { after, upTo }: Part): Promise<UnstartedPlace | null> {
  const { pool, olderThanMs = OLDER_THAN_MS } = options;
  for (let place = after; ;) {
    const campaigns = await findUnstarted(pool, { olderThanMs, after: place, upTo, limit: CAMPAIGNS_AT_ONCE });
    const last = campaigns.at(-1);
    if (last === undefined) return null;
    place = { id: last.id, createdAt: last.createdAt };
    const outcomes = await Promise.all(campaigns.map((campaign) => tryToStart(options, campaign)));
    if (outcomes.includes('away')) return place;
  }
}

/** `not_now`: this campaign cannot be started, which says nothing about the others. */
async function tryToStart(
  options: SweepOptions,
  campaign: UnstartedCampaign,
): Promise<'started' | 'failed' | 'away' | 'not_now'> {
  const { id } = campaign;
  const { logger } = options;
  try {
    await startRecorded(options, campaign);
    logger.info({ campaign: id }, 'started the workflow of a recorded campaign');
    return 'started';
  } catch (error) {
    if (isStartRefused(error)) {
      logger.warn(
        { campaign: id },
        'a recorded campaign has failed: Temporal refuses to start it; its record says why',
      );
      return 'failed';
    }
    const temporalIsAway = error instanceof RingfenceError && error.code === 'temporal_unavailable';
    logger.warn({ campaign: id, temporalIsAway }, 'a recorded campaign could not be started');
    return temporalIsAway ? 'away' : 'not_now';
  }
}

/** Sweeps every few seconds until it is stopped. Several gateways may do so at the same time. */
export function startSweepingUnstarted(options: SweepOptions): { stop(): Promise<void> } {
  let after: UnstartedPlace | null = null;
  return repeatWork({
    everyMs: EVERY_MS,
    work: async () => {
      after = await sweepUnstarted(options, after);
    },
    onFailure: () => options.logger.warn('PostgreSQL did not answer the search for campaigns without a workflow'),
  });
}
