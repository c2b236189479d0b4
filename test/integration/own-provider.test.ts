import { createExampleProvider } from '../../examples/own-provider/provider.ts';
import { ExampleFarSide } from '../support/fakes/example-far-side.ts';
import { describeProvider } from '../support/provider-contract.ts';
import { receiveWebhooks } from '../support/fakes/webhook-receiver.ts';

const SECRET = 'secret-of-the-example';
const TIMEOUT_MS = 2_000;

describeProvider('the example of an own provider', async () => {
  const receiver = await receiveWebhooks();
  const farSide = new ExampleFarSide({ secret: SECRET, tooLateMs: 1.5 * TIMEOUT_MS });
  farSide.webhookUrl = receiver.url;
  const config = { apiKey: 'key', webhookSecret: SECRET, requestTimeoutMs: TIMEOUT_MS };
  const provider = createExampleProvider({ ...config, baseUrl: await farSide.listen() });
  // Port 9 (discard) is reserved and not listened on.
  const unreachable = createExampleProvider({ ...config, baseUrl: 'http://127.0.0.1:9' });
  return {
    provider,
    unreachable,
    now: Date.now,
    oddWebhooks: [
      { dial: 'd', at: Date.now() + 0.5 },
      { dial: 'd'.repeat(190), at: Date.now() },
    ].map((odd) => Buffer.from(JSON.stringify({ event: 'over', reference: 'r', result: 'engaged', ...odd }))),
    provoke: (trouble) => (farSide.trouble = trouble),
    letEnd: (outcome) => (farSide.fate = outcome),
    letLast: () => (farSide.fate = 'lasts'),
    letTalk: () => (farSide.fate = 'lasts'),
    callsUnder: (key) => farSide.dials.filter((dial) => dial.key === key).length,
    placements: () => farSide.placements,
    lookUps: () => farSide.lookUps,
    webhooks: (enough) => receiver.until(enough),
    async close() {
      await provider.close();
      await unreachable.close();
      await farSide.close();
      await receiver.close();
    },
  };
});
