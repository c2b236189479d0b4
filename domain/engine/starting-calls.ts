/** Calls that start: a claimed contact becomes a call in flight, and an unknown call is repeated. */
import { callingTime, lastDialAt } from './calling-day.ts';
import type { CampaignState, InFlightCall, ReadyContact } from './campaign-state.ts';
import { groupOf } from './groups.ts';
import { callId } from './ids.ts';

/** The call id, which is the key in `inFlight`. */
export function idOf(campaignId: string, contact: { readonly seq: number; readonly attempt: number }): string {
  return callId({ campaignId, seq: contact.seq, attempt: contact.attempt });
}

/** Turns the dials of a step into calls in flight, and returns their ids, repeats first. */
export function startDials(
  state: CampaignState,
  campaignId: string,
  { place, repeat }: { readonly place: readonly ReadyContact[]; readonly repeat: readonly string[] },
  now: number,
): string[] {
  for (const id of repeat) startRepeating(state, id);
  if (place.length > 0) {
    const chosen = new Set(place.map(({ seq }) => seq));
    state.ready = state.ready.filter(({ seq }) => !chosen.has(seq));
  }
  const placed = place.map((contact) => {
    const id = idOf(campaignId, contact);
    startPlacing(state, id, contact, now);
    return id;
  });
  return [...repeat, ...placed];
}

/** The request for one placement. */
export interface DialRequest {
  readonly campaignId: string;
  readonly connection: string;
  readonly seq: number;
  readonly attempt: number;
  /** The epoch of the state that decided, and the number of this placement in it. */
  readonly epoch: number;
  readonly placement: number;
  /** The civil day whose cap it counts against. */
  readonly day: string;
  /** No request is sent before this instant (epoch milliseconds). */
  readonly notBefore: number;
  readonly notAfter: number;
  /** How long before the window closes `notAfter` is. */
  readonly marginMs: number;
  /** A person wants to know at once whether the connection's trouble is over: try before the end of its pause. */
  readonly probeNow?: true;
}

/** The request for a call that is being placed. Null: it is no longer in flight. */
export function dialRequest(state: CampaignState, campaignId: string, id: string, now: number): DialRequest | null {
  const call = state.inFlight[id];
  if (!call) return null;
  const { seq, attempt, placement, day, notAfter } = call;
  return {
    campaignId,
    connection: state.spec.connection,
    seq,
    attempt,
    epoch: state.epoch,
    placement,
    day,
    notBefore: groupOf(state, call)?.window?.opensAt ?? now,
    notAfter,
    marginMs: state.facts?.dialMarginMs ?? 0,
    ...(state.connectionWait?.probeNow ? { probeNow: true as const } : {}),
  };
}

/** Starts the call of a claimed contact: it takes a slot and a unit of its day's cap. */
export function startPlacing(state: CampaignState, id: string, contact: ReadyContact, now: number): InFlightCall {
  const time = callingTime(state, groupOf(state, contact));
  if (!time) throw new Error('a call cannot be placed before its window is recorded');
  const { day, facts } = time;
  const call: InFlightCall = {
    ...contact,
    phase: 'placing',
    placement: nextPlacement(state),
    unconfirmed: false,
    day: day.date,
    notAfter: lastDialAt(time, state.spec),
    sentAt: now,
    checkAt: null,
    deadlineAt: now + facts.callLifetimeMs + facts.graceMs,
    checks: 0,
    mayRepeat: false,
    synced: false,
  };
  state.inFlight[id] = call;
  state.placedByDay[call.day] = (state.placedByDay[call.day] ?? 0) + 1;
  return call;
}

/**
 * Repeats the request of an unknown call under its key. Its slot and its unit are already taken. The hours may have changed since
 * its first placement, and the repeat may wait in a queue.
 */
export function startRepeating(state: CampaignState, id: string): void {
  const call = state.inFlight[id];
  const time = call ? callingTime(state, groupOf(state, call)) : null;
  if (!call || !time) return;
  call.notAfter = Math.min(call.notAfter, lastDialAt(time, state.spec));
  call.phase = 'placing';
  call.placement = nextPlacement(state);
  call.checkAt = null;
  call.mayRepeat = false;
}

function nextPlacement(state: CampaignState): number {
  state.placements += 1;
  return state.placements;
}
