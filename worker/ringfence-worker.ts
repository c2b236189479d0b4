import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { migrate } from '../db/migrate.ts';
import { readDatabaseClock } from '../db/clock.ts';
import { openPool, type Pool } from '../db/pool.ts';
import { recordZoneData } from '../db/zone-data.ts';
import { DATABASE_LIMITS, HEALTH_LIMITS } from '../domain/engine/time-limits.ts';
import { ZONE_DATA_VERSION } from '../domain/windows/zone-data.ts';
import type { CallProvider } from '../providers/port.ts';
import { DEFAULTS } from './defaults.ts';
import { pacingFacts } from './facts.ts';
import { campaignWorkerOptions, dialWorkerOptions } from './options.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Options of a worker. The defaults are those of the worker's settings. */
export interface RingfenceWorkerOptions {
  /** Places the calls and reports what became of them. The caller closes it after the worker has stopped. */
  readonly provider: CallProvider;
  /** Connection string of PostgreSQL. The schema is migrated to the newest version. */
  readonly databaseUrl: string;
  /**
   * Connection to Temporal, which the caller closes, and the namespace. Default: both by Temporal's environment
   * configuration.
   */
  readonly temporal?: { readonly connection: NativeConnection; readonly namespace: string };
  /** Task queue of the campaigns; the gateway needs the same. @defaultValue `'ringfence'` */
  readonly taskQueue?: string;
  /** Connections to PostgreSQL. @defaultValue `20` */
  readonly databaseConnections?: number;
  /** Placements under way at the same time in this worker. @defaultValue `200` */
  readonly maxDials?: number;
  /** Placements per second over all workers of the task queue. Default: no limit. */
  readonly dialsPerSecond?: number | undefined;
  /** Time after a call's maximum length until it counts as lost, in milliseconds. @defaultValue `90000` */
  readonly callGraceMs?: number;
}

/** A worker that runs campaigns and dials for them. */
export interface RingfenceWorker {
  readonly namespace: string;
  readonly taskQueue: string;
  /** False where the server does not know them and does not let us register them: campaigns run without. */
  readonly searchAttributes: boolean;
  /**
   * The newest release of the IANA time zone data that a worker on this database has had, such as `2026f`. Where it is not
   * this worker's own, this worker is to be upgraded.
   */
  readonly newestZoneData: string;
  /**
   * Works until `shutdown`. Resolves when everything that was begun is over and what the worker opened is closed; rejects
   * when it cannot work any more.
   */
  run(): Promise<void>;
  /** Takes on nothing more. Placements under way are finished, which takes up to 35 seconds. */
  shutdown(): void;
  /** What is missing at this moment: `temporal`, `database`, or nothing. For a readiness check. */
  notReady(): Promise<string[]>;
}

/**
 * Makes a worker over any provider. It holds its connections until it has run: one that is not wanted any more is shut down
 * and run all the same. One process may have several, for several queues.
 *
 * The events of its calls come in by a gateway, which must be given the same provider.
 *
 * @throws RingfenceError `misconfigured` when the facts of the provider cannot be kept; errors of PostgreSQL's driver and of
 * Temporal's SDK when either is away.
 * @example
 * const worker = await createRingfenceWorker({ provider, databaseUrl: 'postgres://…' });
 * process.once('SIGTERM', () => worker.shutdown());
 * await worker.run();
 */
export async function createRingfenceWorker({
  provider,
  databaseUrl,
  temporal,
  taskQueue = DEFAULTS.taskQueue,
  databaseConnections = DEFAULTS.databaseConnections,
  maxDials = DEFAULTS.maxDials,
  dialsPerSecond,
  callGraceMs = DEFAULTS.callGraceMs,
}: RingfenceWorkerOptions): Promise<RingfenceWorker> {
  const factsWith = (searchAttributes: boolean) => pacingFacts(provider.facts, callGraceMs, searchAttributes);
  // Refused before anything is opened.
  factsWith(false);
  await migrate(databaseUrl);
  const { connection, namespace } = temporal ?? (await connect());
  const pool = openPool(databaseUrl, { max: databaseConnections, limits: DATABASE_LIMITS });
  // A worker whose connections are all in use is busy, not ill.
  const healthPool = openPool(databaseUrl, { max: 1, limits: HEALTH_LIMITS });
  const close = async () => {
    await Promise.all([pool.end(), healthPool.end()]);
    if (!temporal) await connection.close();
  };
  try {
    const searchAttributes = await ensureSearchAttributes(connection.operatorService, namespace);
    const newestZoneData = await recordZoneData(pool, ZONE_DATA_VERSION);
    const deps = {
      pool,
      provider,
      facts: factsWith(searchAttributes),
      now: Date.now,
      databaseClock: readDatabaseClock,
    };
    const setting = { connection, namespace, taskQueue, deps, maxDials, dialsPerSecond };
    const workers = [
      await Worker.create(campaignWorkerOptions(setting, await workflowBundle())),
      await Worker.create(dialWorkerOptions(setting)),
    ];
    let stopping = false;
    return {
      namespace,
      taskQueue,
      searchAttributes,
      newestZoneData,
      async run() {
        const running = runAll(workers);
        if (stopping) stopAll(workers);
        try {
          await running;
        } finally {
          await close();
        }
      },
      shutdown() {
        stopping = true;
        stopAll(workers);
      },
      notReady: () => missing(workers, healthPool),
    };
  } catch (error) {
    // What went wrong first is told.
    await close().catch(() => {});
    throw error;
  }
}

async function connect(): Promise<NonNullable<RingfenceWorkerOptions['temporal']>> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  return { connection: await NativeConnection.connect(connectionOptions), namespace };
}

/** One that fails takes the others along: campaigns without dials, or dials without campaigns, are of no use. */
async function runAll(workers: readonly Worker[]): Promise<void> {
  const ended = await Promise.allSettled(workers.map((worker) => worker.run().finally(() => stopAll(workers))));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

/** A worker refuses to be stopped twice. */
function stopAll(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

async function missing(workers: readonly Worker[], pool: Pool): Promise<string[]> {
  const names: string[] = [];
  if (workers.some((worker) => worker.getState() !== 'RUNNING')) names.push('temporal');
  await pool.query('select 1').catch(() => names.push('database'));
  return names;
}
