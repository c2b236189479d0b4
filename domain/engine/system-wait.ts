/**
 * How a campaign answers trouble on our own side: a dial that was delayed by the database or the machine, and sent
 * nothing. The carrier has no part in it, so its circuit breaker stays as it is. Placing waits a second, doubled by
 * each wait that follows without a placement that reached the carrier, up to half a minute.
 */
import type { CampaignState } from './campaign-state.ts';

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 30_000;

/** Begins a wait. Placements that were delayed together count once. */
export function waitForSystem(state: CampaignState, now: number): void {
  if (isWaitingForSystem(state, now)) return;
  const waits = (state.systemWait?.waits ?? 0) + 1;
  state.systemWait = { until: now + Math.min(FIRST_WAIT_MS * 2 ** (waits - 1), MAX_WAIT_MS), waits };
}

/** A placement reached the carrier: the next wait starts short again. */
export function systemKeepsUp(state: CampaignState): void {
  state.systemWait = null;
}

export function isWaitingForSystem({ systemWait }: CampaignState, now: number): boolean {
  return systemWait !== null && now < systemWait.until;
}
