/** The phases of a call in flight after its placement: live or unknown, and when it is looked up next. */
import type { CampaignState, InFlightCall } from './campaign-state.ts';
import { nextLiveCheck } from './look-up-times.ts';

/** The pause after a look-up without a result. It doubles each time, up to the maximum. */
const FIRST_CHECK_MS = 1_000;
const MAX_CHECK_MS = 60_000;

/** The pause after so many look-ups without a result. */
export function pauseAfter(checks: number): number {
  return Math.min(FIRST_CHECK_MS * 2 ** checks, MAX_CHECK_MS);
}

/** The provider has accepted the call. */
export function followLive(state: CampaignState, call: InFlightCall, now: number): void {
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
export function notePlaced(state: CampaignState, { seq, attempt, sentAt }: InFlightCall): void {
  if (state.lastPlaced === null || sentAt >= state.lastPlaced.at) state.lastPlaced = { seq, attempt, at: sentAt };
}

/** The provider may have the call. It is looked up after the delay. */
export function becomeUnknown(state: CampaignState, call: InFlightCall, now: number, delay: number): void {
  call.phase = 'unknown';
  call.checkAt = now + delay;
  call.deadlineAt = Math.max(call.deadlineAt, now + (state.facts?.callLifetimeMs ?? 0) + (state.facts?.graceMs ?? 0));
}

/** A placement without an answer may still send, or may be recorded as sent: a look-up finds out immediately. */
export function becomeUnconfirmed(state: CampaignState, call: InFlightCall, now: number): void {
  call.unconfirmed = true;
  becomeUnknown(state, call, now, 0);
}

/** A repeat without a result: the unknown call is looked up after a longer pause each time. */
export function waitLonger(state: CampaignState, call: InFlightCall, now: number): void {
  call.checks += 1;
  becomeUnknown(state, call, now, pauseAfter(call.checks));
}
