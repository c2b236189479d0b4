import { log } from '@temporalio/activity';
import { findCalls, type KnownCall, type OpenPlacement, recordAcceptance, withdrawPlacements } from '../db/calls.ts';
import { inTransaction } from '../db/pool.ts';
import type { LookUpFinding } from '../domain/placement.ts';
import type { LookUpResult } from '../domain/provider-messages.ts';
import { lookUp as askProvider } from '../providers/checked.ts';
import type { ActivityDeps } from './context.ts';

export interface LookUpRequest {
  readonly campaignId: string;
  /** The epoch of the state that asks. */
  readonly epoch: number;
  readonly calls: readonly OpenPlacement[];
}

/** How many look-ups are at the provider at once. */
const AT_ONCE = 8;

/**
 * Finds out what became of calls: our own tables first, then the provider. Answers in the order of the question. That
 * nothing was placed is recorded before it is said, so that a try which comes late sends nothing any more.
 */
export async function lookUpCalls(deps: ActivityDeps, request: LookUpRequest): Promise<LookUpFinding[]> {
  const { pool, provider } = deps;
  const owner = { ...request, provider: provider.name };
  const withdrawn = await withdrawPlacements(pool, owner, request.calls);
  const known = await findCalls(
    pool,
    request.calls.map(({ callId }) => callId),
  );
  const findings: LookUpFinding[] = [];
  for (let from = 0; from < request.calls.length; from += AT_ONCE) {
    const batch = request.calls.slice(from, from + AT_ONCE);
    const found = batch.map(async ({ callId }): Promise<LookUpFinding> => {
      if (withdrawn.has(callId)) return { kind: 'not_placed', reason: null };
      return lookUpAlone(deps, request.campaignId, callId, known.get(callId));
    });
    findings.push(...(await Promise.all(found)));
  }
  return findings;
}

/** Whatever goes wrong with one question concerns its call alone. */
async function lookUpAlone(
  deps: ActivityDeps,
  campaignId: string,
  callId: string,
  call: KnownCall | undefined,
): Promise<LookUpFinding> {
  // It was not withdrawn, and its record is gone since.
  if (!call) return { kind: 'unasked' };
  try {
    return await lookUp(deps, campaignId, call);
  } catch (error) {
    log.warn('a call could not be looked up', { call: callId, error: error instanceof Error ? error.name : 'unknown' });
    return { kind: 'unasked' };
  }
}

async function lookUp(deps: ActivityDeps, campaignId: string, call: KnownCall): Promise<LookUpFinding> {
  if (call.refusal !== null) return { kind: 'not_placed', reason: call.refusal };
  if (call.ended) return { kind: 'ended', event: call.ended };
  const found = await askProvider(deps.provider, { callId: call.callId, providerCallId: call.providerCallId });
  if (found.kind !== 'unknown' && !call.replied) await linkFound(deps, campaignId, call, found);
  switch (found.kind) {
    case 'live':
      return { kind: 'live' };
    case 'ended':
      return {
        kind: 'ended',
        event: {
          event_id: `lookup:${call.callId}`,
          call_id: call.callId,
          outcome: found.outcome,
          ended_at: Math.round(found.endedAt ?? deps.now()),
        },
      };
    case 'unknown':
      return { kind: 'unknown', mayRepeat: call.providerCallId === null && mayRepeat(deps, call) };
  }
}

async function linkFound(
  deps: ActivityDeps,
  campaignId: string,
  call: KnownCall,
  found: Exclude<LookUpResult, { kind: 'unknown' }>,
): Promise<void> {
  const dial = { callId: call.callId, campaignId, provider: deps.provider.name, now: deps.now() };
  await inTransaction(deps.pool, (tx) => recordAcceptance(tx, dial, found.providerCallId));
}

function mayRepeat({ provider, now }: ActivityDeps, { firstSentAt }: KnownCall): boolean {
  const { keyTtlMs, requestTimeoutMs } = provider.facts;
  return firstSentAt !== null && now() + requestTimeoutMs < firstSentAt + keyTtlMs;
}
