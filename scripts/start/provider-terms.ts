import type { CarrierName } from '../../simulator/faults.ts';
import type { WebhookTarget } from '../../simulator/options.ts';
import { writeConnectionsFile } from './connections-file.ts';
import type { Margins } from './margins.ts';
import type { Environment } from './processes.ts';

/** Those of the people of examples and tests. */
const COUNTRIES = ['US', 'GB', 'AU'];

interface TruedyAccount {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly secret: string;
}

/** The environment of a worker or a gateway that calls through Truedy. */
export function truedyTerms(margins: Margins, { baseUrl, apiKey, secret }: TruedyAccount): Environment {
  return {
    // A file that the caller's own environment names leads to real carriers.
    RINGFENCE_CONNECTIONS: '',
    TRUEDY_BASE_URL: baseUrl,
    TRUEDY_API_KEY: apiKey,
    TRUEDY_WEBHOOK_SECRETS: secret,
    TRUEDY_REQUEST_TIMEOUT: String(margins.requestTimeoutS),
    TRUEDY_QUEUE_BOUND: String(margins.queueBoundS),
    TRUEDY_MAX_DURATION: String(margins.maxDurationS),
    TRUEDY_JOIN_TIMEOUT: String(margins.ringS),
    TRUEDY_KEY_TTL: String(margins.keyTtlS),
  };
}

/** A simulated carrier, and how Ringfence's processes come to it. */
export interface SimulatedProvider {
  /** What its callers sign in with. */
  readonly apiKey: string;
  /** Where the account's webhooks go. Undefined: each call names that. */
  webhookTo(gatewayUrl: string): WebhookTarget | undefined;
  /** The environment of worker and gateway. Writes their connections file, where they have one. */
  connect(at: { readonly baseUrl: string; readonly gatewayUrl: string }): Promise<Environment>;
}

interface SimulatedProviderOptions {
  /** Where the connections file is written. */
  readonly home: string;
  readonly margins: Margins;
  readonly newSecret: () => string;
}

export function simulatedProvider(
  name: CarrierName,
  { home, margins, newSecret }: SimulatedProviderOptions,
): SimulatedProvider {
  const apiKey = newSecret();
  const webhooks = (gatewayUrl: string) => `${gatewayUrl}/webhooks/${name}`;
  if (name === 'truedy') {
    const secret = `whsec_${newSecret()}`;
    return {
      apiKey,
      webhookTo: (gatewayUrl) => ({ url: webhooks(gatewayUrl), secret }),
      connect: ({ baseUrl }) => Promise.resolve(truedyTerms(margins, { baseUrl, apiKey, secret })),
    };
  }
  return {
    apiKey,
    webhookTo: (gatewayUrl) =>
      // Retell signs with the API key.
      name === 'retell' ? { url: webhooks(gatewayUrl), secret: apiKey } : undefined,
    async connect({ baseUrl, gatewayUrl }) {
      const connection = { provider: name, baseUrl, webhookBaseUrl: gatewayUrl, countries: COUNTRIES, margins };
      return { RINGFENCE_CONNECTIONS: await writeConnectionsFile(home, connection, apiKey) };
    },
  };
}
