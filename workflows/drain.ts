/**
 * Continuing as new. A run that the server suggests to end stops placing (`desk.drain` is set), lets placements,
 * exchange, look-up and handlers end, and hands everything to its successor. Placing calls is worth more than a short
 * history, so a drain is given up after a moment if something is slow, and tried again later; near the server's hard
 * limit it is not given up any more.
 *
 * The server refuses to end a run when anything comes in while its last workflow task is under way. The task is then done
 * anew from the beginning of the history, which takes seconds, with nothing placed meanwhile. So where events come thick,
 * the run ends in the task that took some in: the gateway leaves time before the next ones (client/event-delivery.ts).
 */
import { allHandlersFinished, workflowInfo } from '@temporalio/workflow';
import { isBusy, type Desk } from './desk.ts';

const DRAIN_MS = 2_000;
const TRY_AGAIN_AFTER_MS = 30_000;
/** The server ends a workflow at 51,200 events. A drain needs a few dozen. */
const INSIST_AT_EVENTS = 45_000;
/** Events that have not come for so long are not thick: several times the gateway's pause between two signals. */
const EXPECTED_WITHIN_MS = 250;

/** Enters or gives up a drain. */
export function considerNewRun(desk: Desk, now: number): void {
  const info = workflowInfo();
  if (!info.continueAsNewSuggested) return;
  const insist = info.historyLength >= INSIST_AT_EVENTS;
  if (desk.drain && now >= desk.drain.until && !insist && !isQuiet(desk)) {
    desk.drain = null;
    desk.drainAgainAt = now + TRY_AGAIN_AFTER_MS;
  } else if (!desk.drain && (insist || now >= desk.drainAgainAt)) {
    desk.drain = { until: insist ? Infinity : now + DRAIN_MS };
  }
}

/** Whether the run may end now. */
export function isDrained(desk: Desk, now: number): boolean {
  return desk.drain !== null && isQuiet(desk) && (now === desk.heardAt || now >= eventsExpectedUntil(desk));
}

/** When a drain goes on if nothing comes in. */
export function nextOfDrain(desk: Desk, drain: NonNullable<Desk['drain']>, now: number): number {
  const expectedUntil = eventsExpectedUntil(desk);
  return isQuiet(desk) && now < expectedUntil ? expectedUntil : drain.until;
}

function eventsExpectedUntil(desk: Desk): number {
  return desk.heardAt + EXPECTED_WITHIN_MS;
}

/** Whether nothing would be lost if the run ended here. */
function isQuiet(desk: Desk): boolean {
  return !isBusy(desk) && desk.news.length === 0 && !desk.continued && allHandlersFinished();
}
