import { log } from '@temporalio/activity';
import { storeFoundEnd } from '../db/call-events.ts';
import { type LeftCallToLookUp, leftCallsToLookUp, recordLookedUp } from '../db/left-calls.ts';
import { afterLookUp, type LookedUp } from '../domain/dialling/left-calls.ts';
import type { PacingFacts } from '../domain/engine/campaign-state.ts';
import { accountOfLimit, lookUpEventId } from '../domain/engine/ids.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { LookUpFinding } from '../domain/engine/placement.ts';
import type { CoordinatorInput } from '../domain/engine/share-messages.ts';
import type { ActivityDeps } from './context.ts';
import { lookUpCalls } from './look-up-calls.ts';

/** One request asks about so many at most, where the carrier has a list. The next calls have their turn soon. */
const CALLS_AT_ONCE = 50;

/** The connections whose calls count under a limit, as far as this worker has them. */
export function connectionsUnder({ connections }: Pick<ActivityDeps, 'connections'>, limitId: string): string[] {
  return accountOfLimit(limitId) === null ? [limitId] : connections.all().map(({ connection: { name } }) => name);
}

/** How long after its request a call may be in flight. */
export function lostAfterMs({ callLifetimeMs, graceMs }: PacingFacts): number {
  return callLifetimeMs + graceMs;
}

/**
 * Looks up calls of campaigns that share a limit and have no workflow, within the connection's budget of look-ups. An end is stored
 * as an event would be: it gives the slot back, and a later run of the campaign settles it. Returns how many ends were found.
 */
export async function lookUpLeftCalls(deps: ActivityDeps, { limitId }: CoordinatorInput): Promise<number> {
  const found = await Promise.all(
    connectionsUnder(deps, limitId).map((connection) => lookUpThrough(deps, limitId, connection)),
  );
  return found.reduce((sum, ended) => sum + ended, 0);
}

async function lookUpThrough(deps: ActivityDeps, limitId: string, connection: string): Promise<number> {
  const { pool, databaseClock, factsOf } = deps;
  const facts = factsOf(connection);
  const asked = { limitId, connection, usualCallMs: facts.usualCallMs, lostAfterMs: lostAfterMs(facts) };
  const calls = await leftCallsToLookUp(pool, { ...asked, now: await databaseClock(pool), limit: CALLS_AT_ONCE });
  const findings = await lookUpByCampaign(deps, connection, calls);
  const now = await databaseClock(pool);
  const open: (LookedUp & { readonly callId: string })[] = [];
  let ended = 0;
  for (const { call, finding } of findings) {
    if (finding.kind === 'ended' || finding.kind === 'not_placed') ended += 1;
    else open.push({ callId: call.callId, ...afterLookUp(call, finding, facts, now) });
    if (finding.kind === 'ended') await storeEnd(deps, connection, finding.event);
  }
  if (open.length > 0) await recordLookedUp(pool, open);
  if (ended > 0) log.info('calls of campaigns without a workflow have ended', { connection, calls: ended });
  return ended;
}

interface Found {
  readonly call: LeftCallToLookUp;
  readonly finding: LookUpFinding;
}

async function lookUpByCampaign(
  deps: ActivityDeps,
  connection: string,
  calls: readonly LeftCallToLookUp[],
): Promise<Found[]> {
  const campaigns = new Map(calls.map(({ campaignId, epoch }) => [campaignId, epoch]));
  const found = await Promise.all(
    [...campaigns].map(async ([campaignId, epoch]) => {
      const left = calls.filter((call) => call.campaignId === campaignId);
      // No run may dial any more, so there is no placement that could follow this number.
      const asked = left.map(({ callId, seq, attempt, accepted }) => ({
        callId,
        seq,
        attempt,
        placement: 0,
        ...(accepted ? {} : { urgent: true as const }),
      }));
      const findings = await lookUpCalls(deps, { campaignId, connection, epoch, calls: asked });
      return left.map((call, index) => ({ call, finding: findings[index]! }));
    }),
  );
  return found.flat();
}

/** An end that is on record already is not stored again. */
async function storeEnd({ pool }: ActivityDeps, connection: string, event: EndedEvent): Promise<void> {
  const { call_id: callId, outcome, ended_at: occurredAt, account_fault: accountFault } = event;
  if (event.event_id !== lookUpEventId(callId)) return;
  await storeFoundEnd(pool, connection, { callId, outcome, accountFault, occurredAt });
}
