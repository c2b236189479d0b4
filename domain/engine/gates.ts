/**
 * The gates that a call must pass before it starts: stop, status, window, daily cap, account, circuit breaker, connection wait, slots,
 * system wait.
 * `waitingAt` names the first closed gate, in the order in which they open.
 */
import { isWaitingForAccount } from './account-wait.ts';
import { capLeft, isGroupOpen, isOpen, nextDayOpening, nextOpening, openGroups } from './calling-day.ts';
import { isBreakerOpen } from './circuit-breaker.ts';
import type { CampaignState, WaitingFor } from './campaign-state.ts';
import { isHeldByConnection, isWaitingForConnection } from './connection-wait.ts';
import { groupOf, groupsWithWork, hasWork, nextDue } from './groups.ts';
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
  if (!isOpen(state, now)) {
    // Windows are being computed: it is not known yet whether the campaign is outside its hours.
    return areHoursKnown(state) ? { for: 'window', until: nextOpening(groupsWithWork(state), now) } : NOT_WAITING;
  }
  if (capLeft(state) <= 0) return { for: 'daily_cap', until: nextDayOpening(state) };
  if (isWaitingForAccount(state, now)) return { for: 'account', until: state.accountWait?.until ?? null };
  if (state.breaker && isBreakerOpen(state, now)) return { for: 'provider', until: state.breaker.openUntil };
  if (isHeldByConnection(state, now)) return { for: 'provider', until: state.connectionWait?.until ?? null };
  if (isWaitingForConnection(state, now)) return { for: 'connection', until: state.connectionWait?.until ?? null };
  if (slotsLeft(state, inFlight) <= 0) return { for: 'slot', until: null };
  const used = usedShare(state, inFlight);
  if (used !== null) return { for: used, until: null };
  if (isWaitingForSystem(state, now)) return { for: 'system', until: state.systemWait?.until ?? null };
  return dueTimeAhead(state, now);
}

/** Nobody may be called in the open groups before a due time, or before another group opens. */
function dueTimeAhead(state: CampaignState, now: number): Waiting {
  const open = openGroups(state, now);
  if (open.some(({ moreToClaim }) => moreToClaim)) return NOT_WAITING;
  if (state.ready.some((contact) => isGroupOpen(state, groupOf(state, contact), now))) return NOT_WAITING;
  const due = nextDue(open);
  const opensAt = nextOpening(groupsWithWork(state), now);
  if (due?.nextDueAt == null || due.nextDueAt <= now) return NOT_WAITING;
  if (opensAt !== null && opensAt < due.nextDueAt) return { for: 'window', until: opensAt };
  return { for: due.nextDueFor === 'number' ? 'number' : 'retry', until: due.nextDueAt };
}

/** Whether every group in which a contact waits has been asked for. */
export function areHoursKnown(state: CampaignState): boolean {
  return groupsWithWork(state).every(({ window, askWindowAgainAt }) => window !== null || askWindowAgainAt !== null);
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
    openGroups(state, now).length > 0 &&
    !isWaitingForAccount(state, now) &&
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

/** Whether the campaign waits for the due time of a contact. */
export function isForDueTime(waiting: string | null): waiting is 'number' | 'retry' {
  return waiting === 'number' || waiting === 'retry';
}
