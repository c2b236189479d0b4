/** Calls that were certainly not placed: each leaves its slot and its unit of the daily cap. */
import { contactOf, settleWithoutCall } from './call-ends.ts';
import type { CampaignState, InFlightCall, ReadyContact } from './campaign-state.ts';
import type { PlacementResult } from './placement.ts';
import { mayNotBeGranted } from './retries-to-end.ts';
import { noteRosterChange } from './roster-changes.ts';

/** A contact that a dial has postponed does not come back earlier than this. */
const SHORTEST_POSTPONEMENT_MS = 1_000;

/** A refused request would be refused again, so a refusal ends the contact. */
export function refuse(state: CampaignState, id: string, call: InFlightCall, reason: string, now: number): void {
  giveBackUnit(state, call);
  settleWithoutCall(state, id, call, 'failed', reason, now);
}

/** The contact may not be called. */
export function skip(state: CampaignState, id: string, call: InFlightCall, reason: string, now: number): void {
  giveBackUnit(state, call);
  settleWithoutCall(state, id, call, 'skipped', reason, now);
}

/** The contact is called again as soon as the gates permit: as the next one, or as the last of those at hand. */
export function backToReady(
  state: CampaignState,
  id: string,
  call: InFlightCall,
  place: 'first' | 'last' = 'first',
): void {
  const contact = contactOf(call);
  takeBack(state, id, call, contact);
  if (!mayNotBeGranted(state, call)) {
    if (place === 'first') state.ready.unshift(contact);
    else state.ready.push(contact);
    return;
  }
  state.released.push(contact);
  state.endRetriesAfter = 0;
}

/** The contact may be called from a time on. Until then it waits in the roster. */
export function postpone(
  state: CampaignState,
  id: string,
  call: InFlightCall,
  { until, afterMs, waitsFor }: Extract<PlacementResult, { kind: 'postponed' }>,
  now: number,
): void {
  const { seq, attempt } = call;
  takeBack(state, id, call, { seq, attempt });
  // The two clocks may differ: by this one the time may have passed already, and the contact must not come back at once.
  const due = until > now ? until : now + Math.max(afterMs, SHORTEST_POSTPONEMENT_MS);
  state.released.push({ seq, attempt, until: due, waitsFor, since: now });
  if (mayNotBeGranted(state, call)) state.endRetriesAfter = 0;
}

/** The records refuse this call: the contact is neither settled nor returned to the claimed contacts. */
export function takeOut(state: CampaignState, id: string, call: InFlightCall): void {
  takeBack(state, id, call, { seq: call.seq, attempt: call.attempt });
  // Otherwise the buckets of the last exchange may be older than the removal, and the campaign would end with them.
  if (!state.ending) noteRosterChange(state);
}

/** A call that was certainly not placed leaves its slot and its unit, and the roster takes its contact back. */
function takeBack(state: CampaignState, id: string, call: InFlightCall, contact: ReadyContact): void {
  giveBackUnit(state, call);
  delete state.inFlight[id];
  if (call.synced) state.returned.push(contact);
  // If the campaign is ending and the other contacts are already skipped, this contact must still be skipped.
  state.closed = false;
}

function giveBackUnit(state: CampaignState, call: InFlightCall): void {
  const placed = state.placedByDay[call.day];
  if (placed !== undefined) state.placedByDay[call.day] = placed - 1;
}
