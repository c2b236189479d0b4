import { pino } from 'pino';
import { ZONE_DATA_VERSION } from '../domain/windows/zone-data.ts';
import { openConnections, reloadFromEnv, warnOfClosed } from '../providers/connections/from-env.ts';
import { readConfig } from '../worker/config.ts';
import { loadOwnPolicies } from '../worker/own-policies.ts';
import { readAll, startOrExplain } from '../worker/start-up.ts';
import { GatewayConfig } from './config.ts';
import { startRingfenceGateway } from './ringfence-gateway.ts';

await startOrExplain('gateway', async () => {
  const [config, connections] = readAll(
    () => readConfig(GatewayConfig, process.env),
    () => openConnections(process.env),
    () => loadOwnPolicies(process.env),
  );
  const logger = pino({ level: config.LOG_LEVEL, base: { service: 'gateway' } });
  warnOfClosed(connections, logger);

  const gateway = await startRingfenceGateway({
    connections,
    databaseUrl: config.DATABASE_URL,
    taskQueue: config.RINGFENCE_TASK_QUEUE,
    host: config.RINGFENCE_HOST,
    port: config.RINGFENCE_PORT,
    apiKey: config.RINGFENCE_API_KEY,
    bodyLimit: config.RINGFENCE_BODY_LIMIT,
    requestsPerMinute: config.RINGFENCE_REQUESTS_PER_MINUTE,
    trustedProxies: config.RINGFENCE_TRUSTED_PROXIES,
    databaseConnections: config.RINGFENCE_DB_POOL,
    logger,
  });
  logger.info({ ready: true, address: gateway.url, zone_data: ZONE_DATA_VERSION }, 'gateway is listening');

  process.on('SIGHUP', () => void reloadFromEnv(connections, process.env, logger));

  let stopping = false;
  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping: requests under way are answered first');
    await gateway.close();
    await connections.close();
    logger.info('stopped');
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      void stop(signal);
    });
  }
});
