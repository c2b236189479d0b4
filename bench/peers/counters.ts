/** What a run used: processor time, and the work of the servers. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { cpuMs } from '../cpu.ts';
import { onRedis, type Servers } from './servers.ts';

export interface Cpu {
  /** Of worker and gateway. */
  readonly processesMs: number;
  readonly serversMs: number;
}

export interface ServerWork {
  /** Rows that PostgreSQL inserted, updated and deleted. */
  readonly rowsWritten: number;
  readonly redisCommands: number;
}

/** What was counted between two readings. */
export interface Used extends Cpu, ServerWork {}

const BETWEEN_READINGS_MS = 1_200;
const MOST_READINGS = 8;

export async function readCpu(servers: Servers, processes: readonly number[]): Promise<Cpu> {
  const [processesMs, serversMs] = await Promise.all([sumOfCpu(processes), sumOfCpu(servers.pids)]);
  return { processesMs, serversMs };
}

/** To be read while no process of a peer runs: PostgreSQL's connections hand in their counts when they close. */
export async function readServerWork(servers: Servers, database: string): Promise<ServerWork> {
  return {
    rowsWritten: await readRowsWritten(servers, database),
    redisCommands: servers.redisPort === null ? 0 : await readRedisCommands(servers.redisPort),
  };
}

async function sumOfCpu(pids: readonly number[]): Promise<number> {
  return (await Promise.all(pids.map(cpuMs))).reduce((sum, each) => sum + each, 0);
}

/** Connections that were cut may still be closing: read until the counts stand still. */
async function readRowsWritten({ postgres }: Servers, database: string): Promise<number> {
  const client = new pg.Client({ connectionString: postgres.url('postgres') });
  await client.connect();
  try {
    let before = -1;
    for (let reading = 0; reading < MOST_READINGS; reading += 1) {
      const { rows } = await client.query<{ written: string }>(
        'select tup_inserted + tup_updated + tup_deleted as written from pg_stat_database where datname = $1',
        [database],
      );
      const written = Number(rows[0]?.written ?? 0);
      if (written === before) break;
      before = written;
      await pause(BETWEEN_READINGS_MS);
    }
    return before;
  } finally {
    await client.end();
  }
}

async function readRedisCommands(port: number): Promise<number> {
  const stats = await onRedis(port, (redis) => redis.info('stats'));
  return Number(/^total_commands_processed:(\d+)/m.exec(stats)?.[1] ?? 0);
}

/** Events of every workflow history on the server, once all workflows have closed. */
export async function readHistoryEvents(address: string): Promise<number> {
  const client = await connectTemporal({ env: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'default' } });
  try {
    for (;;) {
      let open = 0;
      let events = 0;
      for await (const { status, historyLength } of client.workflow.list()) {
        events += historyLength;
        if (status.name === 'RUNNING') open += 1;
      }
      if (open === 0) return events;
      await pause(BETWEEN_READINGS_MS);
    }
  } finally {
    await client.connection.close();
  }
}
