/**
 * Account trouble: the provider accepts calls and then ends them without dialling, because of the account (no money, too many
 * calls, a refused trunk). The fault of a refused placement shows at once, and opens the circuit breaker. Here an acceptance
 * proves nothing. So `accountTrouble` is set with the first fault, and while it is set
 * - another fault of a call that was sent since opens the breaker again, for longer,
 * - the first acceptance since then keeps the breaker open for a moment, until a fault would have shown,
 * - an acceptance after that moment ends the trouble, and so does the end of a call that reached the telephone network.
 *
 * Such a call does not count against the contact's retries: its attempt is *excused*. The contact is called again under the next
 * attempt, because the provider has accepted the call of this one. A fault that comes again and again while calls to others take
 * place is the contact's alone, for example a country that the trunk refuses. It counts as a failed call.
 */
import type { CampaignState, InFlightCall } from './campaign-state.ts';
import { keepOpen, recordSuccess, trip } from './circuit-breaker.ts';
import type { Outcome } from './outcome.ts';
import { isBeyondBudget } from './retries-to-end.ts';

/** A fault shows within this time after the acceptance, because the call is ended before it is dialled. */
const SHOWS_WITHIN_MS = 30_000;
/**
 * From an excused call to the next one. Longer than the longest pause of the breaker, so that the next call is to somebody else: if
 * the fault is this contact's alone, the campaign goes on.
 */
const NEXT_CALL_MS = 600_000;
/** Excused attempts of one contact while calls to others take place. Each holds the campaign for a pause of the breaker. */
const MOST_WHILE_OTHERS_WORK = 3;
/** Excused attempts of one contact in any case: the number of an attempt has at most three digits in a call id. */
const MOST_EXCUSED = 500;

/** Outcomes of calls that reached the telephone network. */
const REACHED_NETWORK: ReadonlySet<Outcome> = new Set([
  'completed',
  'no_answer',
  'busy',
  'voicemail',
  'declined',
  'invalid_number',
]);

/** When the contact of a call with a fault of the account is called again. Null: the attempt counts. */
export function nextCallIfExcused(state: CampaignState, call: InFlightCall, now: number): number | null {
  if (state.ending || isBeyondBudget(state, call)) return null;
  const most = state.accountTrouble === null ? MOST_WHILE_OTHERS_WORK : MOST_EXCUSED;
  return (call.excused ?? 0) < most ? now + NEXT_CALL_MS : null;
}

/** Opens the breaker. Calls that were sent before the latest fault belong to the same trouble: together they count once. */
export function recordAccountFault(state: CampaignState, fault: string, { sentAt }: InFlightCall, now: number): void {
  const { accountTrouble: trouble } = state;
  if (trouble !== null && sentAt < trouble.at) return;
  const faults = (trouble?.faults ?? 0) + 1;
  state.accountTrouble = { at: now, faults, acceptedAt: null };
  trip(state, fault, faults, now);
}

/** Records that the provider accepted a call. */
export function recordAcceptance(state: CampaignState, { sentAt }: InFlightCall, now: number): void {
  const { accountTrouble: trouble } = state;
  if (trouble !== null) {
    if (sentAt < trouble.at) return;
    if (trouble.acceptedAt === null) {
      trouble.acceptedAt = now;
      keepOpen(state, SHOWS_WITHIN_MS, now);
    }
    if (now < trouble.acceptedAt + SHOWS_WITHIN_MS) return;
    state.accountTrouble = null;
  }
  recordSuccess(state, now);
}

/** Records the end of a call without a fault of the account. */
export function recordEnd(state: CampaignState, { sentAt }: InFlightCall, outcome: Outcome): void {
  const { accountTrouble: trouble } = state;
  if (trouble !== null && sentAt >= trouble.at && REACHED_NETWORK.has(outcome)) state.accountTrouble = null;
}
