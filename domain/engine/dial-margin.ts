import type { DialRequest } from './starting-calls.ts';

/** The facts about a provider on which the margin depends, in milliseconds. */
export interface MarginFacts {
  readonly requestTimeoutMs: number;
  readonly queueBoundMs: number;
}

/**
 * The time before a window closes in which nothing is placed. A request that leaves at the last moment may take its
 * whole time-out, and then wait in the provider's queue.
 */
export function dialMarginMs({ requestTimeoutMs, queueBoundMs }: MarginFacts): number {
  return requestTimeoutMs + queueBoundMs;
}

/**
 * The last instant for a dial through this provider. The campaign's margin may be shorter than what the provider needs: it comes
 * from a worker with another connections file, or from before the file was read again.
 */
export function notAfterThrough(
  { notAfter, marginMs }: Pick<DialRequest, 'notAfter' | 'marginMs'>,
  facts: MarginFacts,
): number {
  return notAfter - Math.max(0, dialMarginMs(facts) - marginMs);
}
