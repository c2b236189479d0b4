/** The shares of campaigns in the limit of their connection: the campaign's report, and the coordinator's division. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { lowestLimit } from '../db/connection-loads.ts';
import { divideShares, noteSharesTold, recordShareReport } from '../db/connection-shares.ts';
import { returnChecks } from '../db/interruptions.ts';
import { leftCallsToLookUp } from '../db/left-calls.ts';
import type { Pool } from '../db/pool.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { workflowId } from '../domain/engine/ids.ts';
import { type ShareStanding, standingOf } from '../domain/engine/share-coordinator.ts';
import {
  CONNECTION_WORKFLOW,
  type ConnectionInput,
  coordinatorStart,
  type GivenShare,
  SHARE_GIVEN,
} from '../domain/engine/share-messages.ts';
import type { Shareholder, ShareReport } from '../domain/engine/shares.ts';
import { callingRun, type ActivityDeps } from './context.ts';

/**
 * Records what a campaign needs and has in flight, and wakes the coordinator of its connection, or starts it. Returns the
 * campaign's share as it stands before the next division. Null if another run owns the campaign's records.
 */
export async function reportShare(
  { pool }: ActivityDeps,
  { connection, report }: { connection: string; report: ShareReport },
): Promise<GivenShare | null> {
  const holder = await recordShareReport(pool, connection, callingRun(report.campaignId), report);
  if (holder === null) return null;
  await wakeCoordinator(connection);
  return givenShare(holder);
}

/** Tells the coordinator that the records contain something new, or starts it. */
export async function wakeCoordinator(connection: string): Promise<void> {
  const { client, info } = Context.current();
  await client.workflow.signalWithStart(CONNECTION_WORKFLOW, coordinatorStart(connection, info.taskQueue));
}

/** Divides the limit of a connection among its campaigns, and tells them their new shares. */
export async function divideConnection(
  { pool, connections, factsOf, databaseClock }: ActivityDeps,
  { connection }: ConnectionInput,
): Promise<ShareStanding> {
  const open = connections.get(connection);
  if (!open) {
    throw new RingfenceError('misconfigured', `This worker has no connection ${connection}: its limit is not known.`, {
      details: { connection },
    });
  }
  // Other workers may have loaded another file: the lowest limit holds.
  const limit = Math.min(
    open.connection.maxConcurrentCalls ?? Infinity,
    (await lowestLimit(pool, connection)) ?? Infinity,
  );
  const { callLifetimeMs, graceMs, usualCallMs } = factsOf(connection);
  const lostAfterMs = callLifetimeMs + graceMs;
  const { holders, withoutRun } = await divideShares(pool, { connection, limit, lostAfterMs }, databaseClock);
  const limited = Number.isFinite(limit);
  const news = holders.filter(
    ({ campaignId, revision, told }) => (revision > told || !limited) && !withoutRun.has(campaignId),
  );
  const told = await Promise.all(news.map((holder) => tell(holder, limited)));
  if (news.length > 0) await noteTold(pool, connection, news, told);
  const asked = { connection, usualCallMs, lostAfterMs, limit: 1 };
  const lookUpDue =
    withoutRun.size > 0 && (await leftCallsToLookUp(pool, { ...asked, now: await databaseClock(pool) })).length > 0;
  return standingOf(limited ? limit : null, holders, withoutRun, lookUpDue);
}

/** Campaigns whose workflow was not found are compared with their workflows at once, and not in their turn. */
async function noteTold(
  pool: Pool,
  connection: string,
  news: readonly Shareholder[],
  told: readonly boolean[],
): Promise<void> {
  await noteSharesTold(
    pool,
    connection,
    news.filter((_, index) => told[index]),
  );
  const missed = news.filter((_, index) => !told[index]).map(({ campaignId }) => campaignId);
  if (missed.length > 0) await returnChecks(pool, missed);
}

/** False if the campaign has no workflow. */
async function tell(holder: Shareholder, limited: boolean): Promise<boolean> {
  try {
    const campaign = Context.current().client.workflow.getHandle(workflowId(holder.campaignId));
    await campaign.signal(SHARE_GIVEN, { ...givenShare(holder), ...(limited ? {} : { limited }) });
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function givenShare({ epoch, revision, share, held }: Shareholder): GivenShare {
  return { epoch, revision, share, held };
}
