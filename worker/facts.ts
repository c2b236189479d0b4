import type { PacingFacts } from '../domain/campaign-state.ts';
import type { ProviderFacts } from '../providers/port.ts';

/** What campaigns must know of the provider, in the terms of pacing. Milliseconds. */
export function pacingFacts(provider: ProviderFacts, graceMs: number, searchAttributes: boolean): PacingFacts {
  return {
    // A request that leaves at the last instant may take its whole time-out to arrive, and the provider's queue after that.
    dialMarginMs: provider.requestTimeoutMs + provider.queueBoundMs,
    callLifetimeMs: provider.queueBoundMs + provider.callLifetimeMs,
    graceMs,
    keyTtlMs: provider.keyTtlMs,
    searchAttributes,
  };
}
