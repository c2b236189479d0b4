import type { Environment } from '../start/processes.ts';

/** How many times faster than a real one the simulated provider goes: its calls last about a second. */
export const TIME_SCALE = 10;
/** The provider forgets a key at the very moment until which the engine may rely on it. */
export const KEY_TTL_S = 45;
/** The longest the provider leaves a call queued: a second and a half of its own time, and a busy machine's delay. */
export const QUEUE_BOUND_S = 1;
export const REQUEST_TIMEOUT_S = 2;

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
    TRUEDY_MAX_DURATION: '15',
    TRUEDY_JOIN_TIMEOUT: '5',
    TRUEDY_KEY_TTL: String(KEY_TTL_S),
    RINGFENCE_CALL_GRACE: '5',
  };
}
