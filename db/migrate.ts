import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';

/** Any constant: all processes that migrate one database must agree on it. */
const MIGRATION_LOCK = 7_246_433;
export const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
/** Where the database notes which migrations it has had. */
export const MIGRATIONS_TABLE = 'schema_migrations';

/**
 * Brings the database to the newest schema. Safe to call from many processes at once: the first does the work under an
 * advisory lock and the others wait for it, then find nothing to do.
 */
export async function migrate(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await runner({
      dbClient: client,
      dir: MIGRATIONS,
      direction: 'up',
      migrationsTable: MIGRATIONS_TABLE,
      // Its own lock refuses a second process instead of letting it wait; ours above does the waiting.
      noLock: true,
      log: () => {},
    });
  } finally {
    await client.end();
  }
}
