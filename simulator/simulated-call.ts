import type { CallEnd, Life } from './call-life.ts';
import { findFault } from './fault-plan.ts';
import type { CallFault, EventName } from './faults.ts';
import type { LedgerCall } from './ledger.ts';

/**
 * A call at the simulated provider goes `queued -> ringing -> in_progress -> over`, or from ringing straight to over when
 * nobody answers, or from queued or ringing to over when it is cancelled. Its course is drawn when it is accepted; from
 * then on only time and a cancellation move it, and nothing that happens to its events holds it up. A lost call takes
 * the same way to its maximum duration, without a word.
 */
export type CallState = 'queued' | 'ringing' | 'in_progress' | 'over';

/** @typeParam Details what only its carrier knows of a call */
export interface SimulatedCall<Details> {
  readonly entry: LedgerCall;
  readonly details: Details;
  readonly faults: readonly CallFault[];
  readonly life: Life;
  state: CallState;
  /** Events held back so that they go out in reverse order. */
  readonly heldEvents: (() => Promise<void>)[];
  /** The events for which the reply to the placement still waits. */
  readonly awaitedEvents: Set<EventName>;
  /** Called when the last awaited event has been delivered. */
  replyMayGo: () => void;
}

/** What the provider says of a call. Instants are those that it tells, which may be wrong. */
export interface ToldCall {
  readonly state: CallState;
  readonly outcome: CallEnd | null;
  readonly acceptedAt: number;
  readonly dialledAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** A call as look-ups tell of it: one that is stuck goes on for ever. */
export function toldCall<Details>(call: SimulatedCall<Details>): ToldCall {
  const { entry, faults, state } = call;
  const { accepted_at: acceptedAt, dialled_at: dialledAt, started_at: startedAt, ended_at: endedAt } = entry;
  const told = (at: number | null) => (at === null ? null : at + shiftOf(call));
  const isStuck = state === 'over' && findFault(faults, 'stuck') !== undefined;
  return {
    state: isStuck ? 'in_progress' : state,
    outcome: isStuck ? null : entry.outcome,
    acceptedAt: acceptedAt + shiftOf(call),
    dialledAt: told(dialledAt),
    startedAt: told(startedAt),
    endedAt: isStuck ? null : told(endedAt),
  };
}

/** By how much the times are wrong that the provider tells of this call, or in one of its events. */
export function shiftOf<Details>({ faults }: SimulatedCall<Details>, event?: EventName): number {
  return findFault(faults, 'event_time', event)?.shift_ms ?? 0;
}
