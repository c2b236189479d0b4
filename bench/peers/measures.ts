/** What the provider's ledger says about one run of a peer. Instants are epoch milliseconds. */
import type { TimedCall } from '../statistics.ts';

export interface AcceptedCall extends TimedCall {
  readonly phone_number: string;
}

/** Calls beyond the first to a contact. Each contact was to be called once. */
export function duplicates(calls: readonly AcceptedCall[]): number {
  return calls.length - called(calls);
}

/** How many contacts the provider never heard of. */
export function neverCalled(calls: readonly AcceptedCall[], contacts: number): number {
  return contacts - called(calls);
}

function called(calls: readonly AcceptedCall[]): number {
  return new Set(calls.map(({ phone_number }) => phone_number)).size;
}

/**
 * How long it took until every slot was taken again, from `from` on: 0 when none was empty after it, null when they were
 * not all taken again, which may also be because nobody was left to call.
 */
export function fullAgainAfter(calls: readonly TimedCall[], slots: number, from: number): number | null {
  const levels = levelsOf(calls).filter(({ at }) => at >= from);
  const empty = levels.findIndex(({ level }) => level < slots);
  if (empty === -1) return 0;
  const full = levels.slice(empty).find(({ level }) => level >= slots);
  return full === undefined ? null : full.at - from;
}

/**
 * Slots that were not taken any more while the last contacts were called, though there were contacts for all of them: the
 * most calls at once over the last `slots` acceptances are compared with `slots`.
 */
export function slotsMissingAtEnd(calls: readonly TimedCall[], slots: number): number {
  const accepted = calls.map(({ accepted_at }) => accepted_at).toSorted((a, b) => a - b);
  const from = accepted.at(-slots);
  if (from === undefined) return 0;
  const most = Math.max(
    ...levelsOf(calls)
      .filter(({ at }) => at >= from)
      .map(({ level }) => level),
  );
  return Math.max(0, slots - most);
}

/** How many calls there were at once, from each instant at which that changed; ends count before beginnings. */
function levelsOf(calls: readonly TimedCall[]): { readonly at: number; readonly level: number }[] {
  const steps = new Map<number, number>();
  const step = (at: number, by: number) => steps.set(at, (steps.get(at) ?? 0) + by);
  for (const { accepted_at, ended_at } of calls) {
    step(accepted_at, 1);
    if (ended_at !== null) step(ended_at, -1);
  }
  let level = 0;
  return [...steps].sort(([a], [b]) => a - b).map(([at, by]) => ({ at, level: (level += by) }));
}
