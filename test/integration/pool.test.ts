import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { inTransactionOfItsOwn } from '../../db/long-transaction.ts';
import { inTransaction, openPool, type Queryable } from '../../db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db.drop());

async function pid(tx: Queryable): Promise<{ pid: number }[]> {
  return (await tx.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
}

it('fails a transaction whose server goes away between two queries, and nothing else', async () => {
  const broken = inTransaction(db.pool, async (tx) => {
    const [used] = await pid(tx);
    // Not `once` of node:events: it would listen for errors itself.
    const gone = new Promise<void>((resolve) => void tx.once('end', resolve));
    await db.pool.query('select pg_terminate_backend($1)', [used!.pid]);
    await gone;
    await tx.query('select 1');
  });
  await expect(broken).rejects.toThrow(/connection/i);
  await expect(db.pool.query('select 1')).resolves.toMatchObject({ rowCount: 1 });
});

it('lets go of what a transaction holds whose process does nothing more', async () => {
  // As `db.pool`, only less patient.
  const own = openPool(db.url, { limits: { idleInTransactionMs: 500 } });
  await own.query('create table held as select 1 as number');
  const lock = (tx: Queryable) => tx.query('select number from held for update');
  let silent: Promise<void> | undefined;
  const held = new Promise<void>((resolve) => {
    silent = inTransaction(own, async (tx) => {
      await lock(tx);
      resolve();
      await new Promise<void>((gone) => void tx.once('end', gone));
    });
  });
  await held;
  const refused = expect(silent).rejects.toThrow();
  await expect(inTransaction(own, lock)).resolves.toMatchObject({ rowCount: 1 });
  await refused;
  await own.end();
});

it('keeps the order of statements that are sent together', async () => {
  const [inserted, seen] = await inTransaction(db.pool, (tx) =>
    Promise.all([tx.query('create table kept as select 1 as number'), tx.query('select number from kept')]),
  );
  expect([inserted.rowCount, seen.rows]).toEqual([1, [{ number: 1 }]]);
});

it('keeps nothing when one of several statements sent together fails, and goes on with the connection', async () => {
  await db.pool.query('create table kept (number int primary key)');
  let used: unknown;
  const failed = inTransaction(db.pool, async (tx) => {
    used = await pid(tx);
    await Promise.all([1, 1, 2].map((number) => tx.query('insert into kept values ($1)', [number])));
  });
  await expect(failed).rejects.toMatchObject({ code: '23505' });
  expect((await db.pool.query('select from kept')).rowCount).toBe(0);
  expect(await pid(db.pool)).toEqual(used);
});

it.each([
  ['resolves', 1],
  ['throws', 0],
])('on a separate connection keeps what was done if it %s, and closes the connection', async (how, kept) => {
  await db.pool.query('create table kept (number int primary key)');
  let used: { pid: number }[] = [];
  const done = inTransactionOfItsOwn(db.pool, {}, async (tx) => {
    await tx.query('insert into kept values (1)');
    used = await pid(tx);
    if (how === 'throws') throw new Error('changed my mind');
  });
  await (kept === 1 ? done : expect(done).rejects.toThrow('changed my mind'));
  expect((await db.pool.query('select from kept')).rowCount).toBe(kept);
  await vi.waitFor(async () => {
    expect((await db.pool.query('select from pg_stat_activity where pid = $1', [used[0]?.pid])).rowCount).toBe(0);
  });
});
