import type { PacingFacts } from '../domain/campaign-state.ts';
import { RingfenceError } from '../domain/errors.ts';
import type { ProviderFacts } from '../providers/port.ts';

/**
 * A placement's try is given up by the server after 30 s (workflows/proxies.ts): 5 s for a connection to PostgreSQL, 8 s
 * until the request must have left, this for its answer. A longer one would let a second try begin beside the first.
 */
const MAX_REQUEST_TIMEOUT_MS = 15_000;

/** What campaigns must know of the provider, in the terms of pacing. Milliseconds. */
export function pacingFacts(provider: ProviderFacts, graceMs: number, searchAttributes: boolean): PacingFacts {
  if (provider.requestTimeoutMs > MAX_REQUEST_TIMEOUT_MS) {
    throw new RingfenceError(
      'misconfigured',
      `The provider's request time-out must be at most ${MAX_REQUEST_TIMEOUT_MS / 1000} s, not ${provider.requestTimeoutMs / 1000} s.`,
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
