/** Starts activities, and puts their answers into the inbox. */
import { ActivityFailure, ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import { exchangeSummary, lookUpSummary, shareReportSummary } from '../domain/engine/activity-summaries.ts';
import { startLookingUp } from '../domain/engine/look-ups.ts';
import { dialRequest, startDials } from '../domain/engine/starting-calls.ts';
import type { Work } from '../domain/engine/next-step.ts';
import type { PlacementResult } from '../domain/engine/placement.ts';
import { type Claim, mostClaimed } from '../domain/engine/roster.ts';
import { exchangeRequest } from '../domain/engine/settling.ts';
import { type DueReport, startReport } from '../domain/engine/share-report.ts';
import { dial, exchange, lookUpCalls, reportShare } from './proxies.ts';
import { retryForever } from './retry-forever.ts';
import type { WorkflowRun } from './workflow-run.ts';

/**
 * All placements share one cancellation scope, and each has as few promises as possible: the SDK keeps a stack trace of every
 * promise in a workflow, which costs more than all other work for a call.
 */
export function startPlacements(run: WorkflowRun, work: Work, now: number): void {
  const ids = startDials(run.state, run.campaignId, work, now);
  if (ids.length === 0) return;
  run.placementScope ??= new CancellationScope();
  void run.placementScope.run(async () => {
    for (const id of ids) place(run, id, now);
  });
}

/** Cancels every placement under way. An unsent request will not be sent, and a sent request is awaited. */
export function cancelPlacements(run: WorkflowRun): void {
  run.placementScope?.cancel();
  run.placementScope = null;
}

/** Settles what ended and claims what is due. */
export function startExchange(run: WorkflowRun, claim: Claim, now: number): void {
  const request = exchangeRequest(run.state, run.campaignId, claim, run.waiting, run.continuedFrom, now);
  run.exchanging = true;
  const summary = exchangeSummary(request.settled.length, mostClaimed(claim));
  void retryForever(() => exchange.executeWithOptions({ summary }, [request])).then((reply) => {
    run.exchanging = false;
    run.inbox.push({ kind: 'exchanged', request, reply });
  });
}

/** Looks up calls of which no event has told for long. */
export function startLookUp(run: WorkflowRun, callIds: readonly string[], now: number): void {
  const { campaignId, state } = run;
  run.lookingUp = true;
  const calls = startLookingUp(state, callIds, now);
  const asked = lookUpCalls.executeWithOptions({ summary: lookUpSummary(callIds.length) }, [
    { campaignId, connection: state.spec.connection, epoch: state.epoch, calls },
  ]);
  void asked
    .catch(() => callIds.map(() => ({ kind: 'unasked' as const })))
    .then((findings) => {
      run.lookingUp = false;
      run.inbox.push({ kind: 'found', callIds, findings });
    });
}

/** Tells the coordinator of a shared limit what the campaign needs and has in flight. */
export function reportToCoordinator(run: WorkflowRun, due: DueReport, now: number): void {
  const { limitId } = due;
  const report = startReport(run.state, run.campaignId, due, now);
  run.reporting = true;
  const summary = shareReportSummary(due);
  void retryForever(() => reportShare.executeWithOptions({ summary }, [{ limitId, report }])).then((share) => {
    run.reporting = false;
    run.inbox.push({ kind: 'share', epoch: report.epoch, share });
  });
}

function place(run: WorkflowRun, id: string, now: number): void {
  const request = dialRequest(run.state, run.campaignId, id, now);
  if (!request) return;
  const answered = (result: PlacementResult): void => void run.inbox.push({ kind: 'placed', callId: id, result });
  void dial(request, now).then(answered, (error: unknown) => answered(withoutAnswer(error)));
}

/** A placement that ended without an answer may have been sent. Only its dial record shows it. */
function withoutAnswer(error: unknown): PlacementResult {
  if (isCancellation(error)) return { kind: 'cancelled' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { kind: 'unanswered', error: true, reason: cause.type ?? 'internal' };
  return { kind: 'unanswered', error: false, reason: 'no_answer_from_worker' };
}
