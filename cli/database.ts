import type { Pool } from '../db/pool.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { Env } from './env.ts';

/** PostgreSQL's word for a table that does not exist. */
const UNDEFINED_TABLE = '42P01';

/**
 * Does something with the database that DATABASE_URL names, and leaves it in order.
 * @throws RingfenceError `misconfigured` or `database_unavailable`
 */
export async function withDatabase<T>({ DATABASE_URL }: Env, work: (pool: Pool) => Promise<T>): Promise<T> {
  if (!DATABASE_URL) {
    throw new RingfenceError('misconfigured', "DATABASE_URL is not set: name Ringfence's PostgreSQL database.", {
      field: 'DATABASE_URL',
    });
  }
  const [{ openPool }, { databaseUrlProblem }] = await Promise.all([
    import('../db/pool.ts'),
    import('../db/database-url.ts'),
  ]);
  const problem = databaseUrlProblem(DATABASE_URL);
  if (problem !== null) {
    throw new RingfenceError('misconfigured', `DATABASE_URL ${problem}.`, { field: 'DATABASE_URL' });
  }
  const pool = openPool(DATABASE_URL, { max: 1 });
  try {
    return await work(pool);
  } catch (error) {
    throw error instanceof RingfenceError ? error : await inOurWords(error, DATABASE_URL);
  } finally {
    await pool.end();
  }
}

async function inOurWords(cause: unknown, connectionString: string): Promise<unknown> {
  if (cause instanceof Error && 'code' in cause && cause.code === UNDEFINED_TABLE) {
    const message = 'A table is missing in the database: start a worker or gateway of this version, which migrates it.';
    return new RingfenceError('misconfigured', message, { field: 'DATABASE_URL', cause });
  }
  const [{ isTransientDatabaseError }, { databaseUnreachable }] = await Promise.all([
    import('../db/errors.ts'),
    import('../db/unreachable.ts'),
  ]);
  const unreachable = databaseUnreachable(cause, connectionString);
  if (unreachable !== cause || !isTransientDatabaseError(cause)) return unreachable;
  const message = 'PostgreSQL took too long, or another process holds what the command needs: try again in a moment.';
  return new RingfenceError('database_unavailable', message, { cause });
}
