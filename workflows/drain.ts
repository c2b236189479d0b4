/**
 * Continuing as new. A run that the server suggests to end stops placing (`desk.drain` is set), lets placements,
 * exchange, look-up and handlers end, and hands everything to its successor. Placing calls is worth more than a short
 * history, so a drain is given up when something is slow, and tried again later; a history that grows too long to be
 * replayed in one workflow task is not risked.
 *
 * The server refuses to end a run when anything comes in while its last workflow task is under way. The task is then done
 * anew from the beginning of the history, which takes seconds, with nothing placed meanwhile. So where events come thick,
 * a run in which nothing is under way waits for the next signal and ends in the task that it wakes: the gateway leaves
 * time before the one after it (gateway/temporal/event-delivery.ts). One that was taken in with other news may be older.
 */
import { allHandlersFinished, workflowInfo } from '@temporalio/workflow';
import { isBusy, type Desk, type Drain } from './desk.ts';

/** Longer than most placements, and than a replay: the timer of a drain that fired during one would refuse the end again. */
const DRAIN_MS = 10_000;
const TRY_AGAIN_AFTER_MS = 30_000;
/** A small machine replays so many in five seconds, half of what a workflow task may take. The server's limit is 51,200. */
const INSIST_AT_EVENTS = 10_000;
/** The server refuses to begin a run with an input of more than two megabytes. */
const MOST_CARRIED = 1_500_000;
/** Events that have not come for so long are not thick: several times the gateway's pause between two signals. */
const EXPECTED_WITHIN_MS = 250;

/** Enters or gives up a drain. */
export function considerNewRun(desk: Desk, now: number): void {
  const info = workflowInfo();
  if (!info.continueAsNewSuggested) return;
  const insist = info.historyLength >= INSIST_AT_EVENTS;
  if (desk.oversized && now < desk.drainAgainAt) return;
  if (desk.drain && now >= desk.drain.until && !insist && !isQuiet(desk)) {
    desk.drain = null;
    desk.drainAgainAt = now + TRY_AGAIN_AFTER_MS;
  } else if (!desk.drain && (insist || now >= desk.drainAgainAt)) {
    desk.drain = { until: insist ? Infinity : now + DRAIN_MS, quietSince: null };
  }
}

/**
 * Whether the state is small enough to be carried into a new run. If it is not, nothing more is placed until it has become
 * so: what is in flight ends and is settled meanwhile.
 */
export function fitsNewRun(desk: Desk, now: number): boolean {
  desk.oversized = JSON.stringify(desk.state).length > MOST_CARRIED;
  if (desk.oversized) {
    desk.drain = null;
    desk.drainAgainAt = now + TRY_AGAIN_AFTER_MS;
  }
  return !desk.oversized;
}

/** Whether the run may end now. */
export function isDrained(desk: Desk, now: number): boolean {
  const { drain, heardAt } = desk;
  if (!drain || !isQuiet(desk)) return false;
  const wokenByEvents = drain.quietSince !== null && drain.quietSince < now && now === heardAt;
  return wokenByEvents || now >= eventsExpectedUntil(desk);
}

/** Notes, at the end of a turn, whether anything is still under way, and returns when a drain goes on if nothing comes in. */
export function waitInDrain(desk: Desk, drain: Drain, now: number): number {
  if (!isQuiet(desk)) {
    drain.quietSince = null;
    return drain.until;
  }
  drain.quietSince ??= now;
  return eventsExpectedUntil(desk);
}

function eventsExpectedUntil(desk: Desk): number {
  return desk.heardAt + EXPECTED_WITHIN_MS;
}

/** Whether nothing would be lost if the run ended here. */
function isQuiet(desk: Desk): boolean {
  const nothingCame = desk.news.length === 0 && desk.changes.length === 0;
  return !isBusy(desk) && nothingCame && !desk.continued && allHandlersFinished();
}
