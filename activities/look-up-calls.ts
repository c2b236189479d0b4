import { log } from '@temporalio/activity';
import { findCalls, type KnownCall, type OpenPlacement, recordAcceptance, withdrawPlacements } from '../db/calls.ts';
import { orphansOfCalls } from '../db/orphans.ts';
import { inTransaction, type Pool } from '../db/pool.ts';
import { lookUpEventId } from '../domain/engine/ids.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { LookUpFinding } from '../domain/engine/placement.ts';
import type { LookUpResult } from '../domain/dialling/provider-messages.ts';
import { LOOK_UPS } from '../domain/engine/time-limits.ts';
import { lookUp as askProvider } from '../providers/checked.ts';
import type { CallProvider } from '../providers/port.ts';
import { adoptOrphans, ORPHANS_ASKED } from '../providers/find-orphans.ts';
import type { ActivityDeps } from './context.ts';
import { whileHeartbeating } from './heartbeats.ts';
import { withinTime } from './within-time.ts';

export interface LookUpRequest {
  readonly campaignId: string;
  /** The campaign's connection. */
  readonly connection: string;
  /** The epoch of the calling state. */
  readonly epoch: number;
  readonly calls: readonly OpenPlacement[];
}

/**
 * Finds out what became of calls: in our own tables first, then at the provider, then among events that may belong to
 * them. The findings have the order of the request and arrive in time: a call that the provider has not answered by
 * then is `unasked`, and does not delay the others. That a call was not placed is recorded before it is returned, so
 * that a late try sends nothing any more.
 */
export async function lookUpCalls(
  deps: ActivityDeps,
  request: LookUpRequest,
  answerWithinMs: number = LOOK_UPS.answerWithinMs,
): Promise<LookUpFinding[]> {
  return whileHeartbeating(LOOK_UPS.heartbeatEveryMs, () => lookUp(deps, request, AbortSignal.timeout(answerWithinMs)));
}

/** What a look-up works with. */
interface LookUp {
  readonly pool: Pool;
  readonly campaignId: string;
  readonly connection: string;
  /** Null: the connection is gone, and only our own tables can tell. */
  readonly provider: CallProvider | null;
  /** The database's time. */
  readonly now: () => number;
}

async function lookUp(given: ActivityDeps, request: LookUpRequest, inTime: AbortSignal): Promise<LookUpFinding[]> {
  const { pool } = given;
  const { campaignId, connection } = request;
  const provider = given.connections.get(connection)?.provider ?? null;
  // The local clock only measures what passes since.
  const ahead = given.now() - (await given.databaseClock(pool));
  const deps: LookUp = { pool, campaignId, connection, provider, now: () => given.now() - ahead };
  const callIds = request.calls.map(({ callId }) => callId);
  const withdrawn = await withdrawPlacements(pool, request, request.calls);
  const findings = new Map<string, LookUpFinding>();
  const answered: Answered = (callId, finding) => void findings.set(callId, finding);
  for (const callId of withdrawn) answered(callId, { kind: 'not_placed', reason: null });
  const known = await findCalls(
    pool,
    callIds.filter((callId) => !withdrawn.has(callId)),
  );
  await withinTime(inTime, resolve(deps, [...known.values()], answered));
  const unheardOf = [...known.values()].filter(
    ({ callId, providerCallId }) => providerCallId === null && findings.get(callId)?.kind === 'unknown',
  );
  const adopted = await withinTime(inTime, findAmongOrphans(deps, unheardOf));
  if (adopted) await withinTime(inTime, resolve(deps, adopted, answered));
  return callIds.map((callId) => findings.get(callId) ?? { kind: 'unasked' });
}

type Answered = (callId: string, finding: LookUpFinding) => void;

/**
 * Asks the provider about calls that our own tables do not resolve: each call with a provider id by itself, all others
 * together.
 */
async function resolve(deps: LookUp, calls: readonly KnownCall[], answered: Answered): Promise<void> {
  const named: KnownCall[] = [];
  const unnamed: KnownCall[] = [];
  for (const call of calls) {
    const { callId, refusal, ended, providerCallId } = call;
    if (refusal !== null) answered(callId, { kind: 'not_placed', reason: refusal });
    else if (ended) answered(callId, { kind: 'ended', event: ended });
    else (providerCallId === null ? unnamed : named).push(call);
  }
  await Promise.all([ask(deps, unnamed, answered), ...named.map((call) => ask(deps, [call], answered))]);
}

/** A failure of one question affects only its calls. */
async function ask(deps: LookUp, calls: readonly KnownCall[], answered: Answered): Promise<void> {
  if (!deps.provider) {
    for (const { callId } of calls) answered(callId, { kind: 'unknown', mayRepeat: false });
    return;
  }
  const results = await askProvider(deps.provider, calls);
  const taken = calls.map(async (call, index) => {
    const result = results[index];
    if (!result) return log.warn('the adapter failed to look up a call', { call: call.callId });
    try {
      answered(call.callId, await takeIn(deps, call, result));
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      log.warn('the result of a look-up could not be recorded', { call: call.callId, error: name });
    }
  });
  await Promise.all(taken);
}

async function takeIn(deps: LookUp, call: KnownCall, found: LookUpResult): Promise<LookUpFinding> {
  if (found.kind === 'unknown') {
    return { kind: 'unknown', mayRepeat: call.providerCallId === null && mayRepeat(deps, call) };
  }
  const early = call.replied ? null : await linkFound(deps, call, found.providerCallId);
  if (early) return { kind: 'ended', event: early };
  if (found.kind === 'live') return { kind: 'live' };
  return {
    kind: 'ended',
    event: {
      event_id: lookUpEventId(call.callId),
      call_id: call.callId,
      outcome: found.outcome,
      ended_at: Math.round(found.endedAt ?? deps.now()),
      ...(found.accountFault === undefined ? {} : { account_fault: found.accountFault }),
    },
  };
}

/** Links the provider's id to the call. Returns the call's end if an event brought it before. */
async function linkFound(
  { pool, campaignId, connection, now }: LookUp,
  { callId }: KnownCall,
  providerCallId: string,
): Promise<EndedEvent | null> {
  const dial = { callId, campaignId, connection, now: now() };
  return inTransaction(pool, (tx) => recordAcceptance(tx, dial, providerCallId));
}

/** The calls among these that the provider has reported under its own id, as they are known now. */
async function findAmongOrphans(
  { pool, connection, provider, now }: LookUp,
  calls: readonly KnownCall[],
): Promise<KnownCall[]> {
  if (calls.length === 0 || !provider) return [];
  const callIds = calls.map(({ callId }) => callId);
  const orphans = await orphansOfCalls(pool, connection, callIds, ORPHANS_ASKED);
  const adopted = await adoptOrphans(pool, { name: connection, provider }, orphans, now);
  const ours = adopted.filter((callId) => callIds.includes(callId));
  return [...(await findCalls(pool, ours)).values()];
}

function mayRepeat({ provider, now }: LookUp, { firstSentAt }: KnownCall): boolean {
  if (!provider) return false;
  const { keyTtlMs, requestTimeoutMs } = provider.facts;
  return firstSentAt !== null && now() + requestTimeoutMs < firstSentAt + keyTtlMs;
}
