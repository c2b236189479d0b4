/**
 * Starts the workflows of campaigns that were recorded while Temporal, or the gateway itself, was away.
 *
 * A round goes through all of them, oldest first, some at a time. One whose start is refused for good has failed, and is not
 * met again; one that cannot be started for another reason is passed by until the next round. Only when Temporal is away is
 * the round broken off. The next one begins behind the place where that was, and comes to what was before it last: so even
 * a campaign that makes Temporal look as if it were away keeps nobody behind it waiting.
 */
import type { FastifyBaseLogger } from 'fastify';
import { findUnstarted, type UnstartedCampaign, type UnstartedPlace } from '../../db/campaigns.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { isStartRefused } from '../../domain/api/failed-start.ts';
import { startRecorded, type StartOptions } from '../routes/start-recorded.ts';
import { repeatWork } from './repeat-work.ts';

export interface SweepOptions extends StartOptions {
  readonly logger: FastifyBaseLogger;
  /** Younger campaigns are being started by the request that created them. */
  readonly olderThanMs?: number;
}

const OLDER_THAN_MS = 5_000;
const CAMPAIGNS_AT_ONCE = 10;
const EVERY_MS = 3_000;

/**
 * Goes through all campaigns without a workflow once, those behind `after` first.
 * @returns behind which place the next round should begin: Temporal was away there. Null when the round came to its end.
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

/** `not_now`: it cannot be started, and that says nothing about the others. */
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

/** Sweeps every few seconds until it is stopped. Any number of gateways may do so side by side. */
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
