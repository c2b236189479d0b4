/**
 * The transitions of calls in a campaign's state. Each changes the given state, takes the clock as an argument and is safe to
 * repeat: a message about a call that is no longer in flight changes only a counter.
 */
import type { CampaignState, InFlightCall, ReadyContact } from './campaign-state.ts';
import { callId } from './ids.ts';
import type { EndedEvent, Outcome } from './outcome.ts';
import { type LookUpFinding, type PlacementResult, REPEAT_REFUSED } from './placement.ts';
import { waitForAccount } from './account-wait.ts';
import { nextCallIfExcused, recordAcceptance, recordAccountFault, recordEnd } from './account-trouble.ts';
import { recordFailure, recordSuccess } from './circuit-breaker.ts';
import { mayNotBeGranted } from './retries-to-end.ts';
import { afterAttempt, countedAttempt, type Disposition } from './retry-policy.ts';
import { callingTime, lastDialAt, spendWindow } from './calling-day.ts';
import { dialledThrough, holdForConnection, waitForConnection } from './connection-wait.ts';
import { groupOf } from './groups.ts';
import { noteRosterChange } from './roster-changes.ts';
import { beforeQueueCloses, cancelsIfQueued, isQueuedTooLong, nextLiveCheck } from './look-up-times.ts';
import { holdForStop } from './stop-wait.ts';
import { systemKeepsUp, waitForSystem } from './system-wait.ts';

/** The pause after a look-up without a result. It doubles each time, up to the maximum. */
const FIRST_CHECK_MS = 1_000;
const MAX_CHECK_MS = 60_000;
/**
 * While Ringfence's own records cannot be read, a call is looked up again after the first time, and kept for the second time past its
 * deadline. The records may contain its end, and no call could use its slot without them.
 */
const UNASKED_PAUSE_MS = 15_000;
const UNASKED_FOR_MS = 15 * 60_000;
/** A contact that a dial has postponed does not come back earlier than this. */
const SHORTEST_POSTPONEMENT_MS = 1_000;

/** The call id, which is the key in `inFlight`. */
export function idOf(campaignId: string, contact: { readonly seq: number; readonly attempt: number }): string {
  return callId({ campaignId, seq: contact.seq, attempt: contact.attempt });
}

/** Turns the dials of a step into calls in flight, and returns their ids, repeats first. */
export function startDials(
  state: CampaignState,
  campaignId: string,
  { place, repeat }: { readonly place: readonly ReadyContact[]; readonly repeat: readonly string[] },
  now: number,
): string[] {
  for (const id of repeat) startRepeating(state, id);
  if (place.length > 0) {
    const chosen = new Set(place.map(({ seq }) => seq));
    state.ready = state.ready.filter(({ seq }) => !chosen.has(seq));
  }
  const placed = place.map((contact) => {
    const id = idOf(campaignId, contact);
    startPlacing(state, id, contact, now);
    return id;
  });
  return [...repeat, ...placed];
}

/** The request for one placement. */
export interface DialRequest {
  readonly campaignId: string;
  readonly connection: string;
  readonly seq: number;
  readonly attempt: number;
  /** The epoch of the state that decided, and the number of this placement in it. */
  readonly epoch: number;
  readonly placement: number;
  /** The civil day whose cap it counts against. */
  readonly day: string;
  /** No request is sent before this instant (epoch milliseconds). */
  readonly notBefore: number;
  readonly notAfter: number;
  /** How long before the window closes `notAfter` is. */
  readonly marginMs: number;
  /** A person wants to know at once whether the connection's trouble is over: try before the end of its pause. */
  readonly probeNow?: true;
}

/** The request for a call that is being placed. Null: it is no longer in flight. */
export function dialRequest(state: CampaignState, campaignId: string, id: string, now: number): DialRequest | null {
  const call = state.inFlight[id];
  if (!call) return null;
  const { seq, attempt, placement, day, notAfter } = call;
  return {
    campaignId,
    connection: state.spec.connection,
    seq,
    attempt,
    epoch: state.epoch,
    placement,
    day,
    notBefore: groupOf(state, call)?.window?.opensAt ?? now,
    notAfter,
    marginMs: state.facts?.dialMarginMs ?? 0,
    ...(state.connectionWait?.probeNow ? { probeNow: true as const } : {}),
  };
}

/** A call to look up. */
export interface CallToLookUp extends Pick<InFlightCall, 'seq' | 'attempt' | 'placement'> {
  readonly callId: string;
  /** Its outcome is unknown, or its deadline has passed. Part of the budget of look-ups is kept for such calls. */
  readonly urgent?: true;
  /** Cancel it if it still waits in the provider's queue. Part of the budget is kept for such calls as well. */
  readonly cancelQueued?: true;
}

/** Marks calls as being looked up, so that no other look-up asks about them before the answer. */
export function startLookingUp(state: CampaignState, callIds: readonly string[], now: number): CallToLookUp[] {
  return callIds.flatMap((callId) => {
    const call = state.inFlight[callId];
    if (!call) return [];
    call.checkAt = null;
    const { seq, attempt, placement } = call;
    const cancelQueued = cancelsIfQueued(state.facts, call, now);
    const urgent = call.phase === 'unknown' || now >= call.deadlineAt;
    return [
      {
        callId,
        seq,
        attempt,
        placement,
        ...(urgent ? { urgent } : {}),
        ...(cancelQueued ? { cancelQueued } : {}),
      },
    ];
  });
}

/** Starts the call of a claimed contact: it takes a slot and a unit of its day's cap. */
export function startPlacing(state: CampaignState, id: string, contact: ReadyContact, now: number): InFlightCall {
  const time = callingTime(state, groupOf(state, contact));
  if (!time) throw new Error('a call cannot be placed before its window is recorded');
  const { day, facts } = time;
  const call: InFlightCall = {
    ...contact,
    phase: 'placing',
    placement: nextPlacement(state),
    unconfirmed: false,
    day: day.date,
    notAfter: lastDialAt(time, state.spec),
    sentAt: now,
    checkAt: null,
    deadlineAt: now + facts.callLifetimeMs + facts.graceMs,
    checks: 0,
    mayRepeat: false,
    synced: false,
  };
  state.inFlight[id] = call;
  state.placedByDay[call.day] = (state.placedByDay[call.day] ?? 0) + 1;
  return call;
}

/**
 * Repeats the request of an unknown call under its key. Its slot and its unit are already taken. The hours may have changed since
 * its first placement, and the repeat may wait in a queue.
 */
export function startRepeating(state: CampaignState, id: string): void {
  const call = state.inFlight[id];
  const time = call ? callingTime(state, groupOf(state, call)) : null;
  if (!call || !time) return;
  call.notAfter = Math.min(call.notAfter, lastDialAt(time, state.spec));
  call.phase = 'placing';
  call.placement = nextPlacement(state);
  call.checkAt = null;
  call.mayRepeat = false;
}

function nextPlacement(state: CampaignState): number {
  state.placements += 1;
  return state.placements;
}

/** Applies the result of a placement. `random` in [0, 1) spreads the pauses of the circuit breaker. */
export function applyPlacement(
  state: CampaignState,
  id: string,
  result: PlacementResult,
  now: number,
  random: number,
): void {
  const call = state.inFlight[id];
  if (!call) return;
  const held = call.heldEnd;
  delete call.heldEnd;
  // Whatever this try reports, an event proves a call under this id. After a reply, the records decide.
  if (held && result.kind !== 'accepted' && result.kind !== 'superseded') {
    end(state, id, call, held, now);
    return;
  }
  switch (result.kind) {
    case 'accepted':
      systemKeepsUp(state);
      dialledThrough(state, now);
      if (result.ended) end(state, id, call, result.ended, now);
      else followLive(state, call, now);
      recordAcceptance(state, call, now);
      return;
    case 'rejected':
      systemKeepsUp(state);
      dialledThrough(state, now);
      recordSuccess(state, now);
      refuse(state, id, call, result.reason, now);
      return;
    case 'invalid':
      refuse(state, id, call, 'invalid', now);
      return;
    case 'suppressed':
      giveBackUnit(state, call);
      settleWithoutCall(state, id, call, 'skipped', 'suppressed', now);
      return;
    case 'not_allowed':
      giveBackUnit(state, call);
      settleWithoutCall(state, id, call, 'skipped', result.reason, now);
      return;
    case 'removed':
      takeOut(state, id, call);
      return;
    case 'withdrawn':
      backToReady(state, id, call);
      return;
    case 'expired':
      spendWindow(state, call);
      backToReady(state, id, call);
      return;
    case 'delayed':
      waitForSystem(state, now);
      backToReady(state, id, call);
      return;
    case 'later':
      waitForConnection(state, result.afterMs, now);
      backToReady(state, id, call);
      return;
    case 'held':
      systemKeepsUp(state);
      holdForConnection(state, result.trouble, result.afterMs, now);
      backToReady(state, id, call);
      return;
    case 'next_day':
      systemKeepsUp(state);
      waitForAccount(state, result.until, now);
      backToReady(state, id, call);
      return;
    case 'postponed':
      postpone(state, id, call, result, now);
      return;
    case 'stopped':
      holdForStop(state, now);
      backToReady(state, id, call);
      return;
    case 'blocked':
      systemKeepsUp(state);
      recordFailure(state, `blocked:${result.reason}`, now, random, null);
      backToReady(state, id, call);
      return;
    case 'superseded':
      state.superseded = true;
      call.phase = 'unknown';
      return;
    case 'cancelled':
      becomeUnconfirmed(state, call, now);
      return;
    case 'unanswered':
      if (result.error) waitForSystem(state, now);
      becomeUnconfirmed(state, call, now);
      return;
    case 'unresolved':
      waitLonger(state, call, now);
      return;
    case 'unknown':
      systemKeepsUp(state);
      if (result.reason === REPEAT_REFUSED) {
        // The provider works. Only this call must wait, longer after each refusal.
        recordSuccess(state, now);
        waitLonger(state, call, now);
        return;
      }
      recordFailure(state, `unknown:${result.reason}`, now, random, result.retryAfterMs);
      becomeUnknown(state, call, now, FIRST_CHECK_MS);
      return;
  }
}

/**
 * Applies a terminal event. The first one stands; any other event for the same call is counted and changes nothing. An event that
 * was stored before the reply was recorded waits for the reply. The reply itself brings the end, if there is one. Such an event
 * for a live call therefore belongs to another call.
 */
export function applyEnded(state: CampaignState, event: EndedEvent, now: number): void {
  const call = state.inFlight[event.call_id];
  if (call && event.unconfirmed && call.phase !== 'unknown') {
    if (call.phase === 'placing') call.heldEnd ??= event;
    return;
  }
  if (call) {
    end(state, event.call_id, call, event, now);
    return;
  }
  const duplicate = state.settled.some((settlement) => settlement.eventId === event.event_id);
  if (duplicate) state.heard.duplicate += 1;
  else state.heard.late += 1;
}

/** Applies the result of a look-up. Gives the call up as lost at its deadline if nothing was found. */
export function applyFinding(state: CampaignState, id: string, finding: LookUpFinding, now: number): void {
  const call = state.inFlight[id];
  // The answer of a placement under way is newer than this look-up.
  if (!call || call.phase === 'placing') return;
  // Every look-up that was possible has read or written the dial record.
  if (finding.kind !== 'unasked') call.unconfirmed = false;
  switch (finding.kind) {
    case 'ended':
      end(state, id, call, finding.event, now);
      return;
    case 'not_placed':
      if (finding.reason === null) backToReady(state, id, call);
      else refuse(state, id, call, finding.reason, now);
      return;
    case 'live': {
      const isNews = call.phase === 'unknown';
      // A call that is first reported as live may have started just now. Its deadline counts from here, whatever the provider says.
      if (isNews) followLive(state, call, now);
      noteQueue(state, call, finding.queued, now);
      if (!isNews) stayLive(state, id, call, now);
      return;
    }
    case 'unknown':
      if (now >= call.deadlineAt) giveUp(state, id, call, now);
      else waitForNextCheck(state, call, finding.mayRepeat, now);
      return;
    case 'deferred':
      waitUntilAsked(state, id, call, finding.retryAfterMs, now);
      return;
    case 'unasked':
      waitUntilAsked(state, id, call, UNASKED_PAUSE_MS, now);
      return;
  }
}

/**
 * Notes whether the call waits in the provider's queue. While it does it has not begun, so its deadline counts from here, and
 * from when it is first reported as dialled. After `queuedUntil` nobody waits for it any more.
 */
function noteQueue({ facts }: CampaignState, call: InFlightCall, queued: boolean, now: number): void {
  if (!facts || call.dialled) return;
  if (queued) call.queuedUntil ??= call.deadlineAt + facts.queueBoundMs;
  else call.dialled = true;
  if (call.queuedUntil === undefined) return;
  const longestMs = facts.callLifetimeMs - facts.queueBoundMs + facts.graceMs;
  call.deadlineAt = Math.max(call.deadlineAt, Math.min(now, call.queuedUntil) + longestMs);
}

/** Applies that the provider has the call, in its queue or on the line. */
function stayLive(state: CampaignState, id: string, call: InFlightCall, now: number): void {
  if (now >= call.deadlineAt || isQueuedTooLong(call, now)) {
    giveUp(state, id, call, now);
    return;
  }
  call.checks += 1;
  call.checkAt = nextLiveCheck(state, call, now);
}

function giveUp(state: CampaignState, id: string, call: InFlightCall, now: number): void {
  settleOutcome(state, id, call, { outcome: 'lost', toldEnd: now, eventId: null }, now);
}

/** When a call is given up although no look-up was possible. */
function giveUpAskingAt({ facts }: CampaignState, { sentAt }: InFlightCall): number {
  return sentAt + (facts?.callLifetimeMs ?? 0) + (facts?.graceMs ?? 0) + UNASKED_FOR_MS;
}

/** The time without a possible look-up does not count against the call, up to a limit. */
function waitUntilAsked(state: CampaignState, id: string, call: InFlightCall, pauseMs: number, now: number): void {
  if (now >= Math.max(call.deadlineAt, giveUpAskingAt(state, call))) {
    giveUp(state, id, call, now);
    return;
  }
  call.checkAt = beforeQueueCloses(state.facts, call, now + pauseMs, now);
  call.deadlineAt = Math.max(call.deadlineAt, call.checkAt);
}

/**
 * A request that may be repeated is repeated immediately if the gates permit. Otherwise each pause is longer than the last. A
 * call whose acceptance is known and that may well be live is asked about again as if it was.
 */
function waitForNextCheck(state: CampaignState, call: InFlightCall, mayRepeat: boolean, now: number): void {
  const isNew = mayRepeat && !call.mayRepeat;
  call.mayRepeat = mayRepeat;
  if (!isNew) call.checks += 1;
  if (call.phase === 'live' && now < call.deadlineAt - (state.facts?.graceMs ?? 0)) {
    call.checkAt = nextLiveCheck(state, call, now);
    return;
  }
  const pause = isNew ? 0 : Math.min(FIRST_CHECK_MS * 2 ** call.checks, MAX_CHECK_MS);
  call.checkAt = Math.min(now + pause, call.deadlineAt);
}

function followLive(state: CampaignState, call: InFlightCall, now: number): void {
  const { facts } = state;
  if (!facts) throw new Error('a call cannot be live before the provider facts are recorded');
  notePlaced(state, call);
  call.phase = 'live';
  call.checks = 0;
  call.mayRepeat = false;
  call.deadlineAt = now + facts.callLifetimeMs + facts.graceMs;
  call.checkAt = nextLiveCheck(state, call, now);
}

/** The provider has this call. That may show long after others were placed. */
function notePlaced(state: CampaignState, { seq, attempt, sentAt }: InFlightCall): void {
  if (state.lastPlaced === null || sentAt >= state.lastPlaced.at) state.lastPlaced = { seq, attempt, at: sentAt };
}

function becomeUnknown(state: CampaignState, call: InFlightCall, now: number, delay: number): void {
  call.phase = 'unknown';
  call.checkAt = now + delay;
  call.deadlineAt = Math.max(call.deadlineAt, now + (state.facts?.callLifetimeMs ?? 0) + (state.facts?.graceMs ?? 0));
}

/** A placement without an answer may still send, or may be recorded as sent: a look-up finds out immediately. */
function becomeUnconfirmed(state: CampaignState, call: InFlightCall, now: number): void {
  call.unconfirmed = true;
  becomeUnknown(state, call, now, 0);
}

/** A repeat without a result: the unknown call is looked up after a longer pause each time. */
function waitLonger(state: CampaignState, call: InFlightCall, now: number): void {
  call.checks += 1;
  becomeUnknown(state, call, now, Math.min(FIRST_CHECK_MS * 2 ** call.checks, MAX_CHECK_MS));
}

function end(state: CampaignState, id: string, call: InFlightCall, event: EndedEvent, now: number): void {
  const { outcome, ended_at: toldEnd, event_id: eventId, account_fault: accountFault } = event;
  notePlaced(state, call);
  if (accountFault === undefined) {
    recordEnd(state, call, outcome);
    settleOutcome(state, id, call, { outcome, toldEnd, eventId }, now);
    return;
  }
  const excusedUntil = nextCallIfExcused(state, call, now);
  recordAccountFault(state, accountFault, call, now);
  settleOutcome(state, id, call, { outcome, toldEnd, eventId, accountFault, excusedUntil }, now);
}

interface CallEnd {
  readonly outcome: Outcome;
  readonly toldEnd: number;
  readonly eventId: string | null;
  readonly accountFault?: string;
  /** When the contact of an excused call is called again. Null or absent: the call counts. */
  readonly excusedUntil?: number | null;
}

function settleOutcome(
  state: CampaignState,
  id: string,
  call: InFlightCall,
  { outcome, toldEnd, eventId, accountFault, excusedUntil = null }: CallEnd,
  now: number,
): void {
  const { retry } = state.spec;
  const policy = state.ending ? { ...retry, budget: 0 } : retry;
  // Providers' clocks may be wrong by years: no call ends before it was sent, or after its event arrived.
  const endedAt = Math.min(Math.max(toldEnd, call.sentAt), now);
  const disposition: Disposition =
    excusedUntil === null
      ? afterAttempt(policy, countedAttempt(call), outcome, endedAt)
      : { to: 'retrying', reason: outcome, retryAt: excusedUntil };
  delete state.inFlight[id];
  state.settled.push({
    ...contactOf(call),
    to: disposition.to,
    reason: disposition.reason,
    outcome,
    at: endedAt,
    retryAt: disposition.to === 'retrying' ? disposition.retryAt : null,
    synced: call.synced,
    since: now,
    eventId,
    ...(accountFault === undefined ? {} : { accountFault }),
    ...(excusedUntil === null ? {} : { isExcused: true }),
  });
}

/** The contact and attempt of a call. */
function contactOf({ seq, attempt, excused, isDue, group }: InFlightCall): ReadyContact {
  return {
    seq,
    attempt,
    ...(excused === undefined ? {} : { excused }),
    ...(isDue ? { isDue } : {}),
    ...(group === undefined ? {} : { group }),
  };
}

/** A refused request would be refused again, so a refusal ends the contact. */
function refuse(state: CampaignState, id: string, call: InFlightCall, reason: string, now: number): void {
  giveBackUnit(state, call);
  settleWithoutCall(state, id, call, 'failed', reason, now);
}

function settleWithoutCall(
  state: CampaignState,
  id: string,
  call: InFlightCall,
  to: 'failed' | 'skipped',
  reason: string,
  now: number,
): void {
  delete state.inFlight[id];
  state.settled.push({
    ...contactOf(call),
    to,
    reason,
    outcome: null,
    at: now,
    retryAt: null,
    synced: call.synced,
    since: now,
    eventId: null,
  });
}

function backToReady(state: CampaignState, id: string, call: InFlightCall): void {
  const contact = contactOf(call);
  takeBack(state, id, call, contact);
  if (!mayNotBeGranted(state, call)) {
    state.ready.unshift(contact);
    return;
  }
  state.released.push(contact);
  state.endRetriesAfter = 0;
}

/** The contact may be called from a time on. Until then it waits in the roster. */
function postpone(
  state: CampaignState,
  id: string,
  call: InFlightCall,
  { until, afterMs, waitsFor }: Extract<PlacementResult, { kind: 'postponed' }>,
  now: number,
): void {
  const { seq, attempt } = call;
  takeBack(state, id, call, { seq, attempt });
  // The two clocks may differ: by this one the time may have passed already, and the contact must not come back at once.
  const due = until > now ? until : now + Math.max(afterMs, SHORTEST_POSTPONEMENT_MS);
  state.released.push({ seq, attempt, until: due, waitsFor, since: now });
  if (mayNotBeGranted(state, call)) state.endRetriesAfter = 0;
}

/** The records refuse this call: the contact is neither settled nor returned to the claimed contacts. */
function takeOut(state: CampaignState, id: string, call: InFlightCall): void {
  takeBack(state, id, call, { seq: call.seq, attempt: call.attempt });
  // Otherwise the buckets of the last exchange may be older than the removal, and the campaign would end with them.
  if (!state.ending) noteRosterChange(state);
}

/** A call that was certainly not placed leaves its slot and its unit, and the roster takes its contact back. */
function takeBack(state: CampaignState, id: string, call: InFlightCall, contact: ReadyContact): void {
  giveBackUnit(state, call);
  delete state.inFlight[id];
  if (call.synced) state.returned.push(contact);
  // If the campaign is ending and the other contacts are already skipped, this contact must still be skipped.
  state.closed = false;
}

function giveBackUnit(state: CampaignState, call: InFlightCall): void {
  const placed = state.placedByDay[call.day];
  if (placed !== undefined) state.placedByDay[call.day] = placed - 1;
}
