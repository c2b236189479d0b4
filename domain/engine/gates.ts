/**
 * The gates that a call must pass before it starts: status, window, daily cap, breaker, slots, our own system. `waitingAt`
 * names the first one that is shut, in the order in which they would open.
 */
import { capLeft, isOpen } from './calling-day.ts';
import { isBreakerOpen } from './circuit-breaker.ts';
import type { CampaignState, WaitingFor } from './campaign-state.ts';
import { isWaitingForSystem } from './system-wait.ts';

export interface Waiting {
  readonly for: WaitingFor | null;
  /** Epoch milliseconds, when it is known. */
  readonly until: number | null;
}

const NOT_WAITING: Waiting = { for: null, until: null };

/** Why no further call starts now: the first gate that is shut, in the order in which they would open. */
export function waitingAt(state: CampaignState, now: number, inFlight = Object.keys(state.inFlight).length): Waiting {
  if (state.status === 'scheduled') return { for: 'start', until: state.beginsAt };
  if (state.status !== 'active' || state.ending || !hasWork(state)) return NOT_WAITING;
  // Which hours hold is being found out: nobody can say yet that the campaign is outside of them.
  if (state.window === null && state.askWindowAgainAt === null) return NOT_WAITING;
  if (!isOpen(state, now)) {
    const opensAt = state.windowSpent ? null : (state.window?.opensAt ?? null);
    return { for: 'window', until: opensAt !== null && opensAt > now ? opensAt : null };
  }
  if (capLeft(state) <= 0) return { for: 'daily_cap', until: state.window?.nextDayOpensAt ?? null };
  if (state.breaker && isBreakerOpen(state, now)) return { for: 'provider', until: state.breaker.openUntil };
  if (slotsLeft(state, inFlight) <= 0) return { for: 'slot', until: null };
  if (isWaitingForSystem(state, now)) return { for: 'system', until: state.systemWait?.until ?? null };
  const { moreToClaim, nextRetryAt } = state.roster;
  if (state.ready.length === 0 && !moreToClaim && nextRetryAt !== null && nextRetryAt > now) {
    return { for: 'retry', until: nextRetryAt };
  }
  return NOT_WAITING;
}

/** Whether calls may start now, slots and cap aside. */
export function mayPlace(state: CampaignState, now: number): boolean {
  return (
    state.status === 'active' &&
    !state.ending &&
    !state.superseded &&
    isOpen(state, now) &&
    !isBreakerOpen(state, now) &&
    !isWaitingForSystem(state, now)
  );
}

export function slotsLeft(state: CampaignState, inFlight: number): number {
  return state.spec.max_concurrent_calls - inFlight;
}

/** Whether a contact waits for a call, at hand, in the roster or in the outbox. */
export function hasWork(state: CampaignState): boolean {
  return (
    state.ready.length > 0 || state.roster.moreToClaim || state.roster.nextRetryAt !== null || retriesToCome(state)
  );
}

/** Retries that the roster does not know of yet: they are still in the outbox. */
function retriesToCome(state: CampaignState): boolean {
  return state.settled.some((settlement) => settlement.to === 'retrying');
}
