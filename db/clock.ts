import type { Queryable } from './pool.ts';

/**
 * The database's time in epoch milliseconds, read within a transaction. Tests on a server that skips time replace it.
 */
export type DatabaseClock = (tx: Queryable) => Promise<number>;

/** Not `now()`, which is the time at the beginning of the transaction. */
export const readDatabaseClock: DatabaseClock = async (tx) => {
  const { rows } = await tx.query<{ now: string }>({
    name: 'database-clock',
    text: 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
  });
  return Number(rows[0]!.now);
};
