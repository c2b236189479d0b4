/**
 * Claimed contacts of groups that have closed. They go back to the roster, so that they do not take the place of contacts who may be
 * called now, and are claimed again when their group opens.
 */
import type { CampaignState, GroupState } from './campaign-state.ts';

/** Contacts whose group opens again within this time stay claimed. */
const NEAR_MS = 60_000;

export function releaseClosed(state: CampaignState, now: number): void {
  // All contacts of a single group wait for the same opening.
  if (state.groups.length === 1 || state.status !== 'active' || state.ending || state.superseded) return;
  const closed = new Set(state.groups.filter((group) => isClosed(group, now)).map(({ no }) => no));
  const isReleased = ({ group = 0 }: { group?: number | undefined }) => closed.has(group);
  if (!state.ready.some(isReleased)) return;
  state.released.push(...state.ready.filter(isReleased).map((contact) => ({ ...contact, since: now })));
  state.ready = state.ready.filter((contact) => !isReleased(contact));
}

/** Whether the group is known to stay closed for a while. */
function isClosed({ window, windowSpent, askWindowAgainAt }: GroupState, now: number): boolean {
  if (!window) return askWindowAgainAt !== null;
  return !windowSpent && window.opensAt > now + NEAR_MS;
}
