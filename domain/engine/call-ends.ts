/**
 * The ends of calls. A message about a call that is no longer in flight changes only a counter, so it is safe to repeat.
 */
import { nextCallIfExcused, recordAccountFault, recordEnd } from './account-trouble.ts';
import { notePlaced } from './call-phases.ts';
import type { CampaignState, InFlightCall, ReadyContact } from './campaign-state.ts';
import type { EndedEvent, Outcome } from './outcome.ts';
import { afterAttempt, countedAttempt, type Disposition } from './retry-policy.ts';

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
    endCall(state, event.call_id, call, event, now);
    return;
  }
  const duplicate = state.settled.some((settlement) => settlement.eventId === event.event_id);
  if (duplicate) state.heard.duplicate += 1;
  else state.heard.late += 1;
}

/** Ends a call in flight by its terminal event. */
export function endCall(state: CampaignState, id: string, call: InFlightCall, event: EndedEvent, now: number): void {
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

/** Gives a call up at its deadline, because nothing was found about it. */
export function giveUp(state: CampaignState, id: string, call: InFlightCall, now: number): void {
  settleOutcome(state, id, call, { outcome: 'lost', toldEnd: now, eventId: null }, now);
}

/** Ends a contact for which no call was placed. */
export function settleWithoutCall(
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

/** The contact and attempt of a call. */
export function contactOf({ seq, attempt, excused, isDue, priority, group }: InFlightCall): ReadyContact {
  return {
    seq,
    attempt,
    ...(excused === undefined ? {} : { excused }),
    ...(isDue ? { isDue } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(group === undefined ? {} : { group }),
  };
}
