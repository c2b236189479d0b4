/**
 * When a run continues as new. A run whose history has grown long stops placing (`run.drain` is set), lets placements,
 * exchange, look-up and handlers end, and passes its state to the next run. Placing calls matters more than a short history: if
 * something is slow, the run gives up the drain and tries again later. A history that one workflow task could not replay must
 * not happen, so a drain with a very long history continues until it succeeds.
 *
 * The server refuses to end a run when an event arrives during its last workflow task. It then repeats the task from the
 * beginning of the history, which takes seconds, with nothing placed meanwhile. While events of calls arrive often, a quiet
 * run therefore waits for the next signal and ends in the task that it wakes: the gateway leaves time before the one after
 * it (gateway/temporal/event-delivery.ts).
 */
import type { CampaignRun } from './campaign-run.ts';
import type { CampaignState } from './campaign-state.ts';
import { isPlacing } from './in-flight.ts';

/** Longer than most placements, and than a replay: a timer that fired during a replay would make the server refuse the end. */
const DRAIN_MS = 10_000;
const TRY_AGAIN_AFTER_MS = 30_000;
/** A small machine replays this many in five seconds, half the time of a workflow task. The server's limit is 51,200. */
const INSIST_AT_EVENTS = 10_000;
/** The server refuses to start a run with an input of more than two megabytes. */
const MOST_CARRIED = 1_500_000;
/** After this time without events, events are rare: several times the gateway's pause between two signals. */
const EXPECTED_WITHIN_MS = 250;

/** What the server says about the run's history. */
export interface HistorySize {
  readonly continueAsNewSuggested: boolean;
  readonly events: number;
}

/** Starts or gives up a drain. */
export function considerDrain(run: CampaignRun, history: HistorySize, now: number): void {
  if (!history.continueAsNewSuggested) return;
  const insist = history.events >= INSIST_AT_EVENTS;
  if (run.oversized && now < run.drainAgainAt) return;
  if (run.drain && now >= run.drain.until && !insist && !isQuiet(run.state, run)) {
    giveUpDrain(run, now);
  } else if (!run.drain && (insist || now >= run.drainAgainAt)) {
    run.drain = { until: insist ? Infinity : now + DRAIN_MS, quietSince: null };
  }
}

/**
 * Whether the state is small enough for a new run. While it is not, no call is placed: calls in flight end and are settled, and
 * the state shrinks.
 */
export function fitsNewRun(run: CampaignRun, now: number): boolean {
  run.oversized = JSON.stringify(run.state).length > MOST_CARRIED;
  if (run.oversized) giveUpDrain(run, now);
  return !run.oversized;
}

/** Whether the run may end now. */
export function isDrained(
  state: CampaignState,
  run: Pick<CampaignRun, 'drain' | 'eventsAt'> & Quiet,
  now: number,
): boolean {
  const { drain, eventsAt } = run;
  if (!drain || !isQuiet(state, run)) return false;
  const wokenByEvents = drain.quietSince !== null && drain.quietSince < now && now === eventsAt;
  return wokenByEvents || now >= eventsExpectedUntil(run);
}

/**
 * The latest time to wake up: `wakeAt`, the time at which a drain continues without a message, or the time at which a state that was
 * too large is measured again: until then no call is placed, so perhaps no message comes. Called at the end of a turn; it records
 * since when nothing has been under way.
 */
export function wakeInDrain(run: CampaignRun, wakeAt: number | null, now: number): number | null {
  const { drain } = run;
  if (!drain) return run.oversized ? Math.min(wakeAt ?? Infinity, run.drainAgainAt) : wakeAt;
  drain.quietSince = isQuiet(run.state, run) ? (drain.quietSince ?? now) : null;
  const at = Math.min(wakeAt ?? Infinity, drain.quietSince === null ? drain.until : eventsExpectedUntil(run));
  return Number.isFinite(at) ? at : null;
}

type Quiet = Pick<
  CampaignRun,
  'inbox' | 'changes' | 'exchanging' | 'lookingUp' | 'reporting' | 'continuedFrom' | 'handlersFinished'
>;

/** Whether nothing would be lost if the run ended here. */
export function isQuiet(state: CampaignState, run: Quiet): boolean {
  const isBusy = run.exchanging || run.lookingUp || run.reporting || isPlacing(state);
  const isEmpty = run.inbox.length === 0 && run.changes.length === 0;
  return !isBusy && isEmpty && run.continuedFrom === null && run.handlersFinished();
}

function giveUpDrain(run: CampaignRun, now: number): void {
  run.drain = null;
  run.drainAgainAt = now + TRY_AGAIN_AFTER_MS;
}

function eventsExpectedUntil({ eventsAt }: Pick<CampaignRun, 'eventsAt'>): number {
  return eventsAt + EXPECTED_WITHIN_MS;
}
