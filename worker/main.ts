import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import { pino } from 'pino';
import { migrate } from '../db/migrate.ts';
import { openPool } from '../db/pool.ts';
import { providerFromEnv } from '../providers/from-env.ts';
import { readConfig, WorkerConfig } from './config.ts';
import { pacingFacts } from './facts.ts';
import { serveHealth } from './health.ts';
import { campaignWorkerOptions, dialWorkerOptions } from './options.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { workflowBundle } from './workflow-bundle.ts';

const config = readConfig(WorkerConfig, process.env);
const log = pino({ level: config.LOG_LEVEL, base: { service: 'worker' } });

Runtime.install({
  // Temporal's own lines and ours go the same way, as JSON.
  logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
    const line = { ...meta };
    if (level === 'ERROR') log.error(line, message);
    else if (level === 'WARN') log.warn(line, message);
    else log.debug(line, message);
  }),
  telemetryOptions: {
    logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    ...(config.RINGFENCE_METRICS ? { metrics: { prometheus: { bindAddress: config.RINGFENCE_METRICS } } } : {}),
  },
  // We stop the workers ourselves, so that what they use is closed after them.
  shutdownSignals: [],
});

const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
await migrate(config.DATABASE_URL);
const pool = openPool(config.DATABASE_URL, { max: config.RINGFENCE_DB_POOL });
const provider = providerFromEnv(process.env);
const connection = await NativeConnection.connect(connectionOptions);
const searchAttributes = await ensureSearchAttributes(connection.operatorService, namespace);
if (!searchAttributes) log.warn('search attributes are not registered; campaigns run without them');

const setting = {
  connection,
  namespace,
  taskQueue: config.RINGFENCE_TASK_QUEUE,
  deps: {
    pool,
    provider,
    facts: pacingFacts(provider.facts, config.RINGFENCE_CALL_GRACE * 1000, searchAttributes),
    now: Date.now,
  },
  maxDials: config.RINGFENCE_MAX_DIALS,
  dialsPerSecond: config.RINGFENCE_DIALS_PER_SECOND,
};
const workers = [
  await Worker.create(campaignWorkerOptions(setting, await workflowBundle())),
  await Worker.create(dialWorkerOptions(setting)),
];

const health = await serveHealth({
  host: config.RINGFENCE_HEALTH_HOST,
  port: config.RINGFENCE_HEALTH_PORT,
  notReady: async () => {
    const missing: string[] = [];
    if (workers.some((worker) => worker.getState() !== 'RUNNING')) missing.push('temporal');
    await pool.query('select 1').catch(() => missing.push('database'));
    return missing;
  },
});

let stopping = false;
function stop(signal: NodeJS.Signals): void {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'stopping: placements under way are finished first');
  for (const worker of workers) worker.shutdown();
}
process.on('SIGTERM', stop).on('SIGINT', stop);

const running = Promise.all(workers.map((worker) => worker.run()));
log.info({ ready: true, health: health.port, namespace, task_queue: config.RINGFENCE_TASK_QUEUE }, 'worker is running');
await running;
await health.close();
await provider.close();
await pool.end();
await connection.close();
log.info('stopped');
