/**
 * How a campaign waits for the next day of its account. A dial finds out that the account's calls of the day are placed. Until the
 * next day begins, the campaign places nothing. It also goes on if it is told that the account may place calls again: its limit was
 * changed, or a call was refused and gave its unit back.
 */
import type { CampaignState } from './campaign-state.ts';

/** By this machine's clock the next day may have begun already. Then a dial asks the database again, but not at once. */
const SHORTEST_WAIT_MS = 1_000;

export function waitForAccount(state: CampaignState, until: number, now: number): void {
  state.accountWait = { until: Math.max(until, now + SHORTEST_WAIT_MS) };
}

export function isWaitingForAccount({ accountWait }: CampaignState, now: number): boolean {
  return accountWait !== null && now < accountWait.until;
}

/** The account may place calls again. */
export function accountHasRoom(state: CampaignState): void {
  state.accountWait = null;
}
