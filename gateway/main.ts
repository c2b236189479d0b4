import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { CampaignClient } from '../client/campaign-client.ts';
import { connectTemporal } from '../client/connection.ts';
import { EventDelivery, eventSignaller } from '../client/event-delivery.ts';
import { workflowStarter } from '../client/start-workflow.ts';
import { addApiKey, hashKey } from '../db/api-keys.ts';
import { migrate } from '../db/migrate.ts';
import { openPool } from '../db/pool.ts';
import { providerFromEnv } from '../providers/from-env.ts';
import { readConfig } from '../worker/config.ts';
import { buildGateway } from './app.ts';
import { GatewayConfig } from './config.ts';
import { prepareDrain } from './drain.ts';
import { startSweeping } from './sweeper.ts';

const PING_TIMEOUT_MS = 2_000;

const config = readConfig(GatewayConfig, process.env);
const logger = pino({ level: config.LOG_LEVEL, base: { service: 'gateway' } });

await migrate(config.DATABASE_URL);
const pool = openPool(config.DATABASE_URL, { max: config.RINGFENCE_DB_POOL });
if (config.RINGFENCE_API_KEY !== undefined) {
  const hash = hashKey(config.RINGFENCE_API_KEY);
  await addApiKey(pool, { account: 'default', name: 'RINGFENCE_API_KEY', scope: 'write', hash });
}
// Campaigns are recorded and events are kept whether Temporal answers or not, so the gateway comes up without it.
const temporal = await connectTemporal({ lazy: true });
const provider = providerFromEnv(process.env);
const startCampaign = workflowStarter(temporal, { taskQueue: config.RINGFENCE_TASK_QUEUE });

const app = await buildGateway({
  pool,
  logger,
  providers: new Map([[provider.name, provider]]),
  campaigns: new CampaignClient({ temporal }),
  startCampaign,
  delivery: new EventDelivery(eventSignaller(temporal)),
  pingTemporal: () =>
    temporal.withDeadline(Date.now() + PING_TIMEOUT_MS, () => temporal.workflowService.getSystemInfo({})),
  clock: Date.now,
  bodyLimit: config.RINGFENCE_BODY_LIMIT,
  requestsPerMinute: config.RINGFENCE_REQUESTS_PER_MINUTE,
});
const drain = prepareDrain(app);
await app.listen({ host: config.RINGFENCE_HOST, port: config.RINGFENCE_PORT });
const sweeping = startSweeping({ pool, startCampaign, logger });

const { address, port } = app.server.address() as AddressInfo;
logger.info(
  { ready: true, address: `http://${address.includes(':') ? `[${address}]` : address}:${port}` },
  'gateway is listening',
);

let stopping = false;
async function stop(signal: NodeJS.Signals): Promise<void> {
  if (stopping) return;
  stopping = true;
  logger.info({ signal }, 'stopping: requests under way are answered first');
  await drain();
  await sweeping.stop();
  await provider.close();
  await temporal.connection.close();
  await pool.end();
  logger.info('stopped');
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    void stop(signal);
  });
}
