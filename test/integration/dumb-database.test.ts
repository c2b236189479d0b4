/** PostgreSQL behind a network that falls silent: no packet comes back, and nobody says so. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inLongTransaction, inTransactionOfItsOwn, type LongWork } from '../../db/long-transaction.ts';
import { inTransaction, openPool, type Pool, type Queryable } from '../../db/pool.ts';
import { isTransientDatabaseError } from '../../db/errors.ts';
import { startTcpProxy, type TcpProxy } from '../../scripts/tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const SIZE = 5;
const LIMITS = { connectMs: 2_000, lockMs: 100, statementMs: 200, queryMs: 500 };
const LONG = { statementMs: 60_000, lockMs: 60_000, watchMs: 50 };

let db: TestDatabase;
let network: TcpProxy;
let pool: Pool;
beforeEach(async () => {
  db = await createTestDatabase();
  network = await startTcpProxy({ target: Number(new URL(db.url).port) });
  const url = new URL(db.url);
  url.port = String(network.port);
  pool = openPool(url.href, { max: SIZE, limits: LIMITS });
});
afterEach(async () => {
  network.restore();
  await pool.end();
  await network.close();
  await db.drop();
});

/** Every connection that the pool may have, open and idle. */
async function warm(): Promise<void> {
  const clients = await Promise.all(Array.from({ length: SIZE }, () => pool.connect()));
  for (const client of clients) client.release();
}

async function refused(work: Promise<unknown>): Promise<boolean> {
  return isTransientDatabaseError(await work.catch((error: unknown) => error));
}

/** Settled as soon as somebody waits for a lock. */
const untilSomebodyWaits = () =>
  vi.waitFor(async () => {
    const { rowCount } = await db.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rowCount).toBeGreaterThan(0);
  });

/** Holds the only row of a table until it is told to let go. */
async function holdRow(): Promise<() => Promise<void>> {
  await db.pool.query('create table held as select 1 as number');
  const holder = await db.pool.connect();
  await holder.query('begin');
  await holder.query('select from held for update');
  return async () => {
    await holder.query('rollback');
    holder.release();
  };
}
const lockRow = (tx: Queryable) => tx.query('select from held for update');

describe('connections that fell silent', () => {
  it.each([
    ['a query', () => pool.query('select 1')],
    ['a transaction', () => inTransaction(pool, (tx) => tx.query('select 1'))],
  ])('fail %s once: all the others are replaced before they are used', async (_, ask) => {
    await warm();
    network.forget();
    expect(await refused(ask())).toBe(true);
    const asked = await Promise.allSettled(Array.from({ length: 2 * SIZE }, ask));
    expect(asked.map(({ status }) => status)).toEqual(Array(2 * SIZE).fill('fulfilled'));
  });

  it('in the middle of transactions fail these, and no later ones', async () => {
    let begun = 0;
    let allBegun = () => {};
    const whenAllBegun = new Promise<void>((resolve) => {
      allBegun = resolve;
    });
    const transactions = Array.from({ length: SIZE }, () =>
      inTransaction(pool, async (tx) => {
        await tx.query('select 1');
        if (++begun === SIZE) {
          network.forget();
          allBegun();
        }
        await whenAllBegun;
        await tx.query('select 1');
      }),
    );
    expect(await Promise.all(transactions.map(refused))).toEqual(Array(SIZE).fill(true));
    await expect(pool.query('select 1')).resolves.toMatchObject({ rowCount: 1 });
  });

  it('and new ones too, fail what is asked meanwhile; all is well once packets pass again', async () => {
    await warm();
    network.silence();
    const meanwhile = Array.from({ length: 2 * SIZE }, () => refused(pool.query('select 1')));
    expect(await Promise.all(meanwhile)).toEqual(Array(2 * SIZE).fill(true));
    network.restore();
    const asked = await Promise.allSettled(Array.from({ length: 2 * SIZE }, () => pool.query('select 1')));
    expect(asked.map(({ status }) => status)).toEqual(Array(2 * SIZE).fill('fulfilled'));
  });

  it('are let go of, so that a process can end', async () => {
    await warm();
    network.silence();
    await pool.query('select 1').catch(() => {});
    network.restore();
    await vi.waitFor(() => expect(network.connections).toBeLessThanOrEqual(pool.totalCount));
  });
});

describe('a long transaction', () => {
  const kinds = [
    ['of the pool', inLongTransaction],
    [
      'on a separate connection',
      (pool: Pool, _holder: string, options: LongWork, work: (tx: Queryable) => Promise<unknown>) =>
        inTransactionOfItsOwn(pool, options, work),
    ],
  ] as const;

  it.each(kinds)('%s waits for longer than a short one may', async (_, long) => {
    const letGo = await holdRow();
    const waiting = long(pool, 'acme', LONG, lockRow);
    await untilSomebodyWaits();
    await expect(inTransaction(pool, lockRow)).rejects.toMatchObject({ code: '55P03' });
    await expect(inTransaction(pool, (tx) => tx.query('select pg_sleep(60)'))).rejects.toMatchObject({ code: '57014' });
    await letGo();
    await expect(waiting).resolves.toMatchObject({ rowCount: 1 });
    // Its limits were its own: they have not stayed with the connection.
    const { rows } = await pool.query<{ lock_timeout: string }>('show lock_timeout');
    expect(rows).toEqual([{ lock_timeout: `${LIMITS.lockMs}ms` }]);
  });

  it.each(kinds)(
    '%s is known to live while the server works on it, and ends when its answer is lost',
    async (_, long) => {
      const letGo = await holdRow();
      let alive = 0;
      const waiting = refused(long(pool, 'acme', { ...LONG, onAlive: () => (alive += 1) }, lockRow));
      await vi.waitFor(() => expect(alive).toBeGreaterThan(1));
      // The server answers nobody, and ends what nobody goes on with.
      network.forget();
      await pool.query('select 1').catch(() => {});
      await db.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'`);
      expect(await waiting).toBe(true);
      await letGo();
    },
  );
});
