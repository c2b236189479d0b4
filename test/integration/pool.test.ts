import { afterEach, beforeEach, expect, it } from 'vitest';
import { inTransaction } from '../../db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db.drop());

it('fails a transaction whose server goes away between two queries, and nothing else', async () => {
  const broken = inTransaction(db.pool, async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
    // Not `once` of node:events: it would listen for errors itself.
    const gone = new Promise<void>((resolve) => void tx.once('end', resolve));
    await db.pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    await gone;
    await tx.query('select 1');
  });
  await expect(broken).rejects.toThrow(/connection/i);
  await expect(db.pool.query('select 1')).resolves.toMatchObject({ rowCount: 1 });
});
