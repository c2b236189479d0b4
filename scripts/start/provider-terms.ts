import type { Environment } from './processes.ts';

/** The longest that the simulated provider leaves a call queued, at its natural speed. */
const QUEUED_AT_MOST_S = 1.5;

/**
 * The provider's margins for a simulator on this machine that runs `timeScale` times faster than a real provider.
 *
 * What a call may last is told to the provider in its own seconds, which pass faster than ours: by our clock no call
 * lasts longer than was agreed, so none is given up while it goes on. The queue passes faster as well, but one second is
 * added for timers that fire late on a busy machine.
 */
export function providerTerms(
  timeScale: number,
  { baseUrl, apiKey, secret }: { readonly baseUrl: string; readonly apiKey: string; readonly secret: string },
): Environment {
  return {
    TRUEDY_BASE_URL: baseUrl,
    TRUEDY_API_KEY: apiKey,
    TRUEDY_WEBHOOK_SECRETS: secret,
    // It answers in milliseconds; and nothing is dialled so close to the end of a day, which should not be seen.
    TRUEDY_REQUEST_TIMEOUT: '5',
    TRUEDY_QUEUE_BOUND: String(Math.ceil(QUEUED_AT_MOST_S / timeScale) + 1),
    // Shorter than the adapter's half hour, so that at the end nobody waits for one long talk.
    TRUEDY_MAX_DURATION: '240',
    TRUEDY_JOIN_TIMEOUT: '30',
    // The simulator remembers a key for an hour.
    TRUEDY_KEY_TTL: '600',
  };
}
