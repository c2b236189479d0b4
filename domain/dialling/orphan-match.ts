/** Matches orphans with calls. An orphan is a call that events name only by a provider id that no dial is linked to. */

/** A call of ours that may be the orphan: it has the number and agent that the provider reports. */
export interface PossibleMatch {
  readonly providerCallId: string;
  readonly callId: string;
  /** When the call's request was first sent, epoch milliseconds. */
  readonly sentAt: number;
  /** When the orphan was placed, by the provider's clock; null if unknown. */
  readonly placedAt: number | null;
  /** When the provider first reported the orphan, by our database's clock. */
  readonly heardAt: number;
}

/**
 * A request takes seconds to arrive. If the times differ by more than this, one clock is wrong or it is another call.
 */
const SAME_TIME_MS = 120_000;
/** A request whose reply was lost may be repeated under its key for some minutes, and be accepted only then. */
const REPEATED_WITHIN_MS = 15 * 60_000;
/**
 * A call is reported within days of its placement, and never long before it. Any other time comes from a wrong clock.
 */
const REPORTED_WITHIN_MS = 3 * 24 * 3_600_000;
const CLOCKS_DIFFER_MS = 5 * 60_000;

/**
 * The matches without doubt: an orphan that can only be one call, if that call can have no other orphan.
 *
 * A plausible time that differs rules a match out: someone else calls the same person, by hand for instance. If number
 * and agent leave a choice, the provider's time decides. If that leaves one too, there is no match.
 */
export function certainMatches(matches: readonly PossibleMatch[]): PossibleMatch[] {
  const possible = matches.filter((match) => !isOfAnotherTime(match));
  const certain = mutual(possible);
  const taken = new Set(certain.flatMap(({ providerCallId, callId }) => [providerCallId, callId]));
  const rest = possible.filter(
    (match) => !taken.has(match.providerCallId) && !taken.has(match.callId) && isNear(match),
  );
  return [...certain, ...mutual(rest)];
}

function isOfAnotherTime({ sentAt, placedAt, heardAt }: PossibleMatch): boolean {
  if (placedAt === null || placedAt > heardAt + CLOCKS_DIFFER_MS || placedAt < heardAt - REPORTED_WITHIN_MS)
    return false;
  return placedAt < sentAt - SAME_TIME_MS || placedAt > sentAt + REPEATED_WITHIN_MS;
}

function isNear({ sentAt, placedAt }: PossibleMatch): boolean {
  return placedAt !== null && Math.abs(placedAt - sentAt) <= SAME_TIME_MS;
}

/** The matches whose two sides are in no other match. */
function mutual(matches: readonly PossibleMatch[]): PossibleMatch[] {
  const ofOrphan = countBy(matches, ({ providerCallId }) => providerCallId);
  const ofCall = countBy(matches, ({ callId }) => callId);
  return matches.filter(({ providerCallId, callId }) => ofOrphan.get(providerCallId) === 1 && ofCall.get(callId) === 1);
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
