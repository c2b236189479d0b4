/** Which call of ours an event is of that names only the provider's own id, of which nobody has heard: an orphan. */

/** A call of ours that may be the orphan's: its number and agent are those that the provider tells of the orphan. */
export interface PossibleMatch {
  readonly providerCallId: string;
  readonly callId: string;
  /** When the call's request was sent first, epoch milliseconds. */
  readonly sentAt: number;
  /** When the orphan's call was placed, by the provider's clock; null where it does not say. */
  readonly placedAt: number | null;
  /** When the provider first reported the orphan, by our database's clock. */
  readonly heardAt: number;
}

/** A request travels for seconds. More apart than this, and one of the clocks is wrong or it is another call. */
const SAME_TIME_MS = 120_000;
/** A request whose reply was lost may be repeated under its key for some minutes, and be accepted only then. */
const REPEATED_WITHIN_MS = 15 * 60_000;
/** A call is reported within days of its placing, and never long before it: a time that says otherwise is of a wrong clock. */
const REPORTED_WITHIN_MS = 3 * 24 * 3_600_000;
const CLOCKS_DIFFER_MS = 5 * 60_000;

/**
 * The matches that leave no doubt: an orphan that can be of one call only, where that call can have no other orphan. A time that
 * can be right and is another one rules a match out: somebody else calls the same person, by hand for instance. Where number and
 * agent leave a choice the provider's time decides, and where that leaves one too nobody can tell: no match.
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

/** Those whose two sides are in no other match. */
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
