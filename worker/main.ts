import { DefaultLogger, Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import { pino } from 'pino';
import { ZONE_DATA_VERSION } from '../domain/windows/zone-data.ts';
import { openConnections, reloadFromEnv, warnOfClosed } from '../providers/connections/from-env.ts';
import { readConfig, WorkerConfig } from './config.ts';
import { serveHealth } from './health.ts';
import { loadOwnPolicies } from './own-policies.ts';
import { createRingfenceWorker } from './ringfence-worker.ts';
import { cannotListen, cannotServeMetrics, readAll, startOrExplain } from './start-up.ts';

await startOrExplain('worker', async () => {
  const [config, connections] = readAll(
    () => readConfig(WorkerConfig, process.env),
    () => openConnections(process.env),
    () => loadOwnPolicies(process.env),
  );
  const log = pino({ level: config.LOG_LEVEL, base: { service: 'worker' } });

  const { RINGFENCE_METRICS: metrics } = config;
  try {
    Runtime.install({
      // Temporal's log lines and ours have the same form, JSON.
      logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
        const line = { ...meta };
        if (level === 'ERROR') log.error(line, message);
        else if (level === 'WARN') log.warn(line, message);
        else log.debug(line, message);
      }),
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
        ...(metrics === undefined ? {} : { metrics: { prometheus: { bindAddress: metrics } } }),
      },
      // This file stops the worker, so that it closes its dependencies afterwards.
      shutdownSignals: [],
    });
  } catch (error) {
    throw cannotServeMetrics(error, metrics);
  }

  warnOfClosed(connections, log);
  const worker = await createRingfenceWorker({
    connections,
    databaseUrl: config.DATABASE_URL,
    taskQueue: config.RINGFENCE_TASK_QUEUE,
    databaseConnections: config.RINGFENCE_DB_POOL,
    maxDials: config.RINGFENCE_MAX_DIALS,
    dialsPerSecond: config.RINGFENCE_DIALS_PER_SECOND,
    callGraceMs: config.RINGFENCE_CALL_GRACE * 1000,
  });
  if (!worker.searchAttributes) log.warn('search attributes are not registered; campaigns run without them');

  const { RINGFENCE_HEALTH_HOST: host, RINGFENCE_HEALTH_PORT: port } = config;
  const health = await serveHealth({ host, port, notReady: () => worker.notReady() }).catch((error: unknown) => {
    throw cannotListen(error, { host, port, variable: 'RINGFENCE_HEALTH_PORT' });
  });

  let stopping = false;
  function stop(signal: NodeJS.Signals): void {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping: placements under way are finished first');
    worker.shutdown();
  }
  process.on('SIGTERM', stop).on('SIGINT', stop);
  process.on('SIGHUP', () => {
    if (!reloadFromEnv(connections, process.env, log)) return;
    worker.dialForAllConnections().catch((error: unknown) => {
      log.error({ error: String(error) }, 'cannot dial through new connections: restart this worker');
    });
  });

  const running = worker.run();
  const { namespace, taskQueue: task_queue } = worker;
  const zone_data = ZONE_DATA_VERSION;
  log.info({ ready: true, health: health.port, namespace, task_queue, zone_data }, 'worker is running');
  if (worker.newestZoneData !== zone_data) {
    log.warn({ zone_data, newest: worker.newestZoneData }, 'another worker has newer time zone data: upgrade this one');
  }
  await running;
  await health.close();
  await connections.close();
  log.info('stopped');
});
