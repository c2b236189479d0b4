/**
 * People who are added to a campaign, or taken out of it, while it runs. The database changes first. A signal without contents then
 * tells the campaign, which looks at its roster with an exchange. Many changes share one exchange.
 */
import type { CampaignState, ReadyContact } from './campaign-state.ts';

/**
 * The shortest time between two exchanges for this reason. Ten thousand people arrive in one request, and a program that adds a
 * million sends a request or two a second.
 */
const LOOK_EVERY_MS = 2_000;

/** The roster has changed, or may have: the next exchange finds out. */
export function noteRosterChange(state: CampaignState): void {
  state.rosterChanges += 1;
}

/** When the campaign looks at its roster because of a change. Null: it knows of none. */
export function looksAgainAt({ rosterChanges, roster }: CampaignState): number | null {
  return rosterChanges > 0 ? roster.countedAt + LOOK_EVERY_MS : null;
}

/** Whether an exchange is due because of a change. */
export function looksNow(state: CampaignState, now: number): boolean {
  const at = looksAgainAt(state);
  return at !== null && now >= at;
}

/** An exchange knows of every change that was announced before it began. Others may have come too late for it. */
export function applyLook(state: CampaignState, announced: number, takenOut: readonly number[]): void {
  if (state.rosterChanges === announced) state.rosterChanges = 0;
  if (takenOut.length > 0) forgetTakenOut(state, new Set(takenOut));
}

/**
 * Contacts that the campaign has claimed no longer: they were taken out, or their next call was moved. No call of them was sent. A
 * dial that is under way is refused, unless it is time for the moved call.
 */
function forgetTakenOut(state: CampaignState, seqs: ReadonlySet<number>): void {
  const stays = ({ seq }: { readonly seq: number }): boolean => !seqs.has(seq);
  state.ready = state.ready.filter(stays);
  state.released = state.released.filter(stays);
  state.settled = state.settled.filter(stays);
  for (const call of Object.values(state.inFlight)) if (!stays(call)) call.takenOut = true;
}

/**
 * The claimed contacts that the campaign does not hold. It may hold one whose next call was moved to the present: as claimed before,
 * or while that call is being placed.
 */
export function notHeld(
  { ready, inFlight }: Pick<CampaignState, 'ready' | 'inFlight'>,
  idOf: (contact: ReadyContact) => string,
  claimed: readonly ReadyContact[],
): ReadyContact[] {
  if (claimed.length === 0) return [];
  const held = new Set(ready.map(({ seq }) => seq));
  return claimed.filter((contact) => {
    const call = inFlight[idOf(contact)];
    if (call) delete call.takenOut;
    return !call && !held.has(contact.seq);
  });
}
