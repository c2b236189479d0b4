import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type Child, startChild } from './child.ts';
import { startOnFreePort } from './free-port.ts';
import { locateBinaries } from './postgres/binaries.ts';
import { choosePlaces, clearStalePidFile, initialise } from './postgres/data-directory.ts';
import { runSql } from './postgres/sql.ts';
import { unprivilegedUser } from './postgres/user.ts';
import { waitUntilReady } from './wait-until-ready.ts';

export interface PostgresOptions {
  /** Created on the first start. See {@link Postgres.dataDir} for where it really is. */
  readonly dataDir: string;
  /** The wanted port. Default: 5432. If it is in use, another one is used. 0 selects any free port. */
  readonly port?: number;
  readonly logFile: string;
  /** False loses data when the machine stops, for speed, as tests do. Default: true. */
  readonly durable?: boolean;
  /** Further settings of the server, by their names in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Postgres extends Child {
  readonly port: number;
  /** Where the data is: elsewhere than asked for when PostgreSQL may not enter the wanted directory. */
  readonly dataDir: string;
  /** The connection string of a database of this server. */
  url(database: string): string;
  /** Harmless when it exists. */
  createDatabase(name: string): Promise<void>;
  /** Ends the connections to it first; harmless when there is no such database. */
  dropDatabase(name: string): Promise<void>;
}

/** Includes replaying the log after a crash. */
const START_TIMEOUT_MS = 60_000;
const DUPLICATE_DATABASE = '42P04';

const FAST_BUT_FORGETFUL = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Starts a PostgreSQL server on the loopback interface and waits until it accepts queries. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { durable = true, logFile } = options;
  const user = unprivilegedUser();
  const places = await choosePlaces(options.dataDir, user);
  const { dataDir } = places;
  const { initdb, postgres } = await locateBinaries(user, places.parent);
  await initialise(initdb, places, { user, durable });
  await clearStalePidFile(dataDir);

  const urlAt = (port: number) => (database: string) => `postgres://ringfence@127.0.0.1:${port}/${database}`;
  const settings = {
    listen_addresses: '127.0.0.1',
    // No socket file: its place differs between systems, and a killed server leaves it behind.
    unix_socket_directories: '',
    timezone: 'UTC',
    // Several worker processes, each with a pool; the default of 100 is soon used up by tests in parallel.
    max_connections: '300',
    ...(durable ? {} : FAST_BUT_FORGETFUL),
    ...options.settings,
  };
  const stated = Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]);
  const { child, port } = await startOnFreePort(options.port ?? 5432, async (port) => {
    const child = await startChild({
      command: postgres,
      args: ['-D', dataDir, '-p', String(port), ...stated],
      logFile,
      user,
      cwd: places.parent,
      env: { LC_ALL: 'C' },
      // Its "fast shutdown": SIGTERM would wait for every client to leave.
      stopSignal: 'SIGINT',
    });
    await waitUntilReady('PostgreSQL', child, {
      probe: () => runSql(urlAt(port)('postgres'), 'select 1'),
      timeoutMs: START_TIMEOUT_MS,
      logFile,
    });
    return { child, port };
  });
  const url = urlAt(port);

  return {
    ...child,
    port,
    dataDir,
    url,
    kill: () => killWithBackends(child),
    async createDatabase(name) {
      await runSql(url('postgres'), `create database ${pg.escapeIdentifier(name)}`).catch((error: unknown) => {
        if ((error as { code?: string }).code !== DUPLICATE_DATABASE) throw error;
      });
    },
    async dropDatabase(name) {
      await runSql(url('postgres'), `drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    },
  };
}

/**
 * A backend that is busy notices late that the server is gone, and until then no new server can start on the directory. A
 * crash of the machine would take all of them.
 */
async function killWithBackends(server: Child): Promise<void> {
  const backends = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, parent]) => (parent === server.pid && pid !== undefined ? [pid] : []));
  await server.kill();
  for (const pid of backends) {
    while (signalled(pid)) await pause(5);
  }
}

function signalled(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
