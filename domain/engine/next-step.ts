/**
 * What a campaign does next. The workflow and the simulation both run the loop
 *
 *     takeTurn -> carry the step out
 *
 * and switch over the same steps. A step is one of
 * - `end`: the campaign is over; the run returns.
 * - `adopt`: the run takes over the campaign's records: at its start, or because another run owned them meanwhile.
 * - `edit`: the oldest change of terms or of zone data is applied. No request may still be sent.
 * - `ask_window`: the hours are computed before anything else is decided.
 * - `close`: the campaign is ending and every call is on record; contacts that still wait become `skipped`.
 * - `finish`: every contact is in a terminal bucket, and no more are to come; the end is recorded.
 * - `continue_as_new`: the history is long and nothing is under way; a new run takes the state over.
 * - `work`: everything else. Starts activities without waiting for them, then sleeps until a message or `wakeAt`.
 *
 * Pure: it reads state, run and clock and changes none of them.
 */
import { windowQuestion, type WindowQuestion } from './calling-day.ts';
import type { CampaignRun } from './campaign-run.ts';
import type { CampaignState, Ending, ReadyContact } from './campaign-state.ts';
import { isOver } from './commands.ts';
import { isDrained } from './continue-as-new.ts';
import { waitingAt, type Waiting } from './gates.ts';
import { hasWork } from './groups.ts';
import { surveyInFlight, type InFlightSurvey } from './in-flight.ts';
import { dialsNow, exchangeNow, lookUps, wakeAt, type Dials } from './pacing.ts';
import type { Claim } from './roster.ts';
import { type DueReport, reportNow } from './share-report.ts';

export type Step = { readonly waiting: Waiting } & (
  | { readonly kind: 'end' }
  | { readonly kind: 'adopt' }
  | { readonly kind: 'edit' }
  | { readonly kind: 'ask_window'; readonly question: WindowQuestion }
  | { readonly kind: 'close'; readonly reason: Ending }
  | { readonly kind: 'finish'; readonly status: 'completed' | 'cancelled' }
  | { readonly kind: 'continue_as_new' }
  | Work
);

export interface Work {
  readonly kind: 'work';
  /** Cancel the placements under way. One that was not sent never will be; one that was sent is waited for. */
  readonly cancelPlacements: boolean;
  /** Claimed contacts, to be called now. */
  readonly place: readonly ReadyContact[];
  /** Unknown calls whose request is repeated under its key. */
  readonly repeat: readonly string[];
  readonly lookUp: readonly string[];
  readonly exchange: Claim | null;
  /** What the coordinator of a shared limit is told. Null: nothing. */
  readonly report: DueReport | null;
  /** The earliest instant at which time alone changes the next step. Null: only a message does. */
  readonly wakeAt: number | null;
}

/** What `nextStep` needs to know about the run, beside the state. */
export type RunView = Omit<CampaignRun, 'state' | 'campaignId' | 'waiting'>;

export function nextStep(state: CampaignState, run: RunView, now: number): Step {
  const calls = surveyInFlight(state, now);
  const waiting = waitingAt(state, now, calls.count);
  if (isOver(state.status)) return { kind: 'end', waiting };
  if (mustAdopt(state, run, calls)) return { kind: 'adopt', waiting };
  if (run.changes.length > 0 && calls.placing + calls.unconfirmed === 0) return { kind: 'edit', waiting };
  const question = windowQuestion(state, now);
  if (question !== null) return { kind: 'ask_window', question, waiting };
  const dials = dialsNow(state, calls, now);
  const exchange = run.exchanging ? null : exchangeNow(state, calls, dials, waiting, now);
  const isSynced = !run.exchanging && exchange === null;
  if (isSynced && state.ending && mayClose(state, calls)) return { kind: 'close', reason: state.ending, waiting };
  if (isSynced && !run.lookingUp && !run.reporting && calls.count === 0 && isFinished(state)) {
    return { kind: 'finish', status: state.ending === 'cancelled' ? 'cancelled' : 'completed', waiting };
  }
  const work = workNow(state, run, calls, dials, exchange, waiting, now);
  const startsNothing = work.exchange === null && work.lookUp.length === 0 && work.report === null;
  if (startsNothing && isDrained(state, run, now)) return { kind: 'continue_as_new', waiting };
  return work;
}

/** A first run adopts before any other step. A run that lost the records adopts as soon as none of its activities is under way. */
function mustAdopt(state: CampaignState, run: RunView, calls: InFlightSurvey): boolean {
  if (!run.hasRecords) return true;
  return state.superseded && !run.exchanging && !run.lookingUp && !run.reporting && calls.placing === 0;
}

function workNow(
  state: CampaignState,
  run: RunView,
  calls: InFlightSurvey,
  dials: Dials,
  exchange: Claim | null,
  waiting: Waiting,
  now: number,
): Work & { readonly waiting: Waiting } {
  const { drain, changes, continuedFrom } = run;
  const lookUp = run.lookingUp ? [] : lookUps(state, calls, now, dials.repeat);
  const work = {
    kind: 'work' as const,
    waiting,
    cancelPlacements:
      state.status === 'paused' || state.ending !== null || changes.length > 0 || drain?.until === Infinity,
    wakeAt: wakeAt(state, calls, waiting, now),
  };
  // Until the roster knows this run as its owner, it would refuse the placement, and the run must not end.
  const introduces = continuedFrom !== null && !run.exchanging && !state.superseded;
  if (drain) {
    // Deadlock otherwise: a handler waits for the exchange or the look-up, and the drain waits for the handler.
    const unblocksHandler = !run.handlersFinished() && isUnsynced(state);
    return {
      ...work,
      place: [],
      repeat: [],
      lookUp: lookUp.filter((id) => state.inFlight[id]?.unconfirmed),
      exchange: introduces || (exchange && unblocksHandler) ? { want: 0 } : null,
      report: null,
    };
  }
  const placesNow = continuedFrom === null && !run.oversized && changes.length === 0;
  return {
    ...work,
    place: placesNow ? dials.place : [],
    repeat: placesNow ? dials.repeat : [],
    lookUp,
    exchange: exchange ?? (introduces ? { want: 0 } : null),
    report: run.reporting || continuedFrom !== null ? null : reportNow(state, calls.count, now),
  };
}

/** Whether an acknowledgement has promised something that is not recorded yet. */
function isUnsynced({ lastSync, status, pendingTerms }: CampaignState): boolean {
  return lastSync.status !== status || pendingTerms !== null;
}

/** A contact whose call is not recorded yet still waits in the roster, and must not be skipped. */
function mayClose(state: CampaignState, calls: InFlightSurvey): boolean {
  return !state.closed && !state.superseded && state.settled.length === 0 && calls.allSynced;
}

function isFinished(state: CampaignState): boolean {
  if (state.superseded || state.settled.length > 0 || state.returned.length > 0 || state.released.length > 0) {
    return false;
  }
  if (state.ending) return state.closed;
  if (state.spec.open_ended || state.rosterChanges > 0) return false;
  return state.status === 'active' && !hasWork(state);
}
