import type { Dial, DialReservation } from '../db/dial.ts';
import { recordAnswer } from '../db/dial-answers.ts';
import { permitDial } from '../db/dial-permits.ts';
import { takeBack, withdrawPlacements } from '../db/dial-records.ts';
import type { Pool } from '../db/pool.ts';
import type { DialRequest } from '../domain/engine/starting-calls.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import { NO_CONNECTION, type PlacementResult, REPEAT_REFUSED } from '../domain/engine/placement.ts';
import { callId } from '../domain/engine/ids.ts';
import { heldBy } from '../domain/dialling/connection-breaker.ts';
import { verdictOf } from '../domain/dialling/connection-verdict.ts';
import type { PlaceResult } from '../domain/dialling/provider-messages.ts';
import { CannotFreeze, freeze, place as placeAt } from '../providers/checked.ts';
import type { OpenConnection } from '../providers/connections/open-connections.ts';
import { dialMarginMs, notAfterThrough } from '../domain/engine/dial-margin.ts';
import { tellBreaker } from './connection-trouble.ts';
import { sendBy } from '../domain/dialling/send-by.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import { callingRun, type ActivityDeps } from './context.ts';
import { whileHeartbeating } from './heartbeats.ts';
import { takeInstant, type TakenInstant, untilInstant } from './take-instant.ts';

/**
 * Places one call: writes the dial record, sends the request at most once, and records the answer. However often it
 * runs for one call id, the provider sees the same key and the same bytes, and no request after an answer.
 */
export async function placeCall(deps: ActivityDeps, request: DialRequest): Promise<PlacementResult> {
  return whileHeartbeating(DIAL.heartbeatEveryMs, () => place(deps, request));
}

async function place(deps: ActivityDeps, request: DialRequest): Promise<PlacementResult> {
  const startedAt = deps.now();
  const open = deps.connections.get(request.connection);
  if (!open) return withoutConnection(deps.pool, request);
  const { madeFor, name } = open.connection;
  const { callLifetimeMs, graceMs } = deps.factsOf(name);
  const dial = {
    ...request,
    callId: callId(request),
    madeFor: madeFor ?? name,
    runId: callingRun(request.campaignId),
    terms: open.connection,
    notAfter: notAfterThrough(request, open.provider.facts),
    marginMs: Math.max(request.marginMs, dialMarginMs(open.provider.facts)),
    lostAfterMs: callLifetimeMs + graceMs,
  };
  return sendInTime({ deps, open, dial, startedAt }, null, null);
}

/** One try of a placement. */
interface PlacingTry {
  readonly deps: ActivityDeps;
  readonly open: OpenConnection;
  readonly dial: Dial;
  /** By this machine's clock. */
  readonly startedAt: number;
}

/**
 * Asks for the permission and sends. On a connection with a rate it first takes an instant, and takes another one if the
 * connection to the provider was not ready in time: it is ready then.
 *
 * @param taken what came of the try's reservation; null: it has none
 * @param missed the instant that the try has missed; null: none
 */
async function sendInTime(
  placing: PlacingTry,
  taken: TakenInstant | DialReservation | null,
  missed: string | null,
): Promise<PlacementResult> {
  const { deps, open, dial, startedAt } = placing;
  const { pool, now } = deps;
  const { connection, provider } = open;
  const askedAt = now();
  const permit = await permitDial(pool, dial, (call) => freeze(provider, call), deps.databaseClock, {
    callsPerSecond: connection.callsPerSecond,
    reservation: taken,
  }).catch(withoutRequest);
  if (permit.kind === 'reserve') {
    const { callsPerSecond, readAt } = permit;
    const windowLeftMs = dial.notAfter - readAt;
    const sendUntil = startedAt + DIAL.sendWithinMs;
    const asked = { connection: dial.connection, callsPerSecond, missed, windowLeftMs, sendUntil };
    return sendInTime(placing, await takeInstant(deps, asked), missed);
  }
  if (permit.kind !== 'send') return permit;
  const last = sendBy({ startedAt, askedAt, ...permit, notAfter: dial.notAfter, ...provider.facts });
  const instant = taken && 'until' in taken ? taken : null;
  if (instant) await untilInstant(instant, now);
  const answer = await placeAt(provider, permit.request, dial.callId, Math.min(last.at, instant?.until ?? Infinity));
  if (answer.kind === 'expired' && instant && now() >= instant.until && now() < last.at) {
    await takeBack(pool, dial, permit);
    // What the next permission says may be something else: the turn is for the first dial that can use it.
    await tellBreaker(pool, dial, verdictOf(answer), permit.passage, permit.permittedAt + (now() - askedAt));
    return sendInTime(placing, null, instant.instant);
  }
  // The database's time. The local clock only measures what has passed since.
  const answeredAt = permit.permittedAt + (now() - askedAt);
  // The call comes first: if the breaker cannot be told, the call is known all the same.
  const ended = await recordAnswer(pool, { ...dial, now: answeredAt }, answer, permit);
  const breaker = await tellBreaker(pool, dial, verdictOf(answer), permit.passage, answeredAt);
  if (answer.kind === 'expired') return { kind: last.otherwise };
  return permit.sentBefore === null
    ? ofFirstTry(answer, ended, () => heldBy(breaker, answeredAt, Math.random()))
    : ofRepeat(answer, ended);
}

/**
 * The connections file that this worker has read does not contain the connection, or one of its secrets is missing. An earlier
 * try may have sent the request all the same.
 */
async function withoutConnection(pool: Pool, request: DialRequest): Promise<PlacementResult> {
  const id = callId(request);
  const unsent = await withdrawPlacements(pool, request, [{ ...request, callId: id }]);
  return unsent.has(id) ? { kind: 'blocked', reason: NO_CONNECTION } : { kind: 'unresolved' };
}

/** Nothing was recorded and nothing sent. A contact that cannot be called says nothing about the provider. */
function withoutRequest(error: unknown): { kind: 'invalid' } | { kind: 'blocked'; reason: 'misconfigured' } {
  if (!(error instanceof CannotFreeze)) throw error;
  return error.isMisconfigured ? { kind: 'blocked', reason: 'misconfigured' } : { kind: 'invalid' };
}

type Answered = Exclude<PlaceResult, { kind: 'expired' }>;

/** @param held what a campaign is told of trouble of the whole connection */
function ofFirstTry(answer: Answered, ended: EndedEvent | null, held: () => PlacementResult): PlacementResult {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'accepted', ended };
    case 'unknown':
      return { ...answer, retryAfterMs: null };
    case 'throttled':
    case 'unavailable':
      return held();
    case 'blocked':
      return verdictOf(answer).kind === 'fails' ? held() : answer;
    case 'rejected':
      return answer;
  }
}

/** An earlier try may have been accepted: the outcome stays unknown, even if this one sent nothing or was refused. */
function ofRepeat(answer: Answered, ended: EndedEvent | null): PlacementResult {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'accepted', ended };
    case 'rejected':
      return { kind: 'unknown', reason: REPEAT_REFUSED, retryAfterMs: null };
    case 'throttled':
      return { kind: 'unknown', reason: 'throttled', retryAfterMs: answer.retryAfterMs };
    case 'unavailable':
    case 'blocked':
    case 'unknown':
      return { kind: 'unknown', reason: answer.reason, retryAfterMs: null };
  }
}
