import { inject } from 'vitest';
import { openPool, type Pool } from '../../../db/pool.ts';
import { runSql, withDatabase } from '../../../scripts/postgres/sql.ts';
import { nextId } from '../factories/ids.ts';

export interface TestDatabase {
  readonly pool: Pool;
  readonly url: string;
  /** Closes the pool and removes the database, even if others are connected. */
  drop(): Promise<void>;
}

/**
 * Creates a separate database for a test: migrated, without data but for one row. Tests call few numbers again and again, so the
 * account `default` has no limit per number. Drop the database after the test.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { url: serverUrl, template } = inject('postgres');
  const name = `${template}_${process.pid}_${nextId('db')}`.replaceAll('-', '_');
  // Copying files takes half of the time that logging their pages does.
  await runSql(serverUrl, `create database ${name} template ${template} strategy file_copy`);
  const url = withDatabase(serverUrl, name);
  const pool = openPool(url);
  await pool.query("insert into accounts (name, per_number) values ('default', '[]')");
  return {
    pool,
    url,
    async drop() {
      await pool.end();
      await runSql(serverUrl, `drop database if exists ${name} with (force)`);
    },
  };
}
