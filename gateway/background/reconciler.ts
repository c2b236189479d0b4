/**
 * Compares campaigns with their workflows, so that a campaign whose workflow was ended from outside does not stay
 * `active` forever.
 *
 * Several gateways may do so at the same time: each campaign is claimed by one of them for a while. A gateway asks
 * Temporal about at most 50 campaigns a second. Up to 1,000 campaigns are each checked every 20 seconds; more take
 * turns: 2,500 take 50 seconds, 10,000 take 200.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import {
  claimChecks,
  type ClaimedCheck,
  countMissing,
  endInterruption,
  markInterrupted,
  markEnded,
  noteFound,
  noteMissed,
  readCheck,
  returnChecks,
} from '../../db/interruptions.ts';
import type { Pool } from '../../db/pool.ts';
import {
  isWrongTemporal,
  judge,
  MISSED_TWICE_MS,
  reasonInWords,
  type WorkflowStatus,
} from '../../domain/api/interruption.ts';
import type { WakeCoordinators } from '../temporal/wake-coordinators.ts';

export interface ReconcileOptions {
  readonly pool: Pool;
  /** Rejects if Temporal does not answer, which says nothing about the campaign. */
  readonly readWorkflowStatus: (campaignId: string) => Promise<WorkflowStatus>;
  /** A campaign that has ended has no share in the limits of its connections any more. */
  readonly wakeCoordinators: WakeCoordinators;
  readonly logger: FastifyBaseLogger;
  /** Time between two checks of one campaign. */
  readonly everyMs?: number;
}

const EVERY_MS = 20_000;
const ROUND_MS = 1_000;
const CAMPAIGNS_PER_ROUND = 50;
const AT_ONCE = 10;
/** This many unanswered questions, or all questions of a round, mean that Temporal is unavailable. */
const UNANSWERED_WHEN_AWAY = AT_ONCE;
/** While Temporal is unavailable, a few questions at this interval find out when it is back. */
const AFTER_TROUBLE_MS = 5_000;

/**
 * Checks the campaigns whose turn it is. Returns false if Temporal is unavailable, so that some of them remain
 * unchecked.
 */
export async function reconcile(options: ReconcileOptions): Promise<boolean> {
  const { pool, everyMs = EVERY_MS } = options;
  const claimed = await claimChecks(pool, { limit: CAMPAIGNS_PER_ROUND, everyMs, missedTwiceMs: MISSED_TWICE_MS });
  const unanswered: string[] = [];
  const queue = claimed.values();
  const compareNext = async (): Promise<void> => {
    for (const campaign of queue) {
      if (unanswered.length >= UNANSWERED_WHEN_AWAY || !(await compare(options, campaign)))
        unanswered.push(campaign.id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, compareNext));
  const away = unanswered.length >= UNANSWERED_WHEN_AWAY || unanswered.length === claimed.length;
  // A few failures out of many concern only those campaigns. They have had their turn, so they do not delay the others.
  if (unanswered.length === 0 || !away) return true;
  await returnChecks(pool, unanswered);
  return false;
}

/** Checks one campaign immediately, because its workflow seems to have ended. */
export async function reconcileOne(options: Omit<ReconcileOptions, 'everyMs'>, campaignId: string): Promise<void> {
  const campaign = await readCheck(options.pool, campaignId);
  if (campaign) await compare(options, campaign);
}

/** Whether Temporal answered. */
async function compare(
  { pool, readWorkflowStatus, wakeCoordinators, logger }: ReconcileOptions,
  campaign: ClaimedCheck,
): Promise<boolean> {
  let standing: WorkflowStatus;
  try {
    standing = await readWorkflowStatus(campaign.id);
  } catch {
    return false;
  }
  const verdict = judge(campaign, standing);
  switch (verdict.kind) {
    case 'well':
      if (campaign.status === 'interrupted') await endInterruption(pool, campaign.id);
      else if (campaign.missedAgoMs !== null) await noteFound(pool, campaign.id);
      return true;
    case 'wait':
      return true;
    case 'missed':
      await noteMissed(pool, campaign.id);
      return true;
    case 'missing':
      await interruptMissing({ pool, wakeCoordinators, logger }, campaign);
      return true;
    case 'interrupted':
      await interrupt({ pool, wakeCoordinators, logger }, campaign, verdict);
      return true;
    case 'over': {
      const shared = await markEnded(pool, campaign, verdict.status);
      if (shared) {
        await wakeCoordinators(shared);
        logger.warn({ campaign: campaign.id, status: verdict.status }, 'wrote down that a campaign is over');
      }
      return true;
    }
  }
}

type Means = Pick<ReconcileOptions, 'pool' | 'wakeCoordinators' | 'logger'>;

async function interruptMissing(means: Means, campaign: ClaimedCheck): Promise<void> {
  const count = await countMissing(means.pool);
  if (isWrongTemporal(count)) {
    const message =
      'most workflows are missing: this is another Temporal than before, or it was emptied; nothing is marked';
    means.logger.warn({ campaign: campaign.id, ...count }, message);
    return;
  }
  await interrupt(means, campaign, { reason: 'not_found', code: null });
}

async function interrupt(
  { pool, wakeCoordinators, logger }: Means,
  campaign: ClaimedCheck,
  why: Parameters<typeof markInterrupted>[2],
): Promise<void> {
  const shared = await markInterrupted(pool, campaign, why);
  if (!shared) return;
  await wakeCoordinators(shared);
  const { reason, code } = why;
  logger.warn({ campaign: campaign.id, reason, code }, `a campaign is interrupted: ${reasonInWords(why)}`);
}

/** Checks campaigns until it is stopped. */
export function startReconciling(options: ReconcileOptions): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const wait = (ms: number) => pause(ms, undefined, { signal: stopped.signal }).catch(() => {});
  const running = (async () => {
    while (!stopped.signal.aborted) {
      const beganAt = performance.now();
      const answered = await reconcile(options).catch(() => {
        options.logger.warn('PostgreSQL did not answer the search for campaigns to compare with their workflows');
        return false;
      });
      await wait(answered ? Math.max(0, ROUND_MS - (performance.now() - beganAt)) : AFTER_TROUBLE_MS);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
