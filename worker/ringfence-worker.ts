import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { migrate } from '../db/migrate.ts';
import { readDatabaseClock } from '../db/clock.ts';
import { openPool, type Pool } from '../db/pool.ts';
import { recordZoneData } from '../db/zone-data.ts';
import { DATABASE_LIMITS, HEALTH_LIMITS } from '../domain/engine/time-limits.ts';
import { ZONE_DATA_VERSION } from '../domain/windows/zone-data.ts';
import type { CallProvider } from '../providers/port.ts';
import { WORKER_DEFAULTS } from './defaults.ts';
import { pacingFacts } from './facts.ts';
import { campaignWorkerOptions, dialWorkerOptions } from './options.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** What a worker is made of. All but the first two have the defaults of the worker's settings. */
export interface RingfenceWorkerOptions {
  /** Places calls and says what became of them. It stays the caller's: close it when the worker has stopped. */
  readonly provider: CallProvider;
  /** Connection string of PostgreSQL, whose schema is brought to the newest version. */
  readonly databaseUrl: string;
  /**
   * How Temporal is reached; it stays the caller's. Without it the worker connects by Temporal's environment
   * configuration, and takes the namespace from there as well.
   */
  readonly temporal?: { readonly connection: NativeConnection; readonly namespace: string };
  /** The queue of campaigns; the gateway's must be the same. `ringfence` unless told. */
  readonly taskQueue?: string;
  /** Connections to PostgreSQL; 20 unless told. */
  readonly databaseConnections?: number;
  /** Placements that this worker talks to the provider about at once; 200 unless told. */
  readonly maxDials?: number;
  /** Placements per second over all workers of the queue; no limit unless told. */
  readonly dialsPerSecond?: number | undefined;
  /** How long after a call's greatest length it is given up as lost, in milliseconds; 90,000 unless told. */
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
  taskQueue = WORKER_DEFAULTS.taskQueue,
  databaseConnections = WORKER_DEFAULTS.databaseConnections,
  maxDials = WORKER_DEFAULTS.maxDials,
  dialsPerSecond,
  callGraceMs = WORKER_DEFAULTS.callGraceMs,
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
