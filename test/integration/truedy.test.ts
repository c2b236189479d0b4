import { TruedyConfig } from '../../providers/truedy/config.ts';
import { createTruedyProvider } from '../../providers/truedy/truedy.ts';
import type { CallFault, FaultPlan, RequestFault } from '../../simulator/faults.ts';
import { createSimulator } from '../../simulator/simulator.ts';
import type { z } from 'zod';
import { describeProvider, type Trouble } from '../support/provider-contract.ts';
import { receiveWebhooks } from '../support/fakes/webhook-receiver.ts';

type Fault = z.input<typeof RequestFault> | z.input<typeof CallFault>;

const SECRET = 'whsec_contract';
const TIMEOUT_MS = 1_000;

const TROUBLES: Record<Trouble, Fault> = {
  'throttle for two seconds': { kind: 'throttle', retry_after: 2 },
  throttle: { kind: 'throttle' },
  'refuse the number': { kind: 'refuse' },
  unauthorized: { kind: 'account', status: 401 },
  'no funds': { kind: 'account', status: 402 },
  forbidden: { kind: 'account', status: 403 },
  'unknown agent': { kind: 'account', status: 404 },
  'fail before accepting': { kind: 'server_error', when: 'before' },
  'fail after accepting': { kind: 'server_error', when: 'after' },
  'lose the request': { kind: 'drop_reply', when: 'before' },
  'lose the reply': { kind: 'drop_reply' },
  'reply too late': { kind: 'delay_reply', ms: 1.5 * TIMEOUT_MS },
  'accept too late': { kind: 'delay_reply', ms: 1.5 * TIMEOUT_MS, when: 'before' },
  'garble the reply': { kind: 'garbled_reply' },
};

describeProvider('Truedy', async () => {
  const receiver = await receiveWebhooks();
  const simulator = createSimulator({ webhook: { url: receiver.url, secret: SECRET }, timeScale: 1_000 });
  const config = TruedyConfig.parse({
    baseUrl: await simulator.listen(),
    apiKey: 'simulator-key',
    webhookSecrets: [SECRET],
    requestTimeoutMs: TIMEOUT_MS,
  });
  const provider = createTruedyProvider(config);
  // Port 9 (discard) is reserved and not listened on.
  const unreachable = createTruedyProvider({ ...config, baseUrl: 'http://127.0.0.1:9' });
  const nextMeets = (fault: Fault) => {
    const plan: z.input<typeof FaultPlan> = { rules: [{ fault, times: 1 }] };
    simulator.setFaults(plan);
  };
  return {
    provider,
    unreachable,
    now: Date.now,
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
    provoke: (trouble) => nextMeets(TROUBLES[trouble]),
    letEnd(outcome) {
      if (outcome === 'lost' || outcome === 'cancelled') throw new Error(`the simulator has no ${outcome} calls`);
      nextMeets({ kind: 'life', outcome });
    },
    letLast: () => nextMeets({ kind: 'life', queue_ms: 86_400_000 }),
    callsUnder: (key) => simulator.ledger().calls.filter((call) => call.key === key).length,
    placements: () => simulator.ledger().requests.filter(({ on }) => on === 'place').length,
    webhooks: (enough) => receiver.until(enough),
    async close() {
      await provider.close();
      await unreachable.close();
      await simulator.close();
      await receiver.close();
    },
  };
});
