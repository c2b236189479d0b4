import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { databaseUnreachable } from './unreachable.ts';
import { DATABASE_LIMITS, MIGRATIONS as LIMITS } from '../domain/engine/time-limits.ts';

/** Any constant: all processes that migrate one database must agree on it. */
const MIGRATION_LOCK = 7_246_433;
export const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
/** The table of executed migrations. */
export const MIGRATIONS_TABLE = 'schema_migrations';

/**
 * Migrates the database to the newest schema. Several processes may call it at the same time: the first does the work
 * under an advisory lock, the others wait and then find nothing to do.
 *
 * @throws RingfenceError `database_unavailable` if PostgreSQL does not answer or lets nobody in
 */
export async function migrate(connectionString: string): Promise<void> {
  // If the network falls silent the wait below ends. It may last as long as the others' migrations.
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: DATABASE_LIMITS.connectMs,
    keepAlive: true,
    statement_timeout: LIMITS.statementMs,
  });
  await client.connect().catch((error: unknown) => {
    throw databaseUnreachable(error, connectionString);
  });
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(`set lock_timeout = ${LIMITS.lockMs}`);
    await runner({
      dbClient: client,
      dir: MIGRATIONS,
      direction: 'up',
      migrationsTable: MIGRATIONS_TABLE,
      // Its own lock would refuse a second process instead of letting it wait. Our lock above makes it wait.
      noLock: true,
      log: () => {},
    });
  } finally {
    await client.end();
  }
}
