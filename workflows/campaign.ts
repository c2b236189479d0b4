/**
 * One campaign, from its creation to its last contact. The main loop takes up news, asks the pure core what may happen
 * now, starts it, and sleeps until there is more news or the clock reaches the next instant that matters.
 */
import { CancelledFailure } from '@temporalio/common';
import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
} from '@temporalio/workflow';
import { applyWindow, applyZoneData, holdWithoutWindow } from '../domain/engine/calling-day.ts';
import { advance, isOver, refusal } from '../domain/engine/commands.ts';
import {
  applyEdit,
  type CampaignEdit,
  editedSpec,
  editRefusal,
  needsRecount,
  unsyncedEdit,
} from '../domain/engine/editing.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { decide, type Plan } from '../domain/engine/pacing.ts';
import { adopt, liveBuckets } from '../domain/engine/settling.ts';
import { armAlarm, dropAlarm } from './alarm.ts';
import { isBusy, mayStillSend, createRun, processInbox, type CampaignRun } from './campaign-run.ts';
import { considerNewRun, fitsNewRun, isDrained, waitInDrain } from './continue-as-new.ts';
import { setHandlers } from './handlers.ts';
import { insist } from './retry-forever.ts';
import type { CampaignInput, CampaignResult } from './messages.ts';
import { callingWindow, closeRoster, openRoster, recordStatus, recountDays } from './proxies.ts';
import { show } from './web-ui.ts';
import { startExchange, startLookUp, startPlacements, takeBackPlacements } from './start-activities.ts';

export async function campaign(input: CampaignInput): Promise<CampaignResult> {
  const run = createRun(input, Date.now());
  setHandlers(run);
  noteCancelRequest(run);
  const result = await CancellationScope.nonCancellable(() => runCampaign(run));
  // Who asked Temporal to cancel the workflow sees it end as cancelled; it did all that the command of that name does.
  if (run.cancelRequested && result.status === 'cancelled') throw new CancelledFailure('The campaign was cancelled.');
  return result;
}

async function runCampaign(run: CampaignRun): Promise<CampaignResult> {
  show(run);
  if (!run.continued) await adoptRecords(run);
  for (;;) {
    const now = Date.now();
    if (isOver(run.state.status)) return result(run);
    processInbox(run, now, Math.random);
    advance(run.state, now);
    const plan = decide(run.state, now, { exchange: run.exchanging, lookUp: run.lookingUp });
    run.waiting = plan.waiting;
    show(run);
    if (run.state.superseded && !isBusy(run)) await adoptRecords(run);
    else if (run.changes.length > 0 && !mayStillSend(run)) await takeChange(run);
    else if (plan.askWindowFrom !== null) await askWindow(run, plan.askWindowFrom);
    else if (plan.close) await skipWaiting(run);
    else if (plan.finished) await finish(run);
    else {
      considerNewRun(run, now);
      carryOut(run, plan, now);
      if (isDrained(run, now) && fitsNewRun(run, now)) await startNewRun(run);
      await nextMessage(run, plan.wakeAt, now);
    }
  }
}

/** Starts what the plan says; nothing here waits for it. */
function carryOut(run: CampaignRun, plan: Plan, now: number): void {
  const { state } = run;
  const insists = run.drain?.until === Infinity;
  if (state.status === 'paused' || state.ending || run.changes.length > 0 || insists) takeBackPlacements(run);
  if (run.drain) {
    // Deadlock otherwise: handlers wait for the exchange or the look-up, the drain waits for the handlers.
    if (plan.exchange && !allHandlersFinished() && isUnsynced(run)) startExchange(run, 0, now);
    const unconfirmed = plan.lookUp.filter((id) => state.inFlight[id]?.unconfirmed);
    if (unconfirmed.length > 0) startLookUp(run, unconfirmed);
    return;
  }
  // Until the roster knows this run as its owner, a placement would only be refused.
  if (!run.continued && !run.oversized && run.changes.length === 0) startPlacements(run, plan, now);
  if (plan.lookUp.length > 0) startLookUp(run, plan.lookUp);
  if (plan.exchange || (run.continued && !run.exchanging)) startExchange(run, plan.exchange?.want ?? 0, now);
}

async function adoptRecords(run: CampaignRun): Promise<void> {
  run.adoptions += 1;
  const { snapshot, facts } = await insist(() =>
    openRoster.executeWithOptions(
      { summary: run.state.exchangeNumber === 0 ? 'Enrol the contacts' : 'Adopt what is unsettled' },
      [{ campaignId: run.campaignId, adoption: run.adoptions }],
    ),
  );
  // What was acknowledged but not written down yet must outlive the records.
  const edit = unsyncedEdit(run.state);
  if (edit) run.changes.unshift({ kind: 'edit', edit, done: () => {} });
  run.continued = false;
  adopt(run.state, run.campaignId, snapshot, facts, Date.now());
}

async function askWindow(run: CampaignRun, from: number): Promise<void> {
  const { state } = run;
  try {
    const answer = await callingWindow.executeWithOptions({ summary: 'Find the next calling window' }, [
      { schedule: state.spec.schedule, from },
    ]);
    applyWindow(state, answer, Date.now());
  } catch (error) {
    // Hours that no worker can compute: nobody is called until one can, or the hours are changed.
    if (!(error instanceof ActivityFailure)) throw error;
    holdWithoutWindow(state, Date.now());
  }
}

/** The next change, with nothing being placed: hours, day and limits change between two placements, never during one. */
async function takeChange(run: CampaignRun): Promise<void> {
  const next = run.changes.shift();
  if (next?.kind === 'zone_data') applyZoneData(run.state, next.version);
  else if (next) next.done(await takeEdit(run, next.edit));
}

/** Returns why the edit is refused, or null. */
async function takeEdit({ state, campaignId }: CampaignRun, edit: CampaignEdit): Promise<RingfenceError | null> {
  const refused = editRefusal(state, edit, Date.now());
  if (refused !== null) return refused;
  const { timezone } = editedSpec(state.spec, edit).schedule;
  const inFlight = Object.keys(state.inFlight);
  try {
    const recount = needsRecount(state, edit)
      ? await recountDays.executeWithOptions({ summary: `Count the placements by the days of ${timezone}` }, [
          { campaignId, timezone, now: Date.now(), inFlight },
        ])
      : null;
    if (recount && 'refused' in recount) return timezoneRefused(recount.refused);
    applyEdit(state, edit, recount, Date.now());
    return null;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return timezoneRefused(
      'The placements cannot be counted by the days of timezone: no worker can. Name another one.',
    );
  }
}

function timezoneRefused(message: string): RingfenceError {
  return new RingfenceError('validation_error', message, { field: 'timezone' });
}

async function skipWaiting(run: CampaignRun): Promise<void> {
  const { campaignId, state } = run;
  const reason = state.ending ?? 'cancelled';
  const buckets = await insist(() =>
    closeRoster.executeWithOptions({ summary: `Skip the contacts that still wait: ${reason}` }, [
      { campaignId, epoch: state.epoch, reason },
    ]),
  );
  if (buckets === null) {
    state.superseded = true;
    return;
  }
  state.closed = true;
  state.ready = [];
  state.roster = { buckets, moreToClaim: false, nextRetryAt: null, countedAt: Date.now() };
}

/** Records the end, after which no run owns the campaign's records. */
async function finish(run: CampaignRun): Promise<void> {
  const { state, campaignId } = run;
  const status = state.ending === 'cancelled' ? 'cancelled' : 'completed';
  dropAlarm(run);
  const recorded = await insist(() =>
    recordStatus.executeWithOptions({ summary: `The campaign is ${status}` }, [
      { campaignId, epoch: state.epoch, status },
    ]),
  );
  if (recorded) state.status = status;
  else state.superseded = true;
}

/** Answers whatever came in while the end was being recorded, and returns how the campaign ended. */
async function result(run: CampaignRun): Promise<CampaignResult> {
  const { state, campaignId } = run;
  run.waiting = { for: null, until: null };
  show(run);
  processInbox(run, Date.now(), Math.random);
  for (const change of run.changes.splice(0)) {
    if (change.kind === 'edit') change.done(editRefusal(state, change.edit, Date.now()));
  }
  await condition(allHandlersFinished);
  return { campaign_id: campaignId, status: state.status, buckets: liveBuckets(state), late_events: state.heard.late };
}

/** Everything goes along: what is in flight, what is at hand, what is not settled yet. */
async function startNewRun(run: CampaignRun): Promise<never> {
  return continueAsNew<typeof campaign>({
    campaignId: run.campaignId,
    spec: run.state.spec,
    carried: run.state,
    cancelRequested: run.cancelRequested,
  });
}

/** Sleeps until something comes in or the clock reaches the next instant that matters. */
async function nextMessage(run: CampaignRun, wakeAt: number | null, now: number): Promise<void> {
  const at = run.drain ? Math.min(wakeAt ?? Infinity, waitInDrain(run, run.drain, now)) : wakeAt;
  armAlarm(run, at !== null && Number.isFinite(at) ? at : null);
  await condition(
    () =>
      run.inbox.length > 0 ||
      (run.changes.length > 0 && !mayStillSend(run)) ||
      (run.alarm?.fired ?? false) ||
      isNewlyCancelled(run) ||
      isDrained(run, Date.now()),
  );
}

/** Whether the database does not know yet what the answer to a command promises. */
function isUnsynced({ state }: CampaignRun): boolean {
  return state.lastSync.status !== state.status || state.pendingTerms !== null;
}

function isNewlyCancelled(run: CampaignRun): boolean {
  return run.cancelRequested && refusal(run.state, 'cancel') === null;
}

/** The Web UI's cancel means the same as the command: the work goes on in a scope that a cancel request does not reach. */
function noteCancelRequest(run: CampaignRun): void {
  const root = CancellationScope.current();
  void root.cancelRequested.catch(() => {
    run.cancelRequested = true;
  });
}
