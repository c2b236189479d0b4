import { log } from '@temporalio/activity';
import { isLoadedByAny } from '../db/connection-loads.ts';
import { recordAcceptance } from '../db/dial-answers.ts';
import { withdrawPlacements } from '../db/dial-records.ts';
import { findCalls, type KnownCall } from '../db/known-calls.ts';
import { orphansOfCalls } from '../db/orphans.ts';
import { inTransaction, type Pool } from '../db/pool.ts';
import type { CallToLookUp } from '../domain/engine/look-ups.ts';
import { lookUpEventId } from '../domain/engine/ids.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { LookUpFinding } from '../domain/engine/placement.ts';
import type { LookUpResult } from '../domain/dialling/provider-messages.ts';
import { LOOK_UPS } from '../domain/engine/time-limits.ts';
import { type Answered, budgetOf, lookUpWithinBudget, type Reserve } from '../providers/budgeted-look-up.ts';
import { cancel } from '../providers/checked.ts';
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
  readonly calls: readonly CallToLookUp[];
}

/**
 * Finds out what became of calls: in our own tables first, then at the provider, then among events that may belong to
 * them. The findings have the order of the request and arrive in time: a call that the provider has not answered by
 * then is `unasked`, and does not delay the others. One that the connection's budget does not cover is `deferred`. That a
 * call was not placed is recorded before it is returned, so that a late try sends nothing any more. Calls that wait in the
 * provider's queue are cancelled there if the request says so.
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
  /** Null: this worker does not have the connection, and only our own tables can tell. */
  readonly asked: { readonly provider: CallProvider; readonly reserve: Reserve } | null;
  /** What is found about the other calls then. */
  readonly otherwise: LookUpFinding;
  /** The database's time. */
  readonly now: () => number;
  readonly findings: Map<string, LookUpFinding>;
}

/** A call as our own tables know it, and what the campaign wants of it. */
interface SoughtCall extends KnownCall {
  readonly urgent: boolean;
  readonly cancelQueued: boolean;
}

async function lookUp(given: ActivityDeps, request: LookUpRequest, inTime: AbortSignal): Promise<LookUpFinding[]> {
  const { pool, databaseClock } = given;
  const { campaignId, connection } = request;
  const open = given.connections.get(connection);
  const asked = open && { provider: open.provider, reserve: budgetOf(pool, open, databaseClock) };
  // The local clock only measures what passes since.
  const ahead = given.now() - (await databaseClock(pool));
  const findings = new Map<string, LookUpFinding>();
  const otherwise = asked === null ? await withoutConnection(pool, connection) : UNASKED;
  const deps: LookUp = { pool, campaignId, connection, asked, otherwise, now: () => given.now() - ahead, findings };
  const withdrawn = await withdrawPlacements(pool, request, request.calls);
  for (const callId of withdrawn) findings.set(callId, { kind: 'not_placed', reason: null });
  const others = request.calls.filter(({ callId }) => !withdrawn.has(callId));
  const known = await findSought(deps, others);
  await withinTime(inTime, resolve(deps, known));
  const unheardOf = known.filter(
    ({ callId, providerCallId }) => providerCallId === null && findings.get(callId)?.kind === 'unknown',
  );
  const adopted = await withinTime(inTime, findAmongOrphans(deps, unheardOf));
  if (adopted) await withinTime(inTime, resolve(deps, adopted));
  return request.calls.map(({ callId }) => findings.get(callId) ?? UNASKED);
}

const UNASKED: LookUpFinding = { kind: 'unasked' };

/** While another worker has the connection, it may be the one that is asked next. */
async function withoutConnection(pool: Pool, connection: string): Promise<LookUpFinding> {
  return (await isLoadedByAny(pool, connection)) ? UNASKED : { kind: 'unknown', mayRepeat: false, noConnection: true };
}

async function findSought(
  { pool }: LookUp,
  calls: readonly { readonly callId: string; readonly urgent?: boolean; readonly cancelQueued?: boolean }[],
): Promise<SoughtCall[]> {
  const known = await findCalls(
    pool,
    calls.map(({ callId }) => callId),
  );
  return calls.flatMap(({ callId, urgent = false, cancelQueued = false }) => {
    const call = known.get(callId);
    return call ? [{ ...call, urgent, cancelQueued }] : [];
  });
}

/** Asks the provider about calls that our own tables do not resolve. */
async function resolve(deps: LookUp, calls: readonly SoughtCall[]): Promise<void> {
  const { asked, otherwise, findings } = deps;
  const open: SoughtCall[] = [];
  for (const call of calls) {
    const finding = asRecorded(call) ?? (asked ? null : otherwise);
    if (finding) findings.set(call.callId, finding);
    else open.push(call);
  }
  if (!asked) return;
  const questions = open.map((call) => ({ ...call, urgent: call.urgent || call.cancelQueued }));
  await lookUpWithinBudget(asked.provider, asked.reserve, questions, (call, answer) => take(deps, call, answer));
}

/** What our own tables say of the call. Null: the provider must be asked. */
function asRecorded({ refusal, ended, begun, urgent, cancelQueued }: SoughtCall): LookUpFinding | null {
  if (refusal !== null) return { kind: 'not_placed', reason: refusal };
  if (ended) return { kind: 'ended', event: ended };
  // The only question was whether it still waits in the provider's queue.
  return cancelQueued && begun && !urgent ? { kind: 'live', queued: false } : null;
}

/** A failure concerns this call alone. */
async function take(deps: LookUp, call: SoughtCall, answer: Answered): Promise<void> {
  const { findings } = deps;
  const { callId } = call;
  try {
    if (answer.kind === 'failed') log.warn('the adapter failed to look up a call', { call: callId });
    else if (answer.kind === 'deferred') findings.set(callId, answer);
    else findings.set(callId, await takeIn(deps, call, await cancelledIfQueued(deps, call, answer)));
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    log.warn('the result of a look-up could not be recorded', { call: callId, error: name });
  }
}

/**
 * Cancels a call that the provider has not yet dialled, and returns what the provider says of it then: it may have been dialled
 * meanwhile. No budget limits this, because a promise depends on it.
 */
async function cancelledIfQueued(
  { asked }: LookUp,
  { cancelQueued, begun }: SoughtCall,
  found: LookUpResult,
): Promise<LookUpResult> {
  if (!asked || !cancelQueued || begun || found.kind !== 'live' || found.queued !== true) return found;
  const cancelled = await cancel(asked.provider, found.providerCallId);
  return cancelled === null || cancelled.kind === 'unknown' ? found : cancelled;
}

async function takeIn(deps: LookUp, call: SoughtCall, found: LookUpResult): Promise<LookUpFinding> {
  if (found.kind === 'unknown') {
    return { kind: 'unknown', mayRepeat: call.providerCallId === null && mayRepeat(deps, call) };
  }
  const early = call.replied ? null : await linkFound(deps, call, found.providerCallId);
  if (early) return { kind: 'ended', event: early };
  // An event may be newer than a list of the provider.
  if (found.kind === 'live') return { kind: 'live', queued: found.queued === true && !call.begun };
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
async function findAmongOrphans(deps: LookUp, calls: readonly SoughtCall[]): Promise<SoughtCall[]> {
  const { pool, connection, asked, now } = deps;
  if (calls.length === 0 || !asked) return [];
  const callIds = calls.map(({ callId }) => callId);
  const orphans = await orphansOfCalls(pool, connection, callIds, ORPHANS_ASKED);
  const adopted = await adoptOrphans(pool, { name: connection, ...asked }, orphans, now);
  return findSought(
    deps,
    calls.filter(({ callId }) => adopted.includes(callId)),
  );
}

function mayRepeat({ asked, now }: LookUp, { firstSentAt }: KnownCall): boolean {
  if (!asked) return false;
  const { keyTtlMs, requestTimeoutMs } = asked.provider.facts;
  return firstSentAt !== null && now() + requestTimeoutMs < firstSentAt + keyTtlMs;
}
