/**
 * What a campaign starts at this instant: calls, repeats, look-ups and exchanges, and when time alone changes that. Pure: it reads
 * the state and the clock and changes neither.
 */
import { capLeft, isGroupOpen, openGroups, placedToday, windowInstants, zoneDataOf } from './calling-day.ts';
import type { CampaignState, GroupState, InFlightCall, ReadyContact, WaitingFor } from './campaign-state.ts';
import { isBreakerOpen, troubleOf } from './circuit-breaker.ts';
import { isHeldByConnection, placingAllowed } from './connection-wait.ts';
import { isForDueTime, mayPlace, shareLeft, slotsLeft, type Waiting } from './gates.ts';
import { groupOf, nextDue, rankOf, USUAL_PRIORITY } from './groups.ts';
import type { InFlightSurvey } from './in-flight.ts';
import { cancelsIfQueued } from './look-up-times.ts';
import type { Claim } from './roster.ts';
import { looksAgainAt, looksNow } from './roster-changes.ts';
import { nextReportAt } from './share-report.ts';
import { askAboutStopsAt } from './stop-wait.ts';

/** The number of settlements that justifies an exchange. */
const SETTLE_BATCH = 20;
/** Settlements are recorded after this time at the latest. */
const SETTLE_AFTER_MS = 30_000;
/** Claimed contacts beyond the free slots, so that a freed slot is refilled without a query. */
const MIN_RESERVE = 40;
const MAX_RESERVE = 500;
/** A wait for a due time or for the connection that is shorter than this is not recorded. */
const NEAR_MS = 60_000;
/**
 * Placements under way at once, whatever the number of slots. Each answer adds two events to the history, and the server fails
 * a workflow task during which a hundred events arrive. It then repeats the task from the beginning of the history, during which
 * more events arrive. Forty leave room for signals, and are enough for eighty calls a second at half a second each.
 */
const MOST_PLACING = 40;
/** The largest number of calls in one look-up. */
const LOOK_UP_BATCH = 50;

/** The dials that may start now. */
export interface Dials {
  readonly place: readonly ReadyContact[];
  /** Unknown calls whose request is repeated under its key. */
  readonly repeat: readonly string[];
  /** Slots that are free under the limit, the share and the daily cap, before these dials. */
  readonly room: number;
}

/** Fills the free slots with claimed contacts, as far as the daily cap, the slow start and the connection allow. Repeats come first. */
export function dialsNow(state: CampaignState, calls: InFlightSurvey, now: number): Dials {
  if (!mayPlace(state, now)) return { place: [], repeat: [], room: 0 };
  const room = Math.max(0, Math.min(slotsLeft(state, calls.count), shareLeft(state, calls.count), capLeft(state)));
  const atOnce = Math.min(state.slowStart ?? MOST_PLACING, placingAllowed(state), MOST_PLACING);
  const allowed = Math.max(0, atOnce - calls.placing);
  const repeat = repeatable(state, calls, now).slice(0, allowed);
  return { place: callable(state, Math.max(0, Math.min(room, allowed - repeat.length)), now), repeat, room };
}

/** The first claimed contacts whose hours permit a call now. */
function callable(state: CampaignState, most: number, now: number): ReadyContact[] {
  const open = new Set(openGroups(state, now).map(({ no }) => no));
  if (open.size === state.groups.length) return state.ready.slice(0, most);
  return state.ready.filter(({ group = 0 }) => open.has(group)).slice(0, most);
}

/**
 * Unknown calls whose request may be repeated. A repeat is a dial and must pass every gate of a first one, and the provider must
 * certainly still remember the key when the request arrives.
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
        isGroupOpen(state, groupOf(state, call), now) &&
        now < call.notAfter &&
        now + facts.dialMarginMs < call.sentAt + facts.keyTtlMs,
    )
    .map(([id]) => id);
}

/** Whether more calls are in flight, or were placed today, than lowered limits and a lowered share allow. */
function isBeyondLimits(state: CampaignState, inFlight: number): boolean {
  const { max_calls_per_day: cap } = state.spec;
  return slotsLeft(state, inFlight) < 0 || shareLeft(state, inFlight) < 0 || (cap !== null && placedToday(state) > cap);
}

/**
 * Calls to look up, the longest wait first: in order of placement, the first calls would be due again before the last ones had
 * their turn. The circuit breaker limits look-ups like placements, with three exceptions. Calls past their deadline must free
 * their slots. Calls that may still wait in the provider's queue must not be dialled after their window. Unconfirmed calls may
 * hold up a pause, an edit or the end, and Ringfence's own records have the answer.
 */
export function lookUps(
  state: CampaignState,
  calls: InFlightSurvey,
  now: number,
  repeated: readonly string[],
): string[] {
  const due = calls.due.filter(([id]) => !repeated.includes(id));
  const isUrgent = (call: InFlightCall): boolean =>
    call.unconfirmed || now >= call.deadlineAt || cancelsIfQueued(state.facts, call, now);
  const urgent = due.filter(([, call]) => isUrgent(call));
  const isHeld = isBreakerOpen(state, now) || isHeldByConnection(state, now);
  const others = isHeld ? [] : due.filter(([, call]) => !isUrgent(call));
  others.sort(([, a], [, b]) => (a.checkAt ?? 0) - (b.checkAt ?? 0));
  const troubled = state.connectionWait?.trouble ? placingAllowed(state) : LOOK_UP_BATCH;
  const sparingly = others.slice(0, Math.min(state.slowStart ?? LOOK_UP_BATCH, troubled));
  return [...urgent, ...sparingly].slice(0, LOOK_UP_BATCH).map(([id]) => id);
}

/** The exchange that is due now, if any, with the number of contacts to claim. */
export function exchangeNow(
  state: CampaignState,
  calls: InFlightSurvey,
  dials: Dials,
  waiting: Waiting,
  now: number,
): Claim | null {
  if (state.superseded) return null;
  const claim = claimable(state, dials, now);
  const due =
    claim.pressing ||
    looksNow(state, now) ||
    isWorthSettling(state, calls, waiting, now) ||
    isDatabaseStale(state, calls, waiting, now) ||
    (askAboutStopsAt(state) ?? Infinity) <= now;
  // Every exchange refills the reserve, whatever its reason. That saves exchanges only for claims.
  return due ? claim.most : null;
}

/** How many contacts would fill the free slots and the reserve, and whether the claim is urgent. */
function claimable(
  state: CampaignState,
  { room, place }: Dials,
  now: number,
): { readonly most: Claim; readonly pressing: boolean } {
  const open = openGroups(state, now);
  const moreToClaim = open.some((group) => group.moreToClaim);
  const someDue = open.some(({ nextDueAt }) => nextDueAt !== null && nextDueAt <= now);
  // An exchange that looks for added people claims them too.
  const looks = looksNow(state, now);
  if (!mayPlace(state, now) || !(moreToClaim || someDue || looks)) return { most: { want: 0 }, pressing: false };
  const reserve = Math.min(Math.max(2 * state.spec.max_concurrent_calls, MIN_RESERVE), MAX_RESERVE);
  const free = Math.max(0, room - place.length);
  const cap = capLeft(state) - place.length;
  const fits = (atHand: number): number => Math.max(0, Math.min(free + reserve, cap) - atHand);
  const atHand = state.ready.length - place.length;
  const want = fits(atHand);
  // Contacts with a due time go before others, also before those who are at hand, and so do contacts of a better priority.
  const before = (rank: number): number => countBefore(rank, state.ready) - countBefore(rank, place);
  const wantDue = someDue ? fits(before(1)) : 0;
  const last = lastRank(state.ready, place, open);
  const first = looks ? 1 : Math.min(...open.map(firstPriority));
  const ahead = first < last ? { most: fits(before(last)), before: last } : null;
  // Others can wait until half of the reserve is used.
  const pressing =
    wantDue > 0 ||
    (ahead !== null && ahead.most > 0 && moreToClaim && !looks) ||
    (want > 0 && moreToClaim && atHand < free + reserve / 2);
  const most = {
    want,
    ...(wantDue > want ? { wantDue } : {}),
    ...(ahead !== null && ahead.most > want ? { ahead } : {}),
  };
  return { most, pressing };
}

function countBefore(rank: number, contacts: readonly ReadyContact[]): number {
  return contacts.filter((contact) => rankOf(contact) < rank).length;
}

/** The rank of the contact that is called last of those at hand whose hours permit a call. */
function lastRank(ready: readonly ReadyContact[], place: readonly ReadyContact[], open: readonly GroupState[]): number {
  const placed = new Set(place);
  const numbers = new Set(open.map(({ no }) => no));
  let last = 0;
  for (const contact of ready) {
    const rank = rankOf(contact);
    if (rank > last && numbers.has(contact.group ?? 0) && !placed.has(contact)) last = rank;
  }
  return last;
}

function firstPriority({ moreToClaim, firstPriority: priority = USUAL_PRIORITY }: GroupState): number {
  return moreToClaim ? priority : Infinity;
}

function isWorthSettling(state: CampaignState, calls: InFlightSurvey, waiting: Waiting, now: number): boolean {
  const { settled, returned, released } = state;
  if (settled.length + released.length >= SETTLE_BATCH) return true;
  const oldest = unsyncedSince(state, calls, now);
  if (oldest === null) return false;
  if (now >= oldest + SETTLE_AFTER_MS) return true;
  // Without calls in flight and claimed contacts, nothing else will happen that could share the exchange.
  const placesSoon = mayPlace(state, now) || waiting.for === 'connection';
  const quiet = calls.count === 0 && (state.ready.length === 0 || !placesSoon);
  return (
    (quiet && settled.length + returned.length + released.length > 0) ||
    state.status === 'paused' ||
    state.ending !== null
  );
}

/** Since when the roster lacks a change. Null: it knows everything. */
function unsyncedSince(state: CampaignState, calls: InFlightSurvey, now: number): number | null {
  const { settled, returned, released } = state;
  // A contact is claimed at its due time only if the roster knows it by then.
  if (returned.length > 0 || released.some(({ until }) => until !== undefined && until < now + SETTLE_AFTER_MS))
    return 0;
  // The oldest settlement is first, and so is the oldest due time.
  const since = [settled[0]?.since, released.find((one) => one.since !== undefined)?.since, calls.unsyncedSince];
  const known = since.filter((instant): instant is number => typeof instant === 'number');
  return known.length > 0 ? Math.min(...known) : null;
}

/**
 * Whether reads from the database would be wrong for long. Placing calls, with or without a short wait for a slot, the connection
 * or a near due time, counts as one condition.
 */
function isDatabaseStale(state: CampaignState, calls: InFlightSurvey, waiting: Waiting, now: number): boolean {
  const { lastSync } = state;
  if (lastSync.status !== state.status || lastSync.ending !== state.ending || state.pendingTerms !== null) return true;
  if (state.endRetriesAfter !== null) return true;
  // Until the database knows the new window, it keeps signalling that this campaign's zone data is old.
  if (lastSync.zoneData !== zoneDataOf(state)) return true;
  if (lastSync.trouble?.reason !== troubleOf(state)?.reason) return true;
  const hasCalls = calls.count > 0;
  const before = condition({ for: lastSync.waitingFor, until: lastSync.until }, hasCalls, now);
  const after = condition(waiting, hasCalls, now);
  if (before !== after) return true;
  if (after === 'calling' || isForDueTime(waiting.for) || after === 'connection') return false;
  return lastSync.until !== waiting.until || lastSync.placed !== placedToday(state);
}

function condition(waiting: Waiting, hasCalls: boolean, now: number): WaitingFor | 'calling' {
  if (waiting.for === null || waiting.for === 'slot') return 'calling';
  // A campaign that uses its whole share waits for its own calls.
  if (isForShare(waiting) && hasCalls) return 'calling';
  const isShort = waiting.until !== null && waiting.until < now + NEAR_MS;
  if (isShort && (isForDueTime(waiting.for) || waiting.for === 'connection')) return 'calling';
  return waiting.for;
}

function isForShare({ for: gate, until }: Waiting): boolean {
  return (gate === 'connection' || gate === 'account') && until === null;
}

/** The earliest instant at which time alone changes what may start. Null: only a message does. */
export function wakeAt(state: CampaignState, calls: InFlightSurvey, waiting: Waiting, now: number): number | null {
  const instants: (number | null | undefined)[] = [waiting.until, calls.nextAt];
  const { spec, status } = state;
  if (status === 'active' || status === 'scheduled' || status === 'paused') instants.push(spec.ends_at);
  if (status === 'active' && !state.ending) {
    instants.push(...windowInstants(state, now));
    // While all slots are in use, a contact that becomes due is claimed to be the next.
    const claims = waiting.for === null || waiting.for === 'slot' || isForDueTime(waiting.for);
    if (claims) instants.push(nextDue(openGroups(state, now))?.nextDueAt);
  }
  const unsynced = unsyncedSince(state, calls, now);
  if (unsynced !== null) instants.push(unsynced + SETTLE_AFTER_MS);
  if (state.breaker) instants.push(state.breaker.openUntil);
  if (state.systemWait) instants.push(state.systemWait.until);
  if (state.connectionWait) instants.push(state.connectionWait.until);
  if (state.accountWait) instants.push(state.accountWait.until);
  instants.push(nextReportAt(state), askAboutStopsAt(state), looksAgainAt(state));
  const ahead = instants.filter(
    (instant): instant is number => typeof instant === 'number' && instant > now && instant !== Infinity,
  );
  return ahead.length > 0 ? Math.min(...ahead) : null;
}
