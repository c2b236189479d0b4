import { permitDial, recordAnswer, type Dial } from '../db/calls.ts';
import type { EndedEvent } from '../domain/outcome.ts';
import { type PlacementResult, REPEAT_REFUSED } from '../domain/placement.ts';
import { callId } from '../domain/ids.ts';
import type { PlaceResult } from '../domain/provider-messages.ts';
import { CannotFreeze, freeze, place as placeAt } from '../providers/checked.ts';
import { callingRun, type ActivityDeps } from './context.ts';
import { whileHeartbeating } from './heartbeats.ts';

export interface PlaceCallRequest {
  readonly campaignId: string;
  readonly seq: number;
  readonly attempt: number;
  /** The civil day whose cap the call counts against. */
  readonly day: string;
  /** Nothing is sent at or after this instant (epoch ms). */
  readonly notAfter: number;
}

/**
 * A try that has not sent by this time after it began never will. The server gives a try up later than this (see the
 * heartbeat time-out in workflows/proxies.ts), so a process that was frozen and wakes after that cannot dial.
 */
const SEND_WITHIN_MS = 8_000;
/** Most placements are over before the first heartbeat. */
const HEARTBEAT_MS = 3_000;

/**
 * Places one call: writes the dial record, sends the request at most once, writes down the answer. However often it is
 * called for one call id, the provider sees the same key and the same bytes, and after an answer no request at all.
 */
export async function placeCall(deps: ActivityDeps, request: PlaceCallRequest): Promise<PlacementResult> {
  return whileHeartbeating(HEARTBEAT_MS, () => place(deps, request));
}

async function place(deps: ActivityDeps, request: PlaceCallRequest): Promise<PlacementResult> {
  const { pool, provider } = deps;
  const now = deps.now();
  const dial: Dial = { ...request, callId: callId(request), provider: provider.name, runId: callingRun(), now };
  const permit = await permitDial(pool, dial, (call) => freeze(provider, call)).catch(withoutRequest);
  if (permit.kind === 'unknown') return { kind: 'unknown', reason: 'gate', retryAfterMs: null };
  if (permit.kind !== 'send') return permit;
  if (permit.sentBefore !== null && !isRemembered(deps, permit.sentBefore)) {
    return { kind: 'unknown', reason: 'key_expired', retryAfterMs: null };
  }
  const answer = await placeAt(provider, permit.request, dial.callId, Math.min(request.notAfter, now + SEND_WITHIN_MS));
  const ended = await recordAnswer(pool, { ...dial, now: deps.now() }, answer, permit);
  return toResult(answer, ended, permit.sentBefore !== null);
}

/** Nothing was written down and nothing sent. That one contact cannot be called says nothing about the provider. */
function withoutRequest(error: unknown): { kind: 'invalid' } | { kind: 'blocked'; reason: 'misconfigured' } {
  if (!(error instanceof CannotFreeze)) throw error;
  return error.isMisconfigured ? { kind: 'blocked', reason: 'misconfigured' } : { kind: 'invalid' };
}

/** Whether the provider surely still knows the key when a request that leaves now arrives. */
function isRemembered({ provider, now }: ActivityDeps, firstSentAt: number): boolean {
  const { keyTtlMs, requestTimeoutMs } = provider.facts;
  return now() + requestTimeoutMs < firstSentAt + keyTtlMs;
}

/** After an earlier try that may have been accepted, nothing sent by this one, or a refusal of it, is still unknown. */
function toResult(answer: PlaceResult, ended: EndedEvent | null, repeat: boolean): PlacementResult {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'accepted', ended };
    case 'rejected':
      return repeat ? { kind: 'unknown', reason: REPEAT_REFUSED, retryAfterMs: null } : answer;
    case 'unknown':
      return { ...answer, retryAfterMs: null };
    case 'throttled':
      return repeat ? { kind: 'unknown', reason: 'throttled', retryAfterMs: answer.retryAfterMs } : answer;
    case 'unavailable':
    case 'blocked':
      return repeat ? { kind: 'unknown', reason: answer.reason, retryAfterMs: null } : answer;
    case 'expired':
      return repeat ? { kind: 'unknown', reason: 'expired', retryAfterMs: null } : answer;
  }
}
