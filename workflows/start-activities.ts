/** Starts activities and brings their answers to the run as news. */
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
import type { CampaignRun } from './campaign-run.ts';
import { insist } from './retry-forever.ts';
import { dial, exchange, lookUpCalls } from './proxies.ts';

/** Places the plan's contacts, and asks again for the calls that may have been placed. */
export function startPlacements(run: CampaignRun, plan: Plan, now: number): void {
  const { state, campaignId } = run;
  for (const id of plan.repeat) startRepeating(state, id);
  const fresh = state.ready.splice(0, plan.place.length).map((contact) => {
    const id = idOf(campaignId, contact);
    startPlacing(state, id, contact, now);
    return id;
  });
  place(run, [...plan.repeat, ...fresh], now);
}

/** Cancels every placement under way: one that has not been sent never will be, one that has is waited for. */
export function takeBackPlacements(run: CampaignRun): void {
  run.placementScope?.cancel();
  run.placementScope = null;
}

/** Settles what ended and claims what is due. */
export function startExchange(run: CampaignRun, want: number, now: number): void {
  const continuedFrom = run.continued ? (workflowInfo().continuedFromExecutionRunId ?? null) : null;
  const request = exchangeRequest(run.state, run.campaignId, want, run.waiting, continuedFrom, now);
  run.exchanging = true;
  const summary = exchangeSummary(request.settled.length, want);
  void insist(() => exchange.executeWithOptions({ summary }, [request])).then((reply) => {
    run.exchanging = false;
    run.inbox.push({ kind: 'exchanged', request, reply });
  });
}

/** Asks what became of calls that have not been heard of for too long. */
export function startLookUp(run: CampaignRun, callIds: readonly string[]): void {
  const { campaignId, state } = run;
  run.lookingUp = true;
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
      run.lookingUp = false;
      run.inbox.push({ kind: 'found', callIds, findings });
    });
}

/**
 * All placements share one scope, and each has as few promises as can be: the SDK keeps a stack trace of every promise of a
 * workflow, which costs more than all else that happens for a call.
 */
function place(run: CampaignRun, ids: readonly string[], now: number): void {
  if (ids.length === 0) return;
  run.placementScope ??= new CancellationScope();
  void run.placementScope.run(async () => {
    for (const id of ids) placeOne(run, id, now);
  });
}

function placeOne(run: CampaignRun, id: string, now: number): void {
  const { campaignId, state } = run;
  const call = state.inFlight[id];
  if (!call) return;
  const answered = (result: PlacementResult): void => void run.inbox.push({ kind: 'placed', callId: id, result });
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
