import type { CarrierName, WebhookTarget } from '../../simulator/options.ts';
import { writeConnectionsFile } from './connections-file.ts';
import type { Environment } from './processes.ts';

/** The longest that the simulated provider leaves a call queued, at its natural speed. */
const QUEUED_AT_MOST_S = 1.5;
/** It answers in milliseconds; and nothing is dialled so close to the end of a day, which should not be seen. */
const REQUEST_TIMEOUT_S = 5;
/** Shorter than the adapters' half hour, so that at the end nobody waits for one long talk. */
const MAX_DURATION_S = 240;
const RING_S = 30;
/** Those of the example's contacts. */
const COUNTRIES = ['US', 'GB', 'AU'];

/** One second is added for timers that fire late on a busy machine. */
function queueBoundS(timeScale: number): number {
  return Math.ceil(QUEUED_AT_MOST_S / timeScale) + 1;
}

/**
 * The provider's margins for a simulator on this machine that runs `timeScale` times faster than a real provider.
 *
 * What a call may last is told to the provider in its own seconds, which pass faster than ours: by our clock no call
 * lasts longer than was agreed, so none is given up while it goes on. The queue passes faster as well.
 */
export function providerTerms(
  timeScale: number,
  { baseUrl, apiKey, secret }: { readonly baseUrl: string; readonly apiKey: string; readonly secret: string },
): Environment {
  return {
    // A file that the caller's own environment names leads to real carriers.
    RINGFENCE_CONNECTIONS: '',
    TRUEDY_BASE_URL: baseUrl,
    TRUEDY_API_KEY: apiKey,
    TRUEDY_WEBHOOK_SECRETS: secret,
    TRUEDY_REQUEST_TIMEOUT: String(REQUEST_TIMEOUT_S),
    TRUEDY_QUEUE_BOUND: String(queueBoundS(timeScale)),
    TRUEDY_MAX_DURATION: String(MAX_DURATION_S),
    TRUEDY_JOIN_TIMEOUT: String(RING_S),
    // The simulator remembers a key for an hour.
    TRUEDY_KEY_TTL: '600',
  };
}

/** A simulated carrier, and how Ringfence's processes come to it. */
export interface SimulatedProvider {
  readonly name: CarrierName;
  /** What its callers sign in with. */
  readonly apiKey: string;
  /** Where the account's webhooks go. Undefined: each call names that. */
  webhookTo(gatewayUrl: string): WebhookTarget | undefined;
  /** The environment of worker and gateway. Writes their connections file, where they have one. */
  connect(at: { readonly baseUrl: string; readonly gatewayUrl: string }): Promise<Environment>;
}

/** @param home where the connections file is written */
export function simulatedProvider(
  name: CarrierName,
  {
    home,
    timeScale,
    newSecret,
  }: { readonly home: string; readonly timeScale: number; readonly newSecret: () => string },
): SimulatedProvider {
  const apiKey = newSecret();
  const webhooks = (gatewayUrl: string) => `${gatewayUrl}/webhooks/${name}`;
  if (name === 'truedy') {
    const secret = `whsec_${newSecret()}`;
    return {
      name,
      apiKey,
      webhookTo: (gatewayUrl) => ({ url: webhooks(gatewayUrl), secret }),
      connect: ({ baseUrl }) => Promise.resolve(providerTerms(timeScale, { baseUrl, apiKey, secret })),
    };
  }
  return {
    name,
    apiKey,
    webhookTo: (gatewayUrl) =>
      // Retell signs with the API key.
      name === 'retell' ? { url: webhooks(gatewayUrl), secret: apiKey } : undefined,
    async connect({ baseUrl, gatewayUrl }) {
      const connection = {
        provider: name,
        baseUrl,
        webhookBaseUrl: gatewayUrl,
        countries: COUNTRIES,
        ringSeconds: RING_S,
        maxDurationSeconds: MAX_DURATION_S,
        queueBoundSeconds: queueBoundS(timeScale),
        requestTimeoutSeconds: REQUEST_TIMEOUT_S,
      };
      return { RINGFENCE_CONNECTIONS: await writeConnectionsFile(home, 'connections', connection, apiKey) };
    },
  };
}
