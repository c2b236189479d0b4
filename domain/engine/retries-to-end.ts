/**
 * Ends retries that the terms no longer grant. A contact that waits for such a retry is not called again and ends with its
 * last outcome. Most of these contacts wait in the roster, where each exchange ends some of them. Claimed contacts are
 * returned to the roster first. Settlements that no exchange has recorded yet are decided again.
 */
import type { CampaignState, InFlightCall, ReadyContact } from './campaign-state.ts';
import { rankOf } from './groups.ts';
import { afterAttempt, countedAttempt } from './retry-policy.ts';

/** Applies changed terms to all contacts that wait for a retry. */
export function endRetries(state: CampaignState): void {
  state.endRetriesAfter = 0;
  state.released.push(...state.ready.filter(isRetry));
  state.ready = state.ready.filter((contact) => !isRetry(contact));
  for (const call of Object.values(state.inFlight)) {
    if (isRetry(call)) call.retryInDoubt = true;
  }
  for (const settlement of state.settled) {
    if (settlement.to !== 'retrying' || settlement.outcome === null) continue;
    if (settlement.isExcused && !isBeyondBudget(state, settlement)) continue;
    const { to, reason } = afterAttempt(
      state.spec.retry,
      countedAttempt(settlement),
      settlement.outcome,
      settlement.at,
    );
    if (to !== 'retrying') Object.assign(settlement, { to, reason, retryAt: null, isExcused: false });
  }
}

/** Contacts that an exchange has claimed. Retries among them may have been claimed under earlier terms. */
export function takeClaimed(state: CampaignState, claimed: readonly ReadyContact[]): void {
  for (const contact of claimed) {
    if (state.endRetriesAfter !== null && isRetry(contact)) state.released.push(contact);
    else insertByRank(state.ready, contact);
  }
}

/** Before those at hand that are called later, and after all others. */
function insertByRank(ready: ReadyContact[], contact: ReadyContact): void {
  const rank = rankOf(contact);
  const place = ready.findIndex((other) => rankOf(other) > rank);
  if (place === -1) ready.push(contact);
  else ready.splice(place, 0, contact);
}

/** Whether a call that was not placed is a retry that the terms may no longer grant: the records know its last outcome. */
export function mayNotBeGranted(state: CampaignState, call: InFlightCall): boolean {
  return call.retryInDoubt === true || isBeyondBudget(state, call);
}

/** Whether the terms grant no such attempt. */
export function isBeyondBudget({ spec }: Pick<CampaignState, 'spec'>, contact: ReadyContact): boolean {
  return countedAttempt(contact) > spec.retry.budget + 1;
}

/** An attempt after an excused one may be no retry. The records know. */
function isRetry({ attempt }: Pick<ReadyContact, 'attempt'>): boolean {
  return attempt > 1;
}
