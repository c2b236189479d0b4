import type { PacingFacts } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import type { ProviderFacts } from '../providers/port.ts';

/**
 * The facts for campaigns whose connection this worker does not have. Nothing is dialled for them; calls in flight count as
 * live for as long as any carrier allows.
 */
export function unknownFacts(graceMs: number, searchAttributes: boolean): PacingFacts {
  return {
    dialMarginMs: 0,
    callLifetimeMs: LONGEST_CALL_MS,
    graceMs,
    keyTtlMs: 0,
    callsPerSecond: null,
    searchAttributes,
  };
}

/** Four hours, the longest duration that a carrier takes, and an hour in its queue. */
const LONGEST_CALL_MS = 5 * 3_600_000;

/**
 * The facts about the connection that pacing depends on, in milliseconds.
 *
 * @param callsPerSecond null: no limit
 */
export function pacingFacts(
  provider: ProviderFacts,
  callsPerSecond: number | null,
  graceMs: number,
  searchAttributes: boolean,
): PacingFacts {
  if (provider.requestTimeoutMs > DIAL.longestRequestMs) {
    throw new RingfenceError(
      'misconfigured',
      `The provider's request time-out must be at most ${DIAL.longestRequestMs / 1000} s, not ${provider.requestTimeoutMs / 1000} s.`,
    );
  }
  return {
    dialMarginMs: dialMarginMs(provider),
    callLifetimeMs: provider.queueBoundMs + provider.callLifetimeMs,
    graceMs,
    keyTtlMs: provider.keyTtlMs,
    callsPerSecond,
    searchAttributes,
  };
}

/**
 * The time before a window closes in which nothing is placed. A request that leaves at the last moment may take its
 * whole time-out, and then wait in the provider's queue.
 */
export function dialMarginMs({ requestTimeoutMs, queueBoundMs }: ProviderFacts): number {
  return requestTimeoutMs + queueBoundMs;
}
