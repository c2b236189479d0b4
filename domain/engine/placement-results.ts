/**
 * What the result of a placement changes: the call, and what the campaign knows about its provider, its connection, its account and
 * its own system.
 */
import { recordAcceptance } from './account-trouble.ts';
import { waitForAccount } from './account-wait.ts';
import { endCall } from './call-ends.ts';
import { becomeUnconfirmed, becomeUnknown, followLive, pauseAfter, waitLonger } from './call-phases.ts';
import { backToReady, postpone, refuse, skip, takeOut } from './calls-not-placed.ts';
import { spendWindow } from './calling-day.ts';
import type { CampaignState } from './campaign-state.ts';
import { recordFailure, recordSuccess } from './circuit-breaker.ts';
import { dialledThrough, holdForConnection, waitForConnection } from './connection-wait.ts';
import { type PlacementResult, REPEAT_REFUSED } from './placement.ts';
import { holdForStop } from './stop-wait.ts';
import { systemKeepsUp, waitForSystem } from './system-wait.ts';

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
    endCall(state, id, call, held, now);
    return;
  }
  switch (result.kind) {
    case 'accepted':
      systemKeepsUp(state);
      dialledThrough(state, now);
      if (result.ended) endCall(state, id, call, result.ended, now);
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
      skip(state, id, call, 'suppressed', now);
      return;
    case 'not_allowed':
      skip(state, id, call, result.reason, now);
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
      backToReady(state, id, call, 'last');
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
      becomeUnknown(state, call, now, pauseAfter(0));
      return;
  }
}
