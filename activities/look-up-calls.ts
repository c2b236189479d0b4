import { log } from '@temporalio/activity';
import { findCalls, type KnownCall, type OpenPlacement, recordAcceptance, withdrawPlacements } from '../db/calls.ts';
import { orphansOfCalls } from '../db/orphans.ts';
import { inTransaction } from '../db/pool.ts';
import { lookUpEventId } from '../domain/engine/ids.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import type { LookUpFinding } from '../domain/engine/placement.ts';
import type { LookUpResult } from '../domain/dialling/provider-messages.ts';
import { LOOK_UPS } from '../domain/engine/time-limits.ts';
import { lookUp as askProvider } from '../providers/checked.ts';
import { adoptOrphans, ORPHANS_ASKED } from '../providers/find-orphans.ts';
import type { ActivityDeps } from './context.ts';
import { whileHeartbeating } from './heartbeats.ts';
import { withinTime } from './within-time.ts';

export interface LookUpRequest {
  readonly campaignId: string;
  /** The epoch of the state that asks. */
  readonly epoch: number;
  readonly calls: readonly OpenPlacement[];
}

/**
 * Finds out what became of calls: our own tables first, then the provider, then events that may be of them. Answers in the
 * order of the question, and in time: what the provider has not said by then is `unasked`, and takes no other answer along.
 * That nothing was placed is recorded before it is said, so that a try which comes late sends nothing any more.
 */
export async function lookUpCalls(
  deps: ActivityDeps,
  request: LookUpRequest,
  answerWithinMs: number = LOOK_UPS.answerWithinMs,
): Promise<LookUpFinding[]> {
  return whileHeartbeating(LOOK_UPS.heartbeatEveryMs, () => lookUp(deps, request, AbortSignal.timeout(answerWithinMs)));
}

async function lookUp(given: ActivityDeps, request: LookUpRequest, inTime: AbortSignal): Promise<LookUpFinding[]> {
  const { pool, provider } = given;
  // The database's time, of which only what passes is measured here.
  const ahead = given.now() - (await given.databaseClock(pool));
  const deps: ActivityDeps = { ...given, now: () => given.now() - ahead };
  const callIds = request.calls.map(({ callId }) => callId);
  const withdrawn = await withdrawPlacements(pool, { ...request, provider: provider.name }, request.calls);
  const findings = new Map<string, LookUpFinding>();
  const answered: Answered = (callId, finding) => void findings.set(callId, finding);
  for (const callId of withdrawn) answered(callId, { kind: 'not_placed', reason: null });
  const known = await findCalls(
    pool,
    callIds.filter((callId) => !withdrawn.has(callId)),
  );
  await withinTime(inTime, resolve(deps, request.campaignId, [...known.values()], answered));
  const unheardOf = [...known.values()].filter(
    ({ callId, providerCallId }) => providerCallId === null && findings.get(callId)?.kind === 'unknown',
  );
  const adopted = await withinTime(inTime, findAmongOrphans(deps, unheardOf));
  if (adopted) await withinTime(inTime, resolve(deps, request.campaignId, adopted, answered));
  return callIds.map((callId) => findings.get(callId) ?? { kind: 'unasked' });
}

type Answered = (callId: string, finding: LookUpFinding) => void;

/** What our own tables do not know is asked: each call that the provider has named by itself, all others together. */
async function resolve(
  deps: ActivityDeps,
  campaignId: string,
  calls: readonly KnownCall[],
  answered: Answered,
): Promise<void> {
  const named: KnownCall[] = [];
  const unnamed: KnownCall[] = [];
  for (const call of calls) {
    const { callId, refusal, ended, providerCallId } = call;
    if (refusal !== null) answered(callId, { kind: 'not_placed', reason: refusal });
    else if (ended) answered(callId, { kind: 'ended', event: ended });
    else (providerCallId === null ? unnamed : named).push(call);
  }
  await Promise.all([
    ask(deps, campaignId, unnamed, answered),
    ...named.map((call) => ask(deps, campaignId, [call], answered)),
  ]);
}

/** Whatever goes wrong with one question concerns its calls alone. */
async function ask(
  deps: ActivityDeps,
  campaignId: string,
  calls: readonly KnownCall[],
  answered: Answered,
): Promise<void> {
  const results = await askProvider(deps.provider, calls);
  const taken = calls.map(async (call, index) => {
    const result = results[index];
    if (!result) return log.warn('the adapter failed to look a call up', { call: call.callId });
    try {
      answered(call.callId, await takeIn(deps, campaignId, call, result));
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      log.warn('what a look-up found could not be written down', { call: call.callId, error: name });
    }
  });
  await Promise.all(taken);
}

async function takeIn(
  deps: ActivityDeps,
  campaignId: string,
  call: KnownCall,
  found: LookUpResult,
): Promise<LookUpFinding> {
  if (found.kind === 'unknown') {
    return { kind: 'unknown', mayRepeat: call.providerCallId === null && mayRepeat(deps, call) };
  }
  const early = call.replied ? null : await linkFound(deps, campaignId, call, found.providerCallId);
  if (early) return { kind: 'ended', event: early };
  if (found.kind === 'live') return { kind: 'live' };
  return {
    kind: 'ended',
    event: {
      event_id: lookUpEventId(call.callId),
      call_id: call.callId,
      outcome: found.outcome,
      ended_at: Math.round(found.endedAt ?? deps.now()),
    },
  };
}

/** From here on the provider's id is that of the call. Returns its end by an event that came before. */
async function linkFound(
  { pool, provider, now }: ActivityDeps,
  campaignId: string,
  { callId }: KnownCall,
  providerCallId: string,
): Promise<EndedEvent | null> {
  const dial = { callId, campaignId, provider: provider.name, now: now() };
  return inTransaction(pool, (tx) => recordAcceptance(tx, dial, providerCallId));
}

/** Those of these calls that the provider has reported under its id, as they are known now. */
async function findAmongOrphans(
  { pool, provider, now }: ActivityDeps,
  calls: readonly KnownCall[],
): Promise<KnownCall[]> {
  if (calls.length === 0) return [];
  const callIds = calls.map(({ callId }) => callId);
  const orphans = await orphansOfCalls(pool, provider.name, callIds, ORPHANS_ASKED);
  const adopted = await adoptOrphans(pool, provider, orphans, now);
  const ours = adopted.filter((callId) => callIds.includes(callId));
  return [...(await findCalls(pool, ours)).values()];
}

function mayRepeat({ provider, now }: ActivityDeps, { firstSentAt }: KnownCall): boolean {
  const { keyTtlMs, requestTimeoutMs } = provider.facts;
  return firstSentAt !== null && now() + requestTimeoutMs < firstSentAt + keyTtlMs;
}
