/**
 * How a campaign reacts to a slow database or machine that delayed a dial, so that nothing was sent. The provider is not involved,
 * so its circuit breaker does not change. Placing waits for one second. The wait doubles, up to half a minute, until a
 * placement reaches the provider.
 */
import type { CampaignState } from './campaign-state.ts';

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 30_000;

/** Starts a wait. Placements that were delayed together count once. */
export function waitForSystem(state: CampaignState, now: number): void {
  if (isWaitingForSystem(state, now)) return;
  const waits = (state.systemWait?.waits ?? 0) + 1;
  state.systemWait = { until: now + Math.min(FIRST_WAIT_MS * 2 ** (waits - 1), MAX_WAIT_MS), waits };
}

/** A placement reached the provider: the next wait starts short again. */
export function systemKeepsUp(state: CampaignState): void {
  state.systemWait = null;
}

export function isWaitingForSystem({ systemWait }: CampaignState, now: number): boolean {
  return systemWait !== null && now < systemWait.until;
}
