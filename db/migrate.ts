import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { DATABASE_LIMITS, MIGRATIONS as LIMITS } from '../domain/engine/time-limits.ts';

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
  // A network that falls silent ends the wait below, which is as long as the others' migrations.
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: DATABASE_LIMITS.connectMs,
    keepAlive: true,
    statement_timeout: LIMITS.statementMs,
  });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(`set lock_timeout = ${LIMITS.lockMs}`);
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
