/**
 * Records the histories that `test/replay` holds every later release against: `node --import tsx
 * scripts/record-histories.ts [NAME...]`. Record a new shape when a release can first make it. A history that a released
 * version may have left in a running campaign is never recorded again: it must go on replaying as it is.
 */
import { access, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import { counted } from '../domain/engine/counted.ts';
import { migrate } from '../db/migrate.ts';
import { openPool } from '../db/pool.ts';
import { runsOf } from '../test/support/probes/history.ts';
import { onServerClock, registerSearchAttributes } from '../test/support/harness/server-clock.ts';
import { WorkflowHarness, type WorkflowHarnessOptions } from '../test/support/harness/workflow-harness.ts';
import { startDevServer } from './dev-server.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { type Scenario, SCENARIOS, type ServerKind } from './record-histories/scenarios.ts';
import { type ObtainOptions, obtainTemporalCli, obtainTestServer } from './temporal-binaries.ts';

const HISTORIES = fileURLToPath(new URL('../test/replay/histories', import.meta.url));
const RESTLESS = { 'limit.historyCount.suggestContinueAsNew': 60 };

const obtainOptions: ObtainOptions = {
  env: process.env,
  home: fileURLToPath(new URL('../.ringfence', import.meta.url)),
  report: (line) => console.error(line),
};

interface Server {
  readonly options: Awaited<ReturnType<typeof onServerClock>>;
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
    return { options: await onServerClock(env), stop: () => env.teardown() };
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
    async stop() {
      await native.close();
      await connection.close();
      await server.stop();
    },
  };
}

async function record({ name, server: kind, run }: Scenario, postgres: Postgres, directory: string): Promise<void> {
  const server = await startServer(kind, directory);
  const harness = await WorkflowHarness.open({
    ...server.options,
    database: await database(postgres, name.replaceAll('-', '_')),
    taskQueue: `recording-${name}`,
  });
  try {
    const campaign = await run(harness);
    const runs = await runsOf(campaign.handle);
    for (const [index, { history }] of runs.entries()) {
      const file = runs.length === 1 ? `${name}.json` : `${name}-${index + 1}.json`;
      await writeFile(join(HISTORIES, file), `${withoutStacks(historyToJSON(history))}\n`);
      console.error(`${file}: ${counted(history.events?.length ?? 0, 'event')}`);
    }
  } finally {
    await harness.close();
    await server.stop();
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
  return { pool, url, drop: () => pool.end() };
}

async function isRecorded({ name }: Scenario): Promise<boolean> {
  const exists = (file: string) =>
    access(join(HISTORIES, file)).then(
      () => true,
      () => false,
    );
  return (await exists(`${name}.json`)) || exists(`${name}-1.json`);
}

const wanted = process.argv.slice(2);
const directory = await mkdtemp(join(tmpdir(), 'ringfence-histories-'));
// PostgreSQL runs as another user when we are root.
await chmod(directory, 0o755);
const postgres = await startPostgres({
  dataDir: join(directory, 'postgres'),
  port: 0,
  logFile: join(directory, 'postgres.log'),
  durable: false,
});
try {
  for (const scenario of SCENARIOS) {
    if (wanted.length > 0 && !wanted.includes(scenario.name)) continue;
    if (await isRecorded(scenario)) console.error(`${scenario.name}: kept; delete its files to record it anew`);
    else await record(scenario, postgres, directory);
  }
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
