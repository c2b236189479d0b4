import { Context } from '@temporalio/activity';
import { adoptRoster } from '../db/adoption.ts';
import { readBuckets, recordEnd } from '../db/workflow-records.ts';
import { enrol } from '../db/enrolment.ts';
import { exchange, skipWaiting } from '../db/roster.ts';
import type { PacingFacts } from '../domain/engine/campaign-state.ts';
import type { EndRecorded } from '../domain/engine/settling.ts';
import type { ExchangeReply, ExchangeRequest, RosterSnapshot } from '../domain/engine/roster.ts';
import type { Buckets } from '../domain/engine/tally.ts';
import { RECORD_ACTIVITIES } from '../domain/engine/time-limits.ts';
import { wakeCoordinator } from './connection-shares.ts';
import type { OpenConnection } from '../providers/connections/open-connections.ts';
import { callingRun, type ActivityDeps } from './context.ts';
import { inHeartbeatingTransaction, whileHeartbeating } from './heartbeats.ts';

/** Contacts skipped in one transaction: enough to be efficient, and few enough not to delay others. */
const SKIP_CHUNK = 5_000;

/**
 * Copies the folder if that is not done yet, makes the calling run the owner, and returns the unsettled calls.
 * `adoption` is the number of the adoption in the run: a second try of the same adoption changes nothing.
 */
export async function openRoster(
  { pool, connections, factsOf, databaseClock }: ActivityDeps,
  { campaignId, adoption }: { campaignId: string; adoption: number },
): Promise<{ snapshot: RosterSnapshot; facts: PacingFacts }> {
  const runId = callingRun(campaignId);
  const snapshot = await inHeartbeatingTransaction(pool, campaignId, async (tx) => {
    await enrol(tx, campaignId);
    return adoptRoster(tx, { campaignId, runId, number: adoption }, await databaseClock(tx));
  });
  const { connection } = snapshot.spec;
  return { snapshot: withOwnLimit(snapshot, connections.get(connection)), facts: factsOf(connection) };
}

/** This worker may have loaded a limit that no other one has. */
function withOwnLimit(snapshot: RosterSnapshot, open: OpenConnection | null): RosterSnapshot {
  const { sharedLimits = [] } = snapshot;
  if (!open || open.connection.maxConcurrentCalls === null) return snapshot;
  return { ...snapshot, sharedLimits: [...new Set([...sharedLimits, open.connection.name])] };
}

/** One exchange with the roster; see `exchange` in db/roster.ts. */
export async function exchangeWithRoster({ pool }: ActivityDeps, request: ExchangeRequest): Promise<ExchangeReply> {
  const { campaignId } = request;
  return exchange(pool, request, callingRun(campaignId), ({ has, reason, connection }) => {
    const { log } = Context.current();
    const about = { campaign_id: campaignId, connection, reason };
    if (has === 'begun') log.warn('the provider has trouble; the campaign holds its calls and probes', about);
    else log.info("the provider's trouble is over", about);
  });
}

/**
 * Moves all waiting contacts to `skipped`, in chunks, and returns the buckets afterwards. Null if another run owns the
 * records.
 */
export async function closeRoster(
  { pool }: ActivityDeps,
  { campaignId, epoch, reason }: { campaignId: string; epoch: number; reason: 'cancelled' | 'expired' },
): Promise<Buckets | null> {
  const owner = { campaignId, epoch, runId: callingRun(campaignId) };
  return whileHeartbeating(RECORD_ACTIVITIES.longHeartbeatEveryMs, async () => {
    for (;;) {
      const skipped = await skipWaiting(pool, owner, reason, SKIP_CHUNK);
      if (skipped === null) return null;
      if (skipped === 0) return readBuckets(pool, campaignId);
    }
  });
}

/**
 * Records that the campaign is over, unless people were added meanwhile. Others may have its shares of `sharedLimits`.
 */
export async function recordStatus(
  { pool }: ActivityDeps,
  {
    campaignId,
    epoch,
    status,
    sharedLimits,
  }: { campaignId: string; epoch: number; status: 'completed' | 'cancelled'; sharedLimits: readonly string[] },
): Promise<EndRecorded> {
  const recorded = await recordEnd(pool, { campaignId, epoch, runId: callingRun(campaignId) }, status);
  if (recorded === 'recorded') await Promise.all(sharedLimits.map(wakeCoordinator));
  return recorded;
}
