/** What peers stand on, new for each of them: PostgreSQL always, Temporal and Redis where they are needed. */
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { startChild } from '../../scripts/child.ts';
import { startDevServer } from '../../scripts/dev-server.ts';
import { freePort } from '../../scripts/free-port.ts';
import { type Postgres, startPostgres } from '../../scripts/postgres.ts';
import type { Children } from '../../scripts/start/children.ts';
import { obtainTemporalCli } from '../../scripts/temporal-binaries.ts';
import { waitUntilReady } from '../../scripts/wait-until-ready.ts';

export interface Servers {
  readonly postgres: Postgres;
  /** `host:port`; null where it was not asked for. */
  readonly temporalAddress: string | null;
  readonly redisPort: number | null;
  readonly pids: readonly number[];
}

const BINARIES = fileURLToPath(new URL('../../.ringfence', import.meta.url));
const RANK = 0;
/** Nothing acknowledged is lost with the process, and a second at most with the machine: as its documentation advises. */
const REDIS_SETTINGS = { appendonly: 'yes', appendfsync: 'everysec', save: '', 'maxmemory-policy': 'noeviction' };
const REDIS_START_MS = 20_000;

export async function startServers(
  children: Children,
  home: string,
  needs: { readonly temporal: boolean; readonly redis: boolean },
): Promise<Servers> {
  const logOf = (name: string) => join(home, 'logs', `${name}.log`);
  const postgresLog = logOf('postgres');
  const postgres = await children.start(
    { name: 'PostgreSQL', logFile: postgresLog, rank: RANK },
    () => startPostgres({ dataDir: join(home, 'postgres'), port: 0, logFile: postgresLog }),
    (server) => server,
  );
  const temporalLog = logOf('temporal');
  const temporal = needs.temporal
    ? await children.start(
        { name: 'Temporal', logFile: temporalLog, rank: RANK },
        () => startTemporal(home, temporalLog),
        (server) => server,
      )
    : null;
  const redisLog = logOf('redis');
  const redis = needs.redis
    ? await children.start(
        { name: 'Redis', logFile: redisLog, rank: RANK },
        () => startRedis(home, redisLog),
        (server) => server,
      )
    : null;
  return {
    postgres,
    temporalAddress: temporal?.address ?? null,
    redisPort: redis?.port ?? null,
    pids: [postgres, temporal, redis].flatMap((server) => server?.pid ?? []),
  };
}

/** The path of redis-server, or null where it is not installed. */
export function findRedis(): string | null {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'redis-server'));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function startTemporal(home: string, logFile: string) {
  const { path } = await obtainTemporalCli({
    env: process.env,
    home: BINARIES,
    report: (line) => console.error(line),
  });
  return startDevServer({ executable: path, port: 0, dbFilename: join(home, 'temporal.db'), logFile });
}

async function startRedis(home: string, logFile: string) {
  const command = findRedis();
  if (command === null) throw new Error('redis-server is not installed.');
  const directory = join(home, 'redis');
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const settings = Object.entries({ bind: '127.0.0.1', port: String(port), dir: directory, ...REDIS_SETTINGS });
  const child = await startChild({ command, args: settings.flatMap(([name, value]) => [`--${name}`, value]), logFile });
  await waitUntilReady('Redis', child, {
    logFile,
    timeoutMs: REDIS_START_MS,
    probe: () => onRedis(port, (redis) => redis.ping()),
  });
  return { ...child, port };
}

/** One connection, for one question. */
export async function onRedis<T>(port: number, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}
