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
  untoldEdit,
} from '../domain/engine/editing.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { decide, type Plan } from '../domain/engine/pacing.ts';
import { adopt, liveBuckets } from '../domain/engine/settling.ts';
import { armAlarm, dropAlarm } from './alarm.ts';
import { isBusy, mayStillSend, openDesk, takeNews, type Desk } from './desk.ts';
import { considerNewRun, fitsNewRun, isDrained, waitInDrain } from './drain.ts';
import { setHandlers } from './handlers.ts';
import { insist } from './insist.ts';
import type { CampaignInput, CampaignResult } from './messages.ts';
import { callingWindow, closeRoster, openRoster, recordStatus, recountDays } from './proxies.ts';
import { show } from './show.ts';
import { startExchange, startLookUp, startPlacements, takeBackPlacements } from './work.ts';

export async function campaign(input: CampaignInput): Promise<CampaignResult> {
  const desk = openDesk(input, Date.now());
  setHandlers(desk);
  noteCancelRequest(desk);
  const result = await CancellationScope.nonCancellable(() => run(desk));
  // Who asked Temporal to cancel the workflow sees it end as cancelled; it did all that the command of that name does.
  if (desk.cancelRequested && result.status === 'cancelled') throw new CancelledFailure('The campaign was cancelled.');
  return result;
}

async function run(desk: Desk): Promise<CampaignResult> {
  show(desk);
  if (!desk.continued) await adoptRecords(desk);
  for (;;) {
    const now = Date.now();
    if (isOver(desk.state.status)) return result(desk);
    takeNews(desk, now, Math.random);
    advance(desk.state, now);
    const plan = decide(desk.state, now, { exchange: desk.exchanging, lookUp: desk.lookingUp });
    desk.waiting = plan.waiting;
    show(desk);
    if (desk.state.superseded && !isBusy(desk)) await adoptRecords(desk);
    else if (desk.changes.length > 0 && !mayStillSend(desk)) await takeChange(desk);
    else if (plan.askWindowFrom !== null) await askWindow(desk, plan.askWindowFrom);
    else if (plan.close) await skipWaiting(desk);
    else if (plan.finished) await finish(desk);
    else {
      considerNewRun(desk, now);
      carryOut(desk, plan, now);
      if (isDrained(desk, now) && fitsNewRun(desk, now)) await startNewRun(desk);
      await nextNews(desk, plan.wakeAt, now);
    }
  }
}

/** Starts what the plan says; nothing here waits for it. */
function carryOut(desk: Desk, plan: Plan, now: number): void {
  const { state } = desk;
  const insists = desk.drain?.until === Infinity;
  if (state.status === 'paused' || state.ending || desk.changes.length > 0 || insists) takeBackPlacements(desk);
  if (desk.drain) {
    // Deadlock otherwise: handlers wait for the exchange or the look-up, the drain waits for the handlers.
    if (plan.exchange && !allHandlersFinished() && isUntold(desk)) startExchange(desk, 0, now);
    const unconfirmed = plan.lookUp.filter((id) => state.inFlight[id]?.unconfirmed);
    if (unconfirmed.length > 0) startLookUp(desk, unconfirmed);
    return;
  }
  // Until the roster knows this run as its owner, a placement would only be refused.
  if (!desk.continued && !desk.oversized && desk.changes.length === 0) startPlacements(desk, plan, now);
  if (plan.lookUp.length > 0) startLookUp(desk, plan.lookUp);
  if (plan.exchange || (desk.continued && !desk.exchanging)) startExchange(desk, plan.exchange?.want ?? 0, now);
}

async function adoptRecords(desk: Desk): Promise<void> {
  desk.adoptions += 1;
  const { snapshot, facts } = await insist(() =>
    openRoster.executeWithOptions(
      { summary: desk.state.batch === 0 ? 'Enrol the contacts' : 'Adopt what is unsettled' },
      [{ campaignId: desk.campaignId, adoption: desk.adoptions }],
    ),
  );
  // What was acknowledged but not written down yet must outlive the records.
  const edit = untoldEdit(desk.state);
  if (edit) desk.changes.unshift({ kind: 'edit', edit, done: () => {} });
  desk.continued = false;
  adopt(desk.state, desk.campaignId, snapshot, facts, Date.now());
}

async function askWindow(desk: Desk, from: number): Promise<void> {
  const { state } = desk;
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
async function takeChange(desk: Desk): Promise<void> {
  const next = desk.changes.shift();
  if (next?.kind === 'zone_data') applyZoneData(desk.state, next.version);
  else if (next) next.done(await takeEdit(desk, next.edit));
}

/** Returns why the edit is refused, or null. */
async function takeEdit({ state, campaignId }: Desk, edit: CampaignEdit): Promise<RingfenceError | null> {
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

async function skipWaiting(desk: Desk): Promise<void> {
  const { campaignId, state } = desk;
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
async function finish(desk: Desk): Promise<void> {
  const { state, campaignId } = desk;
  const status = state.ending === 'cancelled' ? 'cancelled' : 'completed';
  dropAlarm(desk);
  const recorded = await insist(() =>
    recordStatus.executeWithOptions({ summary: `The campaign is ${status}` }, [
      { campaignId, epoch: state.epoch, status },
    ]),
  );
  if (recorded) state.status = status;
  else state.superseded = true;
}

/** Answers whatever came in while the end was being recorded, and returns how the campaign ended. */
async function result(desk: Desk): Promise<CampaignResult> {
  const { state, campaignId } = desk;
  desk.waiting = { for: null, until: null };
  show(desk);
  takeNews(desk, Date.now(), Math.random);
  for (const change of desk.changes.splice(0)) {
    if (change.kind === 'edit') change.done(editRefusal(state, change.edit, Date.now()));
  }
  await condition(allHandlersFinished);
  return { campaign_id: campaignId, status: state.status, buckets: liveBuckets(state), late_events: state.heard.late };
}

/** Everything goes along: what is in flight, what is at hand, what is not settled yet. */
async function startNewRun(desk: Desk): Promise<never> {
  return continueAsNew<typeof campaign>({
    campaignId: desk.campaignId,
    spec: desk.state.spec,
    carried: desk.state,
    cancelRequested: desk.cancelRequested,
  });
}

/** Sleeps until something comes in or the clock reaches the next instant that matters. */
async function nextNews(desk: Desk, wakeAt: number | null, now: number): Promise<void> {
  const at = desk.drain ? Math.min(wakeAt ?? Infinity, waitInDrain(desk, desk.drain, now)) : wakeAt;
  armAlarm(desk, at !== null && Number.isFinite(at) ? at : null);
  await condition(
    () =>
      desk.news.length > 0 ||
      (desk.changes.length > 0 && !mayStillSend(desk)) ||
      (desk.alarm?.fired ?? false) ||
      isNewlyCancelled(desk) ||
      isDrained(desk, Date.now()),
  );
}

/** Whether the database does not know yet what the answer to a command promises. */
function isUntold({ state }: Desk): boolean {
  return state.told.status !== state.status || state.untold !== null;
}

function isNewlyCancelled(desk: Desk): boolean {
  return desk.cancelRequested && refusal(desk.state, 'cancel') === null;
}

/** The Web UI's cancel means the same as the command: the work goes on in a scope that a cancel request does not reach. */
function noteCancelRequest(desk: Desk): void {
  const root = CancellationScope.current();
  void root.cancelRequested.catch(() => {
    desk.cancelRequested = true;
  });
}
