/** The shares of campaigns in a limit of calls in flight: the campaign's report, and the coordinator's division. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { readBreaker } from '../db/connection-breakers.ts';
import { divideShares, noteSharesTold, recordShareReport } from '../db/connection-shares.ts';
import { returnChecks } from '../db/interruptions.ts';
import { leftCallsToLookUp } from '../db/left-calls.ts';
import type { Pool } from '../db/pool.ts';
import { accountOfLimit, workflowId } from '../domain/engine/ids.ts';
import { type ShareStanding, standingOf } from '../domain/engine/share-coordinator.ts';
import {
  CONNECTION_WORKFLOW,
  type CoordinatorInput,
  coordinatorStart,
  type GivenShare,
  SHARE_GIVEN,
} from '../domain/engine/share-messages.ts';
import type { Shareholder, ShareReport } from '../domain/engine/shares.ts';
import { connectionsUnder, lostAfterMs } from './left-calls.ts';
import { readSharedLimit } from './shared-limit.ts';
import { callingRun, type ActivityDeps } from './context.ts';

/**
 * Records what a campaign needs and has in flight, and wakes the coordinator of the limit, or starts it. Returns the
 * campaign's share as it stands before the next division. Null if another run owns the campaign's records.
 */
export async function reportShare(
  { pool }: ActivityDeps,
  { limitId, report }: { limitId: string; report: ShareReport },
): Promise<GivenShare | null> {
  const holder = await recordShareReport(pool, limitId, callingRun(report.campaignId), report);
  if (holder === null) return null;
  await wakeCoordinator(limitId);
  return givenShare(limitId, holder);
}

/** Tells the coordinator that the records contain something new, or starts it. */
export async function wakeCoordinator(limitId: string): Promise<void> {
  const { client, info } = Context.current();
  await client.workflow.signalWithStart(CONNECTION_WORKFLOW, coordinatorStart(limitId, info.taskQueue));
}

/** Divides a limit among its campaigns, and tells them their new shares. */
export async function divideConnection(deps: ActivityDeps, { limitId }: CoordinatorInput): Promise<ShareStanding> {
  const { pool, factsOf, databaseClock } = deps;
  const limit = await readSharedLimit(deps, limitId);
  // A call of an account may be in flight for as long as on any of its connections.
  const lasts = connectionsUnder(deps, limitId).map((connection) => lostAfterMs(factsOf(connection)));
  const asked = { connection: limitId, limit, lostAfterMs: Math.max(0, ...lasts) };
  const { holders, withoutRun } = await divideShares(pool, asked, databaseClock);
  const limited = Number.isFinite(limit);
  const news = holders.filter(
    ({ campaignId, revision, told }) => (revision > told || !limited) && !withoutRun.has(campaignId),
  );
  const told = await Promise.all(news.map((holder) => tell(limitId, holder, limited)));
  if (news.length > 0) await noteTold(pool, limitId, news, told);
  const lookUpDue = withoutRun.size > 0 && (await isLookUpDue(deps, limitId));
  const trouble = accountOfLimit(limitId) === null ? (await readBreaker(pool, limitId)).trouble : null;
  const standing = standingOf(limited ? limit : null, holders, withoutRun, lookUpDue);
  if (trouble === null) return standing;
  const { reason, since, times } = trouble;
  return { ...standing, trouble: { reason, since, times } };
}

async function isLookUpDue(deps: ActivityDeps, limitId: string): Promise<boolean> {
  const { pool, factsOf, databaseClock } = deps;
  const now = await databaseClock(pool);
  for (const connection of connectionsUnder(deps, limitId)) {
    const facts = factsOf(connection);
    const asked = { limitId, connection, usualCallMs: facts.usualCallMs, lostAfterMs: lostAfterMs(facts) };
    if ((await leftCallsToLookUp(pool, { ...asked, now, limit: 1 })).length > 0) return true;
  }
  return false;
}

/** Campaigns whose workflow was not found are compared with their workflows at once, and not in their turn. */
async function noteTold(
  pool: Pool,
  limitId: string,
  news: readonly Shareholder[],
  told: readonly boolean[],
): Promise<void> {
  await noteSharesTold(
    pool,
    limitId,
    news.filter((_, index) => told[index]),
  );
  const missed = news.filter((_, index) => !told[index]).map(({ campaignId }) => campaignId);
  if (missed.length > 0) await returnChecks(pool, missed);
}

/** False if the campaign has no workflow. */
async function tell(limitId: string, holder: Shareholder, limited: boolean): Promise<boolean> {
  try {
    const campaign = Context.current().client.workflow.getHandle(workflowId(holder.campaignId));
    await campaign.signal(SHARE_GIVEN, { ...givenShare(limitId, holder), ...(limited ? {} : { limited }) });
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function givenShare(limitId: string, { epoch, revision, share, held }: Shareholder): GivenShare {
  return { limitId, epoch, revision, share, held };
}
