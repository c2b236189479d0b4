import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../scripts/postgres.ts';
import { watchForLeaks } from '../support/probes/leaks.ts';
import { isRunning } from '../support/probes/processes.ts';

const directory = mkdtempSync(join(tmpdir(), 'ringfence-postgres-'));
// PostgreSQL runs as another user when we are root.
chmodSync(directory, 0o755);
const noLeaks = watchForLeaks();

afterAll(async () => {
  await noLeaks();
  rmSync(directory, { recursive: true, force: true });
});

async function inDatabase<T>(server: Postgres, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.url('kept') });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test('what was committed survives a kill amid queries, and the next start finds nothing in its way', async () => {
  const options = { dataDir: join(directory, 'open', 'postgres'), port: 0, logFile: join(directory, 'postgres.log') };
  const first = await startPostgres(options);
  let second: Postgres | undefined;
  try {
    await first.createDatabase('kept');
    await first.createDatabase('kept');
    await inDatabase(first, async (client) => {
      await client.query('create table t as select 42 as answer');
      const busy = client.query('select count(*) from generate_series(1, 1000000000)');
      await Promise.all([expect(busy).rejects.toThrow(), first.kill()]);
    });
    expect(isRunning(first.pid)).toBe(false);
    expect(first.dataDir).toBe(options.dataDir);

    // As after a restart of the machine, when the number of the dead server belongs to another program.
    const pidFile = join(first.dataDir, 'postmaster.pid');
    writeFileSync(pidFile, `${process.pid}\n${first.dataDir}\n0\n${first.port}\n`);
    second = await startPostgres({ ...options, port: first.port });
    expect(second.port).toBe(first.port);
    const { rows } = await inDatabase(second, (client) => client.query('select * from t'));
    expect(rows).toEqual([{ answer: 42 }]);
    await expect(startPostgres(options)).rejects.toThrow(/runs on .* already/);
    await second.dropDatabase('kept');
    await second.dropDatabase('kept');
  } finally {
    await first.stop();
    await second?.stop();
  }
  expect(isRunning(second.pid)).toBe(false);
});

test.runIf(process.getuid?.() === 0)('root may keep the clone where other users cannot look', async () => {
  const closed = join(directory, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const server = await startPostgres({
    dataDir: join(closed, 'postgres'),
    port: 0,
    logFile: join(directory, 'closed.log'),
    durable: false,
  });
  try {
    expect(server.dataDir.startsWith(closed)).toBe(false);
  } finally {
    await server.stop();
    rmSync(dirname(server.dataDir), { recursive: true, force: true });
  }
});
