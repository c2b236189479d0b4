/**
 * One campaign, from its creation to its last contact. The loop processes the inbox, decides on the next step
 * (domain/engine/next-step.ts), executes it, and sleeps until a message arrives or the next relevant time is reached. Decisions
 * are pure functions of the run. Only this folder uses Temporal.
 */
import { CancelledFailure } from '@temporalio/common';
import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  workflowInfo,
} from '@temporalio/workflow';
import { applyWindow, applyZoneData, waitWithoutWindow, type WindowQuestion } from '../domain/engine/calling-day.ts';
import { hasNews, takeOver, type PendingEdit } from '../domain/engine/campaign-run.ts';
import { isProcessed, rememberId } from '../domain/engine/commands.ts';
import { fitsNewRun, isDrained, wakeInDrain, type HistorySize } from '../domain/engine/continue-as-new.ts';
import { applyEdit, editRefusal, startEdit, type CampaignEdit } from '../domain/engine/editing.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { Work } from '../domain/engine/next-step.ts';
import { dayZoneOf } from '../domain/engine/schedule-fields.ts';
import { applyClosed, applyEnd, liveBuckets } from '../domain/engine/settling.ts';
import { takeTurn } from '../domain/engine/turn.ts';
import { setHandlers } from './handlers.ts';
import type { CampaignInput, CampaignResult } from './messages.ts';
import { callingWindow, closeRoster, openRoster, recordStatus, recountDays } from './proxies.ts';
import { retryForever } from './retry-forever.ts';
import {
  cancelPlacements,
  reportToCoordinator,
  startExchange,
  startLookUp,
  startPlacements,
} from './start-activities.ts';
import { clearTimer, setTimerAt, timerFired } from './timer.ts';
import { showInWebUi } from './web-ui.ts';
import { openRun, type WorkflowRun } from './workflow-run.ts';

export async function campaign(input: CampaignInput): Promise<CampaignResult> {
  const run = openRun(input);
  setHandlers(run);
  noteCancelRequest(run);
  const result = await CancellationScope.nonCancellable(() => runCampaign(run));
  // A cancellation request through Temporal ends the workflow as cancelled, after the same steps as the cancel command.
  if (run.cancelRequested && result.status === 'cancelled') throw new CancelledFailure('The campaign was cancelled.');
  return result;
}

async function runCampaign(run: WorkflowRun): Promise<CampaignResult> {
  for (;;) {
    const now = Date.now();
    const step = takeTurn(run, historySize(), now, Math.random);
    showInWebUi(run, now);
    switch (step.kind) {
      case 'adopt':
        await adoptRecords(run);
        break;
      case 'edit':
        await takeChange(run);
        break;
      case 'ask_window':
        await askWindow(run, step.question);
        break;
      case 'close':
        await skipWaiting(run, step.reason);
        break;
      case 'finish':
        await recordEnd(run, step.status);
        break;
      case 'continue_as_new':
        if (fitsNewRun(run, now)) await startNewRun(run);
        break;
      case 'work':
        startWork(run, step, now);
        await nextMessage(run, step.wakeAt, now);
        break;
      case 'end':
        return result(run);
    }
  }
}

/** Starts activities and does not wait for them. */
function startWork(run: WorkflowRun, work: Work, now: number): void {
  if (work.cancelPlacements) cancelPlacements(run);
  startPlacements(run, work, now);
  if (work.lookUp.length > 0) startLookUp(run, work.lookUp, now);
  if (work.exchange) startExchange(run, work.exchange, now);
  if (work.report) reportToCoordinator(run, work.report, now);
}

/** Sleeps until a message arrives or the next relevant time is reached. */
async function nextMessage(run: WorkflowRun, wakeAt: number | null, now: number): Promise<void> {
  setTimerAt(run, wakeInDrain(run, wakeAt, now));
  await condition(() => hasNews(run) || timerFired(run) || isDrained(run.state, run, Date.now()));
}

async function adoptRecords(run: WorkflowRun): Promise<void> {
  run.adoptions += 1;
  const { snapshot, facts } = await retryForever(() =>
    openRoster.executeWithOptions(
      { summary: run.state.exchangeNumber === 0 ? 'Enrol the contacts' : 'Adopt what is unsettled' },
      [{ campaignId: run.campaignId, adoption: run.adoptions }],
    ),
  );
  takeOver(run, snapshot, facts, Date.now());
}

async function askWindow({ state, campaignId }: WorkflowRun, question: WindowQuestion): Promise<void> {
  try {
    const answer = await callingWindow.executeWithOptions({ summary: 'Find the next calling window' }, [
      {
        campaignId,
        schedule: state.spec.schedule,
        ...(state.spec.policies === undefined ? {} : { policies: state.spec.policies }),
        connection: state.spec.connection,
        ...question,
      },
    ]);
    applyWindow(state, answer, Date.now());
  } catch (error) {
    // No worker can compute the hours: no call is placed until one can, or the hours are changed.
    if (!(error instanceof ActivityFailure)) throw error;
    waitWithoutWindow(state, question, Date.now());
  }
}

/** Applies the oldest change. Hours, day and limits change between two placements, never during one. */
async function takeChange(run: WorkflowRun): Promise<void> {
  const next = run.changes.shift();
  if (next?.kind === 'zone_data') applyZoneData(run.state, next.version);
  else if (next) next.done(await takeEditOnce(run, next));
}

/** An edit under an id that was applied before is not applied again: other edits may have followed it. */
async function takeEditOnce(run: WorkflowRun, { id, edit }: PendingEdit): Promise<RingfenceError | null> {
  if (isProcessed(run.state, id)) return null;
  const refused = await takeEdit(run, edit);
  if (refused === null) rememberId(run.state, id);
  return refused;
}

/** Returns why the edit is refused, or null. */
async function takeEdit({ state, campaignId }: WorkflowRun, edit: CampaignEdit): Promise<RingfenceError | null> {
  const start = startEdit(state, edit, Date.now());
  if (start.kind === 'refuse') return start.error;
  if (start.kind === 'apply') {
    applyEdit(state, edit, null, Date.now());
    return null;
  }
  const { places, inFlight } = start;
  try {
    const recount = await recountDays.executeWithOptions(
      { summary: `Count the placements by the days of ${dayZoneOf(places)}` },
      [{ campaignId, ...places, now: Date.now(), inFlight }],
    );
    if ('refused' in recount) return scheduleRefused(recount.refused, recount.field);
    applyEdit(state, edit, recount, Date.now());
    return null;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return scheduleRefused('No worker can check the time zones and the holidays. Name others.', 'timezone');
  }
}

function scheduleRefused(message: string, field: string): RingfenceError {
  return new RingfenceError('validation_error', message, { field });
}

async function skipWaiting({ state, campaignId }: WorkflowRun, reason: 'cancelled' | 'expired'): Promise<void> {
  const buckets = await retryForever(() =>
    closeRoster.executeWithOptions({ summary: `Skip the contacts that still wait: ${reason}` }, [
      { campaignId, epoch: state.epoch, reason },
    ]),
  );
  applyClosed(state, buckets, Date.now());
}

async function recordEnd(run: WorkflowRun, status: 'completed' | 'cancelled'): Promise<void> {
  const { state, campaignId } = run;
  clearTimer(run);
  const recorded = await retryForever(() =>
    recordStatus.executeWithOptions({ summary: `The campaign is ${status}` }, [
      {
        campaignId,
        epoch: state.epoch,
        status,
        sharedLimits: state.sharedLimits.map(({ id }) => id),
      },
    ]),
  );
  applyEnd(state, status, recorded);
}

/** Answers messages that arrived while the end was being recorded, and returns the result of the campaign. */
async function result({ state, campaignId, changes }: WorkflowRun): Promise<CampaignResult> {
  for (const change of changes.splice(0)) {
    if (change.kind !== 'edit') continue;
    change.done(isProcessed(state, change.id) ? null : editRefusal(state, change.edit, Date.now()));
  }
  await condition(allHandlersFinished);
  return { campaign_id: campaignId, status: state.status, buckets: liveBuckets(state), late_events: state.heard.late };
}

/** Passes on the whole state: calls in flight, claimed contacts, and the outbox. */
async function startNewRun({ campaignId, state, cancelRequested }: WorkflowRun): Promise<never> {
  return continueAsNew<typeof campaign>({ campaignId, spec: state.spec, carried: state, cancelRequested });
}

function historySize(): HistorySize {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return { continueAsNewSuggested, events: historyLength };
}

/** The Web UI's cancellation request means the same as the command: the work continues in a scope that the request does not reach. */
function noteCancelRequest(run: WorkflowRun): void {
  const root = CancellationScope.current();
  void root.cancelRequested.catch(() => {
    run.cancelRequested = true;
  });
}
