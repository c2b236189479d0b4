/**
 * Records the histories that `test/replay` holds every later release against: `node --import tsx
 * test/replay/record.ts [NAME...]`. Without names it records what no folder of `test/replay/histories` has yet, and
 * goes on where an earlier run of it ended. Named scenarios are recorded again.
 *
 * It writes into `next` alone, which becomes the folder of a version when that version is tagged. The histories of a
 * version may have been left in running campaigns: they are never recorded again, and must go on replaying as they are.
 */
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import { counted } from '../../domain/engine/counted.ts';
import { migrate } from '../../db/migrate.ts';
import { openPool } from '../../db/pool.ts';
import { runsOf } from '../support/probes/history.ts';
import { onServerClock, registerSearchAttributes } from '../support/harness/server-clock.ts';
import { WorkflowHarness, type WorkflowHarnessOptions } from '../support/harness/workflow-harness.ts';
import { startDevServer } from '../../scripts/dev-server.ts';
import { type Postgres, startPostgres } from '../../scripts/postgres.ts';
import { SCENARIOS } from './recording/scenarios.ts';
import type { Scenario, ServerKind, Sleep } from './recording/steps.ts';
import { type ObtainOptions, obtainTemporalCli, obtainTestServer } from '../../scripts/temporal-binaries.ts';

const HISTORIES = fileURLToPath(new URL('./histories/', import.meta.url));
const NEXT = join(HISTORIES, 'next');
const RESTLESS = { 'limit.historyCount.suggestContinueAsNew': 60 };

const obtainOptions: ObtainOptions = {
  env: process.env,
  home: fileURLToPath(new URL('../../.ringfence', import.meta.url)),
  report: (line) => console.error(line),
};

interface Server {
  readonly options: Awaited<ReturnType<typeof onServerClock>>;
  readonly sleep: Sleep;
  stop(): Promise<void>;
}

async function startServer(kind: ServerKind, directory: string): Promise<Server> {
  if (kind === 'skipping') {
    const { path } = await obtainTestServer(obtainOptions);
    const env = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
      client: { identity: 'harness' },
    });
    await registerSearchAttributes(env);
    return { options: await onServerClock(env), sleep: (ms) => env.sleep(ms), stop: () => env.teardown() };
  }
  const server = await startDevServer({
    executable: (await obtainTemporalCli(obtainOptions)).path,
    port: 0,
    logFile: join(directory, `${kind}.log`),
    ...(kind === 'restless' ? { dynamicConfig: RESTLESS } : {}),
  });
  const { address } = server;
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  return {
    options: { client: new Client({ connection, identity: 'harness' }), connection: native, searchAttributes: true },
    sleep: (ms) => sleep(ms),
    async stop() {
      await native.close();
      await connection.close();
      await server.stop();
    },
  };
}

async function record({ name, options, run }: Scenario, server: Server, postgres: Postgres): Promise<void> {
  const startedAt = performance.now();
  const harness = await WorkflowHarness.open({
    ...server.options,
    ...options,
    database: await database(postgres, name.replaceAll('-', '_')),
    taskQueue: `recording-${name}`,
  });
  try {
    const campaign = await run(harness, server.sleep);
    const runs = await runsOf(campaign.handle);
    for (const file of await filesOf(name, NEXT)) await rm(join(NEXT, file));
    for (const [index, { history }] of runs.entries()) {
      const file = runs.length === 1 ? `${name}.json.gz` : `${name}-${index + 1}.json.gz`;
      const packed = gzipSync(withoutStacks(historyToJSON(history)), { level: 9 });
      await writeFile(join(NEXT, file), packed);
      const size = `${counted(history.events?.length ?? 0, 'event')}, ${Math.ceil(packed.length / 1024)} KiB`;
      console.error(`${file}: ${size}, ${Math.round((performance.now() - startedAt) / 1000)} s`);
    }
  } finally {
    await harness.close();
  }
}

/** Stacks tell of this machine and nothing of the campaign. */
function withoutStacks(json: string): string {
  return JSON.stringify(JSON.parse(json), (key, value: unknown) => (key === 'stackTrace' ? '' : value), 1);
}

async function database(postgres: Postgres, name: string): Promise<WorkflowHarnessOptions['database']> {
  await postgres.createDatabase(name);
  const url = postgres.url(name);
  await migrate(url);
  const pool = openPool(url);
  // People share numbers.
  await pool.query("insert into accounts (name, per_number) values ('default', '[]')");
  return { pool, url, drop: () => pool.end() };
}

/** A scenario whose campaign continued as new has a file of each run. */
async function filesOf(name: string, folder = HISTORIES): Promise<string[]> {
  const isOf = new RegExp(`(?:^|/)${name}(?:-\\d+)?\\.json\\.gz$`);
  return (await readdir(folder, { recursive: true })).filter((file) => isOf.test(file));
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}.`);
await mkdir(NEXT, { recursive: true });
const directory = await mkdtemp(join(tmpdir(), 'ringfence-histories-'));
// PostgreSQL runs as another user when we are root.
await chmod(directory, 0o755);
const postgres = await startPostgres({
  dataDir: join(directory, 'postgres'),
  port: 0,
  logFile: join(directory, 'postgres.log'),
  durable: false,
});
const servers = new Map<ServerKind, Server>();
try {
  for (const scenario of SCENARIOS) {
    const isWanted = wanted.length > 0 ? wanted.includes(scenario.name) : (await filesOf(scenario.name)).length === 0;
    if (!isWanted) continue;
    const server = servers.get(scenario.server) ?? (await startServer(scenario.server, directory));
    servers.set(scenario.server, server);
    await record(scenario, server, postgres);
  }
} finally {
  for (const server of servers.values()) await server.stop();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
