import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { migrate } from '../db/migrate.ts';
import { readDatabaseClock } from '../db/clock.ts';
import { recordConnections } from '../db/connections.ts';
import { openPool, type Pool } from '../db/pool.ts';
import { recordZoneData } from '../db/zone-data.ts';
import { CONNECTION_WORKFLOW, coordinatorStart } from '../domain/engine/share-messages.ts';
import { DATABASE_LIMITS, HEALTH_LIMITS } from '../domain/engine/time-limits.ts';
import type { PolicyInput } from '../domain/windows/policies/policy.ts';
import { ZONE_DATA_VERSION } from '../domain/windows/zone-data.ts';
import { connectionOf } from '../providers/connections/connection.ts';
import { type Connections, OpenConnections } from '../providers/connections/open-connections.ts';
import type { CallProvider } from '../providers/port.ts';
import { ConnectionLoads } from './connection-loads.ts';
import { DialQueues } from './dial-queues.ts';
import { DEFAULTS } from './defaults.ts';
import { pacingFacts, unknownFacts } from './facts.ts';
import { campaignWorkerOptions, dialWorkerOptions } from './options.ts';
import { takeOwnPolicies } from './own-policies.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { connectWorker } from './temporal-connection.ts';
import { WorkerGroup } from './worker-group.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Options of a worker. The defaults are those of the worker's settings. */
export interface RingfenceWorkerOptions {
  /** Places the calls and reports what became of them. The caller closes it after the worker has stopped. */
  readonly provider?: CallProvider;
  /** Several connections in place of `provider`: see `openConnections`. The caller closes them after the worker has stopped. */
  readonly connections?: Connections;
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
  /** Placements per second and connection over all workers of the task queue. Default: no limit. */
  readonly dialsPerSecond?: number | undefined;
  /** Time after a call's maximum length until it counts as lost, in milliseconds. @defaultValue `90000` */
  readonly callGraceMs?: number;
  /**
   * Own calling policies, for the whole process. One with the name of a policy of Ringfence replaces it. Give all
   * workers and gateways the same. Default: those that the process has; without any, the policies of Ringfence are known alone.
   */
  readonly policies?: readonly PolicyInput[];
}

/** A worker that runs campaigns and places their calls. */
export interface RingfenceWorker {
  readonly namespace: string;
  readonly taskQueue: string;
  /** False if the server lacks the search attributes and does not permit their registration. Campaigns then run without them. */
  readonly searchAttributes: boolean;
  /**
   * The newest release of the IANA time zone data that any worker on this database has had, such as `2026f`. If this
   * worker has an older release, upgrade it.
   */
  readonly newestZoneData: string;
  /**
   * Runs until `shutdown`. Resolves when all started work is finished and the worker's connections are closed. Rejects if
   * the worker cannot continue.
   */
  run(): Promise<void>;
  /** Accepts no new work. Placements under way finish, which takes up to 35 seconds. */
  shutdown(): void;
  /** @internal Begins to dial for connections that a reload has added. */
  dialForAllConnections(): Promise<void>;
  /** The services that are unavailable now: `temporal`, `database`, or none. For a readiness check. */
  notReady(): Promise<string[]>;
}

/**
 * Creates a worker with any provider. It keeps its connections open until it has run: to discard a worker, call `shutdown`
 * and then `run`. One process may have several workers for several queues.
 *
 * A gateway with the same provider receives the events of its calls.
 *
 * @throws RingfenceError `misconfigured` if the facts of the provider or the policies are contradictory, `database_unavailable` or
 * `temporal_unavailable` if one of the servers does not answer.
 * @example
 * const worker = await createRingfenceWorker({ provider, databaseUrl: 'postgres://…' });
 * process.once('SIGTERM', () => worker.shutdown());
 * await worker.run();
 */
export async function createRingfenceWorker({
  provider,
  connections = new OpenConnections(provider ? [connectionOf(provider)] : []),
  databaseUrl,
  temporal,
  taskQueue = DEFAULTS.taskQueue,
  databaseConnections = DEFAULTS.databaseConnections,
  maxDials = DEFAULTS.maxDials,
  dialsPerSecond,
  callGraceMs = DEFAULTS.callGraceMs,
  policies,
}: RingfenceWorkerOptions): Promise<RingfenceWorker> {
  const factsOf = (searchAttributes: boolean) => (name: string) => {
    const open = connections.get(name);
    return open
      ? pacingFacts(open.provider, { ...open.connection, graceMs: callGraceMs, searchAttributes })
      : unknownFacts({ graceMs: callGraceMs, searchAttributes });
  };
  // Throws before anything is opened.
  for (const { connection } of connections.all()) factsOf(false)(connection.name);
  takeOwnPolicies(policies);
  await migrate(databaseUrl);
  const { connection, namespace } = temporal ?? (await connectWorker());
  const pool = openPool(databaseUrl, { max: databaseConnections, limits: DATABASE_LIMITS });
  // A worker whose connections are all in use is busy, not ill.
  const healthPool = openPool(databaseUrl, { max: 1, limits: HEALTH_LIMITS });
  const client = new Client({ connection, namespace });
  const loads = new ConnectionLoads(pool, connections, async (name) => {
    await client.workflow.signalWithStart(CONNECTION_WORKFLOW, coordinatorStart(name, taskQueue));
  });
  const close = async () => {
    // Without it the rates of this worker hold for two minutes more.
    await loads.stop().catch(() => {});
    await Promise.all([pool.end(), healthPool.end()]);
    if (!temporal) await connection.close();
  };
  try {
    const searchAttributes = await ensureSearchAttributes(connection.operatorService, namespace);
    const newestZoneData = await recordZoneData(pool, ZONE_DATA_VERSION);
    const deps = {
      pool,
      connections,
      factsOf: factsOf(searchAttributes),
      now: Date.now,
      databaseClock: readDatabaseClock,
    };
    const setting = { connection, namespace, taskQueue, deps, maxDials, dialsPerSecond };
    const names = () => connections.all().map(({ connection }) => connection.name);
    const recordAll = async () => {
      await recordConnections(pool, names());
      await loads.record();
    };
    await recordAll();
    const workers = new WorkerGroup();
    await workers.add(CAMPAIGNS, campaignWorkerOptions(setting, await workflowBundle()));
    const add = (name: string) => workers.add(name, dialWorkerOptions(setting, name));
    const queues = new DialQueues({ pool, workers, add, own: names });
    await queues.adjust();
    return {
      namespace,
      taskQueue,
      searchAttributes,
      newestZoneData,
      async run() {
        queues.keepAdjusting(ADJUST_QUEUES_MS);
        try {
          await workers.run();
        } finally {
          await queues.stop();
          await close();
        }
      },
      shutdown: () => workers.shutdown(),
      async dialForAllConnections() {
        await recordAll();
        await queues.adjust();
      },
      notReady: () => missing(workers, healthPool),
    };
  } catch (error) {
    // The first error counts.
    await close().catch(() => {});
    throw error;
  }
}

/** A campaign whose connection no worker has waits so long until it is told. */
const ADJUST_QUEUES_MS = 30_000;

/** The key of the worker that runs campaigns. No connection has this name. */
const CAMPAIGNS = '';

async function missing(workers: WorkerGroup, pool: Pool): Promise<string[]> {
  const names: string[] = [];
  if (!workers.isRunning()) names.push('temporal');
  await pool.query('select 1').catch(() => names.push('database'));
  return names;
}
