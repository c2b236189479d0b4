/** The shares of campaigns in the limit of their connection: the campaign's report, and the coordinator's division. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { lowestLimit } from '../db/connection-loads.ts';
import { divideShares, noteSharesTold, recordShareReport } from '../db/connection-shares.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { connectionWorkflowId, workflowId } from '../domain/engine/ids.ts';
import { type ShareStanding, standingOf } from '../domain/engine/share-coordinator.ts';
import {
  CONNECTION_WORKFLOW,
  type ConnectionInput,
  type GivenShare,
  SHARE_GIVEN,
  SHARE_REPORTED,
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
  const input: ConnectionInput = { connection };
  await client.workflow.signalWithStart(CONNECTION_WORKFLOW, {
    workflowId: connectionWorkflowId(connection, info.taskQueue),
    taskQueue: info.taskQueue,
    args: [input],
    signal: SHARE_REPORTED,
    signalArgs: [],
    staticSummary: `Share the calls in flight of ${connection}`,
  });
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
  const { callLifetimeMs, graceMs } = factsOf(connection);
  const lostAfterMs = callLifetimeMs + graceMs;
  const { holders, withoutRun } = await divideShares(pool, { connection, limit, lostAfterMs }, databaseClock);
  const news = holders.filter(({ campaignId, revision, told }) => revision > told && !withoutRun.has(campaignId));
  const told = await Promise.all(news.map(tell));
  if (news.length > 0)
    await noteSharesTold(
      pool,
      connection,
      news.filter((_, index) => told[index]),
    );
  return standingOf(Number.isFinite(limit) ? limit : null, holders, withoutRun);
}

/** False if the campaign has no workflow. The gateway finds that out, and its share is taken by a later division. */
async function tell(holder: Shareholder): Promise<boolean> {
  try {
    const campaign = Context.current().client.workflow.getHandle(workflowId(holder.campaignId));
    await campaign.signal(SHARE_GIVEN, givenShare(holder));
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function givenShare({ epoch, revision, share, held }: Shareholder): GivenShare {
  return { epoch, revision, share, held };
}
