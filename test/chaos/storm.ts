/** Lets the planned disturbances of one storm loose on the system. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { describe, type Disturbance, type Of } from './disturbances.ts';
import { PARTS } from './parts.ts';
import type { ChaosSystem } from './system.ts';
import type { WorkflowFaults } from './workflow-faults.ts';

interface Storm {
  readonly system: ChaosSystem;
  readonly workflows: WorkflowFaults;
  readonly disturbances: readonly Disturbance[];
  /** Epoch milliseconds from which the instants of the plan count, and at which all is over. */
  readonly begin: number;
  readonly end: number;
  readonly say: (line: string) => void;
}

const LOCKS = 'chaos-lock';
const CONNECT_MS = 3_000;

/** Resolves when the storm is over and everything runs again. Workflows that were ended may still be waiting. */
export async function storm({ system, workflows, disturbances, begin, end, say }: Storm): Promise<void> {
  const { parts, network, databaseUrl } = system;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), Math.max(0, end - Date.now()));
  const at = async (disturbance: Disturbance) => {
    await pause(Math.max(0, begin + disturbance.at - Date.now()));
    if (disturbance.kind !== 'workflow') say(describe(disturbance));
  };
  const ofPart = async (part: (typeof PARTS)[number]) => {
    for (const one of disturbances) {
      if ((one.kind !== 'kill' && one.kind !== 'freeze') || one.part !== part) continue;
      // On a slow machine a process may need the rest of the storm to come back, and is spared unless it never died.
      if (Date.now() > end && (one.kind === 'freeze' || parts[part].kills > 0)) continue;
      await at(one);
      if (one.kind === 'kill') await parts[part].killFor(one.downMs);
      else await parts[part].freezeFor(one.forMs, over.signal);
    }
  };
  const others = disturbances.map(async (one) => {
    if (one.kind === 'kill' || one.kind === 'freeze') return;
    await at(one);
    switch (one.kind) {
      case 'network':
        return network.spoil(one, over.signal);
      case 'lock':
        return holdLock(databaseUrl, one);
      case 'disconnect':
        return disconnect(databaseUrl, one);
      case 'workflow':
        // A restart may come long after the storm.
        void workflows.touch(one);
    }
  });
  const waited = pause(Math.max(0, end - Date.now()));
  await Promise.all([waited, ...PARTS.map(ofPart), Promise.race([Promise.all(others), waited])]);
  clearTimeout(timer);
  network.restore();
  await Promise.all(PARTS.map((part) => parts[part].run()));
  await quietly(databaseUrl, (client) =>
    client.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [LOCKS]),
  );
  await Promise.all(others);
}

/** Locks a table, or every row of it, and keeps the lock through a slow statement. */
async function holdLock(url: string, { table, mode, forMs }: Of<'lock'>): Promise<void> {
  await quietly(url, async (client) => {
    await client.query('begin');
    await client.query(mode === 'rows' ? `select 1 from ${table} for update` : `lock table ${table} in ${mode} mode`);
    await client.query('select pg_sleep($1)', [forMs / 1000]);
    await client.query('commit');
  });
}

async function disconnect(url: string, { share }: Of<'disconnect'>): Promise<void> {
  await quietly(url, (client) =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and random() < $1`,
      [share],
    ),
  );
}

/** On a separate connection. The server may become unavailable at any time. */
async function quietly(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: LOCKS,
    connectionTimeoutMillis: CONNECT_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await work(client);
  } catch {
    // It was away, or is so now.
  } finally {
    await client.end().catch(() => {});
  }
}
