/**
 * The gates that a call must pass before it starts: stop, status, window, daily cap, circuit breaker, connection wait, slots, system wait.
 * `waitingAt` names the first closed gate, in the order in which they open.
 */
import { capLeft, isOpen } from './calling-day.ts';
import { isBreakerOpen } from './circuit-breaker.ts';
import type { CampaignState, WaitingFor } from './campaign-state.ts';
import { isHeldByConnection, isWaitingForConnection } from './connection-wait.ts';
import { accountOfLimit } from './ids.ts';
import { isWaitingForSystem } from './system-wait.ts';

export interface Waiting {
  readonly for: WaitingFor | null;
  /** Epoch milliseconds. Null if unknown. */
  readonly until: number | null;
}

const NOT_WAITING: Waiting = { for: null, until: null };

/** Why no further call starts now: the first closed gate. */
export function waitingAt(state: CampaignState, now: number, inFlight = Object.keys(state.inFlight).length): Waiting {
  if (isHeldByStop(state)) return { for: 'stopped', until: null };
  if (state.status === 'scheduled') return { for: 'start', until: state.beginsAt };
  if (state.status !== 'active' || state.ending || !hasWork(state)) return NOT_WAITING;
  // The window is being computed: it is not known yet whether the campaign is outside its hours.
  if (state.window === null && state.askWindowAgainAt === null) return NOT_WAITING;
  if (!isOpen(state, now)) {
    const opensAt = state.windowSpent ? null : (state.window?.opensAt ?? null);
    return { for: 'window', until: opensAt !== null && opensAt > now ? opensAt : null };
  }
  if (capLeft(state) <= 0) return { for: 'daily_cap', until: state.window?.nextDayOpensAt ?? null };
  if (state.breaker && isBreakerOpen(state, now)) return { for: 'provider', until: state.breaker.openUntil };
  if (isHeldByConnection(state, now)) return { for: 'provider', until: state.connectionWait?.until ?? null };
  if (isWaitingForConnection(state, now)) return { for: 'connection', until: state.connectionWait?.until ?? null };
  if (slotsLeft(state, inFlight) <= 0) return { for: 'slot', until: null };
  const used = usedShare(state, inFlight);
  if (used !== null) return { for: used, until: null };
  if (isWaitingForSystem(state, now)) return { for: 'system', until: state.systemWait?.until ?? null };
  const { moreToClaim, nextDueAt, nextDueFor } = state.roster;
  if (state.ready.length === 0 && !moreToClaim && nextDueAt !== null && nextDueAt > now) {
    return { for: nextDueFor === 'number' ? 'number' : 'retry', until: nextDueAt };
  }
  return NOT_WAITING;
}

/** Whether the campaign would call, now or later, if there was no stop. */
function isHeldByStop(state: CampaignState): boolean {
  if (state.stop === null || state.ending) return false;
  return state.status === 'scheduled' || (state.status === 'active' && hasWork(state));
}

/** Whether calls may start now, apart from slots and cap. */
export function mayPlace(state: CampaignState, now: number): boolean {
  return (
    state.status === 'active' &&
    state.stop === null &&
    !state.ending &&
    !state.superseded &&
    isOpen(state, now) &&
    !isBreakerOpen(state, now) &&
    !isWaitingForConnection(state, now) &&
    !isWaitingForSystem(state, now)
  );
}

export function slotsLeft(state: CampaignState, inFlight: number): number {
  return state.spec.max_concurrent_calls - inFlight;
}

/** How many more calls the campaign's shares allow. Infinity: it shares no limit. */
export function shareLeft({ sharedLimits }: CampaignState, inFlight: number): number {
  return Math.min(Infinity, ...sharedLimits.map(({ share }) => (share?.share ?? 0) - inFlight));
}

/** What the limit belongs to whose share is in use. */
function usedShare(state: CampaignState, inFlight: number): 'account' | 'connection' | null {
  const used = state.sharedLimits.filter(({ share }) => (share?.share ?? 0) <= inFlight);
  if (used.length === 0) return null;
  return used.some(({ id }) => accountOfLimit(id) !== null) ? 'account' : 'connection';
}

/** Whether a contact waits for a call: claimed, in the roster or in the outbox. */
export function hasWork(state: CampaignState): boolean {
  return state.ready.length > 0 || state.roster.moreToClaim || state.roster.nextDueAt !== null || dueTimesToCome(state);
}

/** Whether the outbox contains due times that the roster does not know yet. */
function dueTimesToCome({ settled, released }: CampaignState): boolean {
  return settled.some(({ to }) => to === 'retrying') || released.some(({ until }) => until !== undefined);
}

/** Whether the campaign waits for the due time of a contact. */
export function isForDueTime(waiting: string | null): waiting is 'number' | 'retry' {
  return waiting === 'number' || waiting === 'retry';
}
