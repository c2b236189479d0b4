/**
 * Ringfence with your own provider: a worker that dials with it, and a gateway that receives its webhooks, here in one
 * process. Temporal is found by its own environment configuration: TEMPORAL_ADDRESS and so on, or localhost:7233.
 *
 *     DATABASE_URL=... EXAMPLE_URL=... EXAMPLE_KEY=... EXAMPLE_SECRET=... node --import tsx examples/own-provider/main.ts
 */
import { startRingfenceGateway } from '../../gateway/index.ts';
import { createRingfenceWorker } from '../../worker/index.ts';
import { createExampleProvider } from './provider.ts';

const { DATABASE_URL, EXAMPLE_URL, EXAMPLE_KEY, EXAMPLE_SECRET } = process.env;
const { RINGFENCE_API_KEY, RINGFENCE_PORT = '8080', RINGFENCE_TASK_QUEUE: taskQueue = 'ringfence' } = process.env;
if (!DATABASE_URL || !EXAMPLE_URL || !EXAMPLE_KEY || !EXAMPLE_SECRET) {
  throw new Error('Set DATABASE_URL, EXAMPLE_URL, EXAMPLE_KEY and EXAMPLE_SECRET.');
}

const provider = createExampleProvider({
  baseUrl: EXAMPLE_URL,
  apiKey: EXAMPLE_KEY,
  webhookSecret: EXAMPLE_SECRET,
});
const worker = await createRingfenceWorker({ provider, taskQueue, databaseUrl: DATABASE_URL });
const gateway = await startRingfenceGateway({
  providers: [provider],
  taskQueue,
  databaseUrl: DATABASE_URL,
  port: Number(RINGFENCE_PORT),
  apiKey: RINGFENCE_API_KEY,
});
console.log(`The API is at ${gateway.url}/api/public/v1, webhooks go to ${gateway.url}/webhooks/${provider.name}.`);

// Temporal's SDK tells the worker of SIGTERM and Ctrl-C; both end it in order.
await worker.run();
await gateway.close();
await provider.close();
