import type { Environment } from '../../scripts/start/processes.ts';

/** How many times faster than a real one the simulated provider goes: its calls last about a second. */
export const TIME_SCALE = 10;
/** The provider forgets a key at the very moment until which the engine may rely on it. */
export const KEY_TTL_S = 45;
/** The longest the provider leaves a call queued: a second and a half of simulated time, and a busy machine's delay. */
export const QUEUE_BOUND_S = 1;
export const REQUEST_TIMEOUT_S = 2;
const MAX_DURATION_S = 15;
const JOIN_TIMEOUT_S = 5;
const GRACE_S = 5;
/** After so long from its sending a call cannot be going on any more. */
export const LONGEST_CALL_MS = (QUEUE_BOUND_S + MAX_DURATION_S + JOIN_TIMEOUT_S + GRACE_S) * 1000;

/** Margins so short that a lost call reaches its deadline within a run. */
export function providerTerms(provider: {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly secret: string;
}): Environment {
  return {
    TRUEDY_BASE_URL: provider.baseUrl,
    TRUEDY_API_KEY: provider.apiKey,
    TRUEDY_WEBHOOK_SECRETS: provider.secret,
    TRUEDY_REQUEST_TIMEOUT: String(REQUEST_TIMEOUT_S),
    TRUEDY_QUEUE_BOUND: String(QUEUE_BOUND_S),
    // In the provider's own seconds, which pass faster: by our clock a call is over long before.
    TRUEDY_MAX_DURATION: String(MAX_DURATION_S),
    TRUEDY_JOIN_TIMEOUT: String(JOIN_TIMEOUT_S),
    TRUEDY_KEY_TTL: String(KEY_TTL_S),
    RINGFENCE_CALL_GRACE: String(GRACE_S),
  };
}
