import { permitDial, recordAnswer, withdrawPlacements, type Dial } from '../db/calls.ts';
import type { Pool } from '../db/pool.ts';
import type { DialRequest } from '../domain/engine/calls.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import { type PlacementResult, REPEAT_REFUSED } from '../domain/engine/placement.ts';
import { callId } from '../domain/engine/ids.ts';
import type { PlaceResult } from '../domain/dialling/provider-messages.ts';
import { CannotFreeze, freeze, place as placeAt } from '../providers/checked.ts';
import { sendBy } from '../domain/dialling/send-by.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import { callingRun, type ActivityDeps } from './context.ts';
import { whileHeartbeating } from './heartbeats.ts';

/**
 * Places one call: writes the dial record, sends the request at most once, and records the answer. However often it
 * runs for one call id, the provider sees the same key and the same bytes, and no request after an answer.
 */
export async function placeCall(deps: ActivityDeps, request: DialRequest): Promise<PlacementResult> {
  return whileHeartbeating(DIAL.heartbeatEveryMs, () => place(deps, request));
}

async function place(deps: ActivityDeps, request: DialRequest): Promise<PlacementResult> {
  const { pool } = deps;
  const startedAt = deps.now();
  const open = deps.connections.get(request.connection);
  if (!open) return withoutConnection(pool, request);
  const { connection, provider } = open;
  const dial: Dial = {
    ...request,
    callId: callId(request),
    madeFor: connection.madeFor ?? connection.name,
    runId: callingRun(request.campaignId),
    terms: connection,
  };
  const permit = await permitDial(pool, dial, (call) => freeze(provider, call), deps.databaseClock).catch(
    withoutRequest,
  );
  if (permit.kind !== 'send') return permit;
  const last = sendBy({ startedAt, ...permit, notAfter: request.notAfter, ...provider.facts });
  const answer = await placeAt(provider, permit.request, dial.callId, last.at);
  // The database's time. The local clock only measures what has passed since.
  const answeredAt = permit.permittedAt + (deps.now() - startedAt);
  const ended = await recordAnswer(pool, { ...dial, now: answeredAt }, answer, permit);
  return answer.kind === 'expired' ? { kind: last.otherwise } : toResult(answer, ended, permit.sentBefore !== null);
}

/**
 * The connections file that this worker has read does not contain the connection, or one of its secrets is missing. An earlier
 * try may have sent the request all the same.
 */
async function withoutConnection(pool: Pool, request: DialRequest): Promise<PlacementResult> {
  const id = callId(request);
  const unsent = await withdrawPlacements(pool, request, [{ ...request, callId: id }]);
  return unsent.has(id) ? { kind: 'blocked', reason: 'no_connection' } : { kind: 'unresolved' };
}

/** Nothing was recorded and nothing sent. A contact that cannot be called says nothing about the provider. */
function withoutRequest(error: unknown): { kind: 'invalid' } | { kind: 'blocked'; reason: 'misconfigured' } {
  if (!(error instanceof CannotFreeze)) throw error;
  return error.isMisconfigured ? { kind: 'blocked', reason: 'misconfigured' } : { kind: 'invalid' };
}

/**
 * If an earlier try may have been accepted, the outcome stays unknown, even if this try sent nothing or was refused.
 */
function toResult(
  answer: Exclude<PlaceResult, { kind: 'expired' }>,
  ended: EndedEvent | null,
  repeat: boolean,
): PlacementResult {
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
  }
}
