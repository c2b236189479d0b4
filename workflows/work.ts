/** Starts activities and brings their answers to the desk as news. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import { exchangeSummary, lookUpSummary } from '../domain/engine/activity-summaries.ts';
import { idOf, startPlacing, startRepeating } from '../domain/engine/calls.ts';
import type { Plan } from '../domain/engine/pacing.ts';
import type { PlacementResult } from '../domain/engine/placement.ts';
import { exchangeRequest } from '../domain/engine/settling.ts';
import type { Desk } from './desk.ts';
import { insist } from './insist.ts';
import { dial, exchange, lookUpCalls } from './proxies.ts';

/** Places the plan's contacts, and asks again for the calls that may have been placed. */
export function startPlacements(desk: Desk, plan: Plan, now: number): void {
  const { state, campaignId } = desk;
  for (const id of plan.repeat) startRepeating(state, id);
  const fresh = state.ready.splice(0, plan.place.length).map((contact) => {
    const id = idOf(campaignId, contact);
    startPlacing(state, id, contact, now);
    return id;
  });
  place(desk, [...plan.repeat, ...fresh], now);
}

/** Cancels every placement under way: one that has not been sent never will be, one that has is waited for. */
export function takeBackPlacements(desk: Desk): void {
  desk.dials?.cancel();
  desk.dials = null;
}

/** Settles what ended and claims what is due. */
export function startExchange(desk: Desk, want: number, now: number): void {
  const continuedFrom = desk.continued ? (workflowInfo().continuedFromExecutionRunId ?? null) : null;
  const request = exchangeRequest(desk.state, desk.campaignId, want, desk.waiting, continuedFrom, now);
  desk.exchanging = true;
  const summary = exchangeSummary(request.settled.length, want);
  void insist(() => exchange.executeWithOptions({ summary }, [request])).then((reply) => {
    desk.exchanging = false;
    desk.news.push({ kind: 'exchanged', request, reply });
  });
}

/** Asks what became of calls that have not been heard of for too long. */
export function startLookUp(desk: Desk, callIds: readonly string[]): void {
  const { campaignId, state } = desk;
  desk.lookingUp = true;
  const calls = callIds.flatMap((callId) => {
    const call = state.inFlight[callId];
    if (!call) return [];
    call.checkAt = null;
    const { seq, attempt, placement } = call;
    return [{ callId, seq, attempt, placement }];
  });
  const asked = lookUpCalls.executeWithOptions({ summary: lookUpSummary(callIds.length) }, [
    { campaignId, epoch: state.epoch, calls },
  ]);
  void asked
    .catch(() => callIds.map(() => ({ kind: 'unasked' as const })))
    .then((findings) => {
      desk.lookingUp = false;
      desk.news.push({ kind: 'found', callIds, findings });
    });
}

/**
 * All placements share one scope, and each has as few promises as can be: the SDK keeps a stack trace of every promise of a
 * workflow, which costs more than all else that happens for a call.
 */
function place(desk: Desk, ids: readonly string[], now: number): void {
  if (ids.length === 0) return;
  desk.dials ??= new CancellationScope();
  void desk.dials.run(async () => {
    for (const id of ids) placeOne(desk, id, now);
  });
}

function placeOne(desk: Desk, id: string, now: number): void {
  const { campaignId, state } = desk;
  const call = state.inFlight[id];
  if (!call) return;
  const answered = (result: PlacementResult): void => void desk.news.push({ kind: 'placed', callId: id, result });
  const { seq, attempt, placement, day, notAfter } = call;
  const notBefore = state.window?.opensAt ?? now;
  void dial({ campaignId, seq, attempt, epoch: state.epoch, placement, day, notBefore, notAfter }, now).then(
    answered,
    (error: unknown) => answered(withoutAnswer(error)),
  );
}

/** A placement that ended without an answer may have been sent: only its dial record knows. */
function withoutAnswer(error: unknown): PlacementResult {
  if (isCancellation(error)) return { kind: 'taken_back' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { kind: 'unanswered', error: true, reason: cause.type ?? 'internal' };
  return { kind: 'unanswered', error: false, reason: 'no_answer_from_worker' };
}
