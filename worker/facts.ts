import type { PacingFacts } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import type { ProviderFacts } from '../providers/port.ts';

/** What campaigns must know of the provider, in the terms of pacing. Milliseconds. */
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

/** A request that leaves at the last instant may take its whole time-out to arrive, and the provider's queue after that. */
export function dialMarginMs({ requestTimeoutMs, queueBoundMs }: ProviderFacts): number {
  return requestTimeoutMs + queueBoundMs;
}
