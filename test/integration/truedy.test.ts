import { TruedyConfig } from '../../providers/truedy/config.ts';
import { createTruedyProvider } from '../../providers/truedy/truedy.ts';
import { createSimulatedHarness, TIMEOUT_MS } from '../support/harness/simulated-carrier.ts';
import { describeProvider } from '../support/provider-contract.ts';

const SECRET = 'whsec_contract';
const API_KEY = 'key-of-the-contract';

const createProvider = (baseUrl: string) =>
  createTruedyProvider(
    TruedyConfig.parse({ baseUrl, apiKey: API_KEY, webhookSecrets: [SECRET], requestTimeoutMs: TIMEOUT_MS }),
  );

describeProvider('Truedy', () =>
  createSimulatedHarness(
    { options: { apiKey: API_KEY }, secret: SECRET, createProvider },
    {
      oddWebhooks: [
        { timestamp: Date.now() + 0.5, id: 'event' },
        { timestamp: Date.now() / 1000 + 0.0005, id: 'event' },
        { timestamp: '2026-03-18T12:00:00.123456789Z', id: 'event' },
        { timestamp: Date.now(), id: 'e'.repeat(201) },
        { timestamp: Date.now(), data: { id: 'e'.repeat(180), call_id: 'c', status: 'busy' } },
        { timestamp: Date.now(), data: { call_id: 'c'.repeat(201), status: 'busy' } },
      ].map((odd) =>
        Buffer.from(JSON.stringify({ event: 'call.ended', data: { call_id: 'c', status: 'busy' }, ...odd })),
      ),
    },
  ),
);
