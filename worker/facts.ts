import type { PacingFacts } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import type { ProviderFacts } from '../providers/port.ts';

/** The facts about the provider that pacing depends on, in milliseconds. */
export function pacingFacts(provider: ProviderFacts, graceMs: number, searchAttributes: boolean): PacingFacts {
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
