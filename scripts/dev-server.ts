import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import { type Child, startChild } from './child.ts';
import { freePort, startOnFreePort } from './free-port.ts';
import { waitUntilReady } from './wait-until-ready.ts';

export interface DevServerOptions {
  /** The Temporal CLI. */
  readonly executable: string;
  /** The wanted port. Default: 7233. If it is in use, another one is used. 0 selects any free port. */
  readonly port?: number;
  /** The wanted port of the Web UI; without it there is no Web UI. */
  readonly uiPort?: number;
  /** Where workflows are kept between runs; without it they end with the process. */
  readonly dbFilename?: string;
  readonly logFile: string;
  /** Added to {@link DYNAMIC_CONFIG}; a test may for example ask for early continue-as-new. */
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
}

export interface DevServer extends Child {
  /** `host:port` of the gRPC frontend. */
  readonly address: string;
  readonly uiUrl: string | null;
}

/** What the workflows of Ringfence are listed and filtered by. */
const SEARCH_ATTRIBUTES = {
  CampaignStatus: 'Keyword',
  CampaignName: 'Keyword',
  AgentId: 'Keyword',
  WaitingFor: 'Keyword',
};

/**
 * The defaults protect a shared server from one tenant. Here one user owns the server, and a limit that a campaign of some
 * hundred calls runs into would show as latency that no real cluster has.
 */
const DYNAMIC_CONFIG: NonNullable<DevServerOptions['dynamicConfig']> = {
  // Requests per second: all at the front door, and those of the one namespace.
  'frontend.rps': 20_000,
  'frontend.namespaceRPS': 20_000,
  // The services behind it, which each request passes once or more.
  'history.rps': 40_000,
  // How often a second a shard looks for tasks to hand out. By default twenty times, so that behind a busy campaign each
  // dial would wait up to 50 ms before a worker hears of it.
  'history.transferProcessorMaxPollRPS': 1_000,
  'matching.rps': 20_000,
  'matching.persistenceMaxQPS': 20_000,
  // Lists and counts of workflows: `doctor` and tests ask often.
  'frontend.namespaceRPS.visibility': 1_000,
  // Long polls and updates that wait for their result, for each kind of request.
  'frontend.namespaceCount': 10_000,
  // Partitions spread a task queue over machines. Within one process they only forward to each other.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
};

/**
 * Settings of SQLite for a database file: with a write-ahead log a commit need not wait for the disk. All that was
 * committed survives the death of the process; a loss of power may cost the last moments.
 */
const SQLITE_PRAGMAS = ['journal_mode=wal', 'synchronous=normal'];

const START_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;
const NAMESPACE = 'default';

/** Starts a Temporal development server on the loopback interface and waits until its namespace answers. */
export function startDevServer(options: DevServerOptions): Promise<DevServer> {
  return startOnFreePort(options.port ?? 7233, (port) => startAt(port, options));
}

async function startAt(port: number, options: DevServerOptions): Promise<DevServer> {
  const uiPort = options.uiPort === undefined ? null : await freePort(options.uiPort);
  if (options.dbFilename !== undefined) await mkdir(dirname(options.dbFilename), { recursive: true });

  const child = await startChild({
    command: options.executable,
    args: [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--log-level=warn',
      ...(uiPort === null ? ['--headless'] : [`--ui-port=${uiPort}`]),
      ...(options.dbFilename === undefined
        ? []
        : [`--db-filename=${options.dbFilename}`, ...flags('--sqlite-pragma', SQLITE_PRAGMAS)]),
      ...flags('--search-attribute', assignments(SEARCH_ATTRIBUTES)),
      ...flags('--dynamic-config-value', assignments({ ...DYNAMIC_CONFIG, ...options.dynamicConfig }, JSON.stringify)),
    ],
    logFile: options.logFile,
  });
  const address = `127.0.0.1:${port}`;
  await waitUntilReady('The Temporal development server', child, {
    probe: () => describeNamespace(address),
    timeoutMs: START_TIMEOUT_MS,
    logFile: options.logFile,
  });
  return { ...child, address, uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}` };
}

async function describeNamespace(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: PROBE_TIMEOUT_MS });
  try {
    await connection.withDeadline(Date.now() + PROBE_TIMEOUT_MS, () =>
      connection.workflowService.describeNamespace({ namespace: NAMESPACE }),
    );
  } finally {
    await connection.close();
  }
}

function flags(name: string, values: readonly string[]): string[] {
  return values.map((value) => `${name}=${value}`);
}

function assignments<T>(values: Readonly<Record<string, T>>, write: (value: T) => string = String): string[] {
  return Object.entries(values).map(([key, value]) => `${key}=${write(value)}`);
}
