import { adoptRoster } from '../db/adoption.ts';
import { readBuckets, recordEnd } from '../db/campaigns-of-workflows.ts';
import { enrol, exchange, skipWaiting } from '../db/roster.ts';
import type { PacingFacts } from '../domain/campaign-state.ts';
import type { ExchangeReply, ExchangeRequest, RosterSnapshot } from '../domain/roster.ts';
import type { Buckets } from '../domain/tally.ts';
import { callingRun, type ActivityDeps } from './context.ts';
import { inHeartbeatingTransaction, whileHeartbeating } from './heartbeats.ts';

/** Contacts skipped in one transaction: long enough to be worth it, short enough not to hold up anybody. */
const SKIP_CHUNK = 5_000;

const HEARTBEAT_MS = 5_000;

/** Copies the folder if that was not done yet, makes the calling run the owner, and returns what is unsettled. */
export async function openRoster(
  { pool, facts, now }: ActivityDeps,
  { campaignId }: { campaignId: string },
): Promise<{ snapshot: RosterSnapshot; facts: PacingFacts }> {
  const snapshot = await inHeartbeatingTransaction(pool, campaignId, async (tx) => {
    await enrol(tx, campaignId);
    return adoptRoster(tx, campaignId, callingRun(), now());
  });
  return { snapshot, facts };
}

/** One exchange with the roster; see `exchange` in db/roster.ts. */
export async function exchangeWithRoster({ pool }: ActivityDeps, request: ExchangeRequest): Promise<ExchangeReply> {
  return exchange(pool, request, callingRun());
}

/** Moves all contacts that still wait to `skipped`, chunk by chunk, and returns the buckets as they are then. */
export async function closeRoster(
  { pool }: ActivityDeps,
  { campaignId, reason }: { campaignId: string; reason: 'cancelled' | 'expired' },
): Promise<Buckets> {
  return whileHeartbeating(HEARTBEAT_MS, async () => {
    while ((await skipWaiting(pool, campaignId, reason, SKIP_CHUNK)) > 0);
    return readBuckets(pool, campaignId);
  });
}

/** Writes down that the campaign is over. */
export async function recordStatus(
  { pool }: ActivityDeps,
  { campaignId, status }: { campaignId: string; status: 'completed' | 'cancelled' },
): Promise<void> {
  await recordEnd(pool, campaignId, status);
}
