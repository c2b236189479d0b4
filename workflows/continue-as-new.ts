/**
 * Continuing as new. A run that the server suggests to end stops placing (`run.drain` is set), lets placements,
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
import { isBusy, type CampaignRun, type Drain } from './campaign-run.ts';

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
export function considerNewRun(run: CampaignRun, now: number): void {
  const info = workflowInfo();
  if (!info.continueAsNewSuggested) return;
  const insist = info.historyLength >= INSIST_AT_EVENTS;
  if (run.oversized && now < run.drainAgainAt) return;
  if (run.drain && now >= run.drain.until && !insist && !isQuiet(run)) {
    run.drain = null;
    run.drainAgainAt = now + TRY_AGAIN_AFTER_MS;
  } else if (!run.drain && (insist || now >= run.drainAgainAt)) {
    run.drain = { until: insist ? Infinity : now + DRAIN_MS, quietSince: null };
  }
}

/**
 * Whether the state is small enough to be carried into a new run. If it is not, nothing more is placed until it has become
 * so: what is in flight ends and is settled meanwhile.
 */
export function fitsNewRun(run: CampaignRun, now: number): boolean {
  run.oversized = JSON.stringify(run.state).length > MOST_CARRIED;
  if (run.oversized) {
    run.drain = null;
    run.drainAgainAt = now + TRY_AGAIN_AFTER_MS;
  }
  return !run.oversized;
}

/** Whether the run may end now. */
export function isDrained(run: CampaignRun, now: number): boolean {
  const { drain, heardAt } = run;
  if (!drain || !isQuiet(run)) return false;
  const wokenByEvents = drain.quietSince !== null && drain.quietSince < now && now === heardAt;
  return wokenByEvents || now >= eventsExpectedUntil(run);
}

/** Notes, at the end of a turn, whether anything is still under way, and returns when a drain goes on if nothing comes in. */
export function waitInDrain(run: CampaignRun, drain: Drain, now: number): number {
  if (!isQuiet(run)) {
    drain.quietSince = null;
    return drain.until;
  }
  drain.quietSince ??= now;
  return eventsExpectedUntil(run);
}

function eventsExpectedUntil(run: CampaignRun): number {
  return run.heardAt + EXPECTED_WITHIN_MS;
}

/** Whether nothing would be lost if the run ended here. */
function isQuiet(run: CampaignRun): boolean {
  const nothingCame = run.inbox.length === 0 && run.changes.length === 0;
  return !isBusy(run) && nothingCame && !run.continued && allHandlersFinished();
}
