/**
 * What a campaign may do at this instant, and if nothing, why and until when. Pure: it reads the state and the clock and
 * changes neither.
 */
import { capLeft, isOpen, lastDialAt, placedToday, windowCheckAt, windowQuestion, zoneDataOf } from './calling-day.ts';
import { isBreakerOpen } from './circuit-breaker.ts';
import type { CampaignState, InFlightCall, ReadyContact, WaitingFor } from './campaign-state.ts';
import { surveyInFlight, type InFlightSurvey } from './in-flight.ts';
import { isWaitingForSystem } from './system-wait.ts';

/** Settlements that make an exchange worth its price. */
const SETTLE_BATCH = 20;
/** What happened is written down after this time at the latest. */
const SETTLE_AFTER_MS = 30_000;
/** Contacts kept at hand beyond the free slots, so that a freed slot is refilled without waiting for the database. */
const MIN_RESERVE = 40;
const MAX_RESERVE = 500;
/** A retry that is due sooner than this is not worth telling the database about. */
const NEAR_RETRY_MS = 60_000;
/**
 * Placements under way at once, whatever the number of slots. The answer to each is two events, and the server fails a
 * workflow task during which a hundred events come in; the task is then done anew from the beginning of the history, during
 * which more come in. Forty leave room for signals, and are enough for eighty calls a second at half a second each.
 */
const MOST_PLACING = 40;
/** How many calls one look-up asks about. */
const LOOK_UP_BATCH = 50;

/** Work that is under way and of which there may be only one at a time. */
export interface UnderWay {
  readonly exchange: boolean;
  readonly lookUp: boolean;
}

export interface Plan {
  /** Ask for the window at or after this instant before anything else. */
  readonly askWindowFrom: number | null;
  readonly place: readonly ReadyContact[];
  /** Unknown calls to ask for once more under their key. */
  readonly repeat: readonly string[];
  readonly lookUp: readonly string[];
  readonly exchange: { readonly want: number } | null;
  readonly waiting: Waiting;
  /** The earliest instant at which time alone changes this plan; null: only news does. */
  readonly wakeAt: number | null;
  /** Whether the contacts that still wait may now be moved to `skipped`: the campaign is ending and every call is told. */
  readonly close: boolean;
  /** Whether every contact is in a terminal bucket and every call is settled. */
  readonly finished: boolean;
}

export interface Waiting {
  readonly for: WaitingFor | null;
  /** Epoch milliseconds, when it is known. */
  readonly until: number | null;
}

const NOT_WAITING: Waiting = { for: null, until: null };

/** Decides the next step of the campaign. */
export function decide(state: CampaignState, now: number, underWay: UnderWay): Plan {
  const calls = surveyInFlight(state, now);
  const askWindowFrom = windowQuestion(state, now);
  const waiting = waitingAt(state, now, calls.count);
  const gateOpen = askWindowFrom === null && mayPlace(state, now);
  const room = gateOpen ? Math.max(0, Math.min(slotsLeft(state, calls.count), capLeft(state))) : 0;
  const allowed = gateOpen ? Math.max(0, Math.min(state.slowStart ?? MOST_PLACING, MOST_PLACING) - calls.placing) : 0;
  const repeat = gateOpen ? repeatable(state, calls, now).slice(0, allowed) : [];
  const place = state.ready.slice(0, Math.max(0, Math.min(room, allowed - repeat.length)));
  const exchange = underWay.exchange ? null : exchangeAt(state, calls, now, room, place.length, waiting);
  return {
    askWindowFrom,
    place,
    repeat,
    lookUp: underWay.lookUp ? [] : lookUps(state, calls, now, repeat),
    exchange,
    waiting,
    wakeAt: wakeAt(state, calls, now, waiting),
    close: !underWay.exchange && exchange === null && calls.allSynced && isReadyToClose(state),
    finished: !underWay.exchange && !underWay.lookUp && exchange === null && calls.count === 0 && isFinished(state),
  };
}

/** Why no further call starts now: the first gate that is shut, in the order in which they would open. */
export function waitingAt(state: CampaignState, now: number, inFlight = Object.keys(state.inFlight).length): Waiting {
  if (state.status === 'scheduled') return { for: 'start', until: state.beginsAt };
  if (state.status !== 'active' || state.ending || !hasWork(state)) return NOT_WAITING;
  // Which hours hold is being found out: nobody can say yet that the campaign is outside of them.
  if (state.window === null && state.askWindowAgainAt === null) return NOT_WAITING;
  if (!isOpen(state, now)) {
    const opensAt = state.windowSpent ? null : (state.window?.opensAt ?? null);
    return { for: 'window', until: opensAt !== null && opensAt > now ? opensAt : null };
  }
  if (capLeft(state) <= 0) return { for: 'daily_cap', until: state.window?.nextDayOpensAt ?? null };
  if (state.breaker && isBreakerOpen(state, now)) return { for: 'provider', until: state.breaker.openUntil };
  if (slotsLeft(state, inFlight) <= 0) return { for: 'slot', until: null };
  if (isWaitingForSystem(state, now)) return { for: 'system', until: state.systemWait?.until ?? null };
  const { moreToClaim, nextRetryAt } = state.roster;
  if (state.ready.length === 0 && !moreToClaim && nextRetryAt !== null && nextRetryAt > now) {
    return { for: 'retry', until: nextRetryAt };
  }
  return NOT_WAITING;
}

function mayPlace(state: CampaignState, now: number): boolean {
  return (
    state.status === 'active' &&
    !state.ending &&
    !state.superseded &&
    isOpen(state, now) &&
    !isBreakerOpen(state, now) &&
    !isWaitingForSystem(state, now)
  );
}

function slotsLeft(state: CampaignState, inFlight: number): number {
  return state.spec.max_concurrent_calls - inFlight;
}

function hasWork(state: CampaignState): boolean {
  return (
    state.ready.length > 0 || state.roster.moreToClaim || state.roster.nextRetryAt !== null || retriesToCome(state)
  );
}

/** Retries that the roster does not know of yet: they are still in the outbox. */
function retriesToCome(state: CampaignState): boolean {
  return state.settled.some((settlement) => settlement.to === 'retrying');
}

/**
 * Unknown calls that may be asked for again: that is a dial and passes every gate of the first try, and the provider
 * must surely still remember the key when the request arrives.
 */
function repeatable(state: CampaignState, calls: InFlightSurvey, now: number): string[] {
  const { facts } = state;
  if (!facts || isBeyondLimits(state, calls.count)) return [];
  return calls.due
    .filter(
      ([, call]) =>
        call.phase === 'unknown' &&
        call.mayRepeat &&
        !call.unconfirmed &&
        now < call.notAfter &&
        now + facts.dialMarginMs < call.sentAt + facts.keyTtlMs,
    )
    .map(([id]) => id);
}

/** Whether more is in flight, or was placed today, than the limits allow now that they were lowered. */
function isBeyondLimits(state: CampaignState, inFlight: number): boolean {
  const { max_calls_per_day: cap } = state.spec;
  return slotsLeft(state, inFlight) < 0 || (cap !== null && placedToday(state) > cap);
}

/**
 * Calls to look up, those that have waited longest first: in the order of their placing the first ones would be due
 * again before the last had their turn. A provider in trouble is asked as sparingly as it is called, but for calls whose
 * time is over, because their slots must be freed, and for those that are unconfirmed, because a pause, an edit or the end
 * may wait for them, and our own records have the answer.
 */
function lookUps(state: CampaignState, calls: InFlightSurvey, now: number, repeated: readonly string[]): string[] {
  const open = isBreakerOpen(state, now);
  const due = calls.due.filter(([id]) => !repeated.includes(id));
  const isUrgent = (call: InFlightCall): boolean => call.unconfirmed || now >= call.deadlineAt;
  const urgent = due.filter(([, call]) => isUrgent(call));
  const others = open ? [] : due.filter(([, call]) => !isUrgent(call));
  others.sort(([, a], [, b]) => (a.checkAt ?? 0) - (b.checkAt ?? 0));
  const sparingly = others.slice(0, state.slowStart ?? LOOK_UP_BATCH);
  return [...urgent, ...sparingly].slice(0, LOOK_UP_BATCH).map(([id]) => id);
}

function exchangeAt(
  state: CampaignState,
  calls: InFlightSurvey,
  now: number,
  room: number,
  placed: number,
  waiting: Waiting,
): { want: number } | null {
  if (state.superseded) return null;
  const claim = claimable(state, now, room, placed);
  const due = claim.pressing || isWorthSettling(state, calls, now) || isNewToDatabase(state, waiting, now);
  // Whatever the exchange is for, it fills the reserve up: claims do not ask for exchanges of their own then.
  return due ? { want: claim.most } : null;
}

/** How many contacts would fill the free slots and the reserve, and whether that cannot wait. */
function claimable(
  state: CampaignState,
  now: number,
  room: number,
  placed: number,
): { readonly most: number; readonly pressing: boolean } {
  const { moreToClaim, nextRetryAt } = state.roster;
  const retryDue = nextRetryAt !== null && nextRetryAt <= now;
  if (!mayPlace(state, now) || !(moreToClaim || retryDue)) return { most: 0, pressing: false };
  const reserve = Math.min(Math.max(2 * state.spec.max_concurrent_calls, MIN_RESERVE), MAX_RESERVE);
  const atHand = state.ready.length - placed;
  const free = Math.max(0, room - placed);
  const most = Math.max(0, Math.min(free + reserve - atHand, capLeft(state) - placed - atHand));
  // A retry has a promised time; first calls can wait until half of the reserve is used.
  return { most, pressing: most > 0 && (retryDue || atHand < free + reserve / 2) };
}

function isWorthSettling(state: CampaignState, calls: InFlightSurvey, now: number): boolean {
  const { settled, returned } = state;
  if (settled.length >= SETTLE_BATCH) return true;
  const oldest = oldestNews(state, calls);
  if (oldest === null) return false;
  if (now >= oldest + SETTLE_AFTER_MS) return true;
  // With nothing in flight and nothing at hand no further news will come to travel with.
  const quiet = calls.count === 0 && (state.ready.length === 0 || !mayPlace(state, now));
  return (quiet && settled.length + returned.length > 0) || state.status === 'paused' || state.ending !== null;
}

/** Since when something has happened that the roster has not been told. */
function oldestNews(state: CampaignState, calls: InFlightSurvey): number | null {
  if (state.returned.length > 0) return 0;
  // What was settled first stands first.
  const settledSince = state.settled[0]?.since ?? null;
  if (settledSince === null || calls.unsyncedSince === null) return settledSince ?? calls.unsyncedSince;
  return Math.min(settledSince, calls.unsyncedSince);
}

/**
 * Whether lists and pages read from the database would be wrong for long. Going from one call to the next, with or
 * without a moment's wait for a slot or for a retry that is near, is one condition to them.
 */
function isNewToDatabase(state: CampaignState, waiting: Waiting, now: number): boolean {
  const { lastSync } = state;
  if (lastSync.status !== state.status || lastSync.ending !== state.ending || state.pendingTerms !== null) return true;
  if (state.endRetriesAfter !== null) return true;
  // Until the database knows of the new window, the campaign is told again and again that its zone data is old.
  if (lastSync.zoneData !== zoneDataOf(state)) return true;
  const before = condition({ for: lastSync.waitingFor, until: lastSync.until }, now);
  const after = condition(waiting, now);
  if (before !== after) return true;
  if (after === 'calling' || after === 'retry') return false;
  return lastSync.until !== waiting.until || lastSync.placed !== placedToday(state);
}

function condition(waiting: Waiting, now: number): WaitingFor | 'calling' {
  if (waiting.for === null || waiting.for === 'slot') return 'calling';
  if (waiting.for === 'retry' && waiting.until !== null && waiting.until < now + NEAR_RETRY_MS) return 'calling';
  return waiting.for;
}

function wakeAt(state: CampaignState, calls: InFlightSurvey, now: number, waiting: Waiting): number | null {
  const instants: (number | null | undefined)[] = [waiting.until, state.askWindowAgainAt, calls.nextAt];
  const { window, facts, spec, roster, status } = state;
  if (status === 'active' || status === 'scheduled' || status === 'paused') instants.push(spec.ends_at);
  if (status === 'active' && !state.ending) {
    instants.push(windowCheckAt(state));
    // The close itself changes nothing that is under way, but what the campaign waits for.
    if (window && facts && isOpen(state, now) && hasWork(state)) instants.push(lastDialAt(window, facts, spec));
    if (waiting.for === null || waiting.for === 'retry') instants.push(roster.nextRetryAt);
  }
  const news = oldestNews(state, calls);
  if (news !== null) instants.push(news + SETTLE_AFTER_MS);
  if (state.breaker) instants.push(state.breaker.openUntil);
  if (state.systemWait) instants.push(state.systemWait.until);
  const ahead = instants.filter((instant): instant is number => typeof instant === 'number' && instant > now);
  return ahead.length > 0 ? Math.min(...ahead) : null;
}

/**
 * A contact whose call is not told yet still waits in the roster's eyes and must not be skipped: first every placement
 * has answered and an exchange has told of it.
 */
function isReadyToClose(state: CampaignState): boolean {
  return state.ending !== null && !state.closed && !state.superseded && state.settled.length === 0;
}

function isFinished(state: CampaignState): boolean {
  if (state.superseded || state.settled.length > 0 || state.returned.length > 0 || state.released.length > 0)
    return false;
  return state.ending ? state.closed : state.status === 'active' && !hasWork(state);
}
