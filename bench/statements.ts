/** How many statements a database ran, from PostgreSQL's own `pg_stat_statements`. */
import { openPool } from '../db/pool.ts';

/** Counts the statements that `work` causes, transaction commands (begin, commit) included. */
export async function countStatements<T>(
  databaseUrl: string,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly statements: number }> {
  const pool = openPool(databaseUrl, { max: 1 });
  try {
    await pool.query('create extension if not exists pg_stat_statements');
    await pool.query('select pg_stat_statements_reset()');
    const value = await work();
    const { rows } = await pool.query<{ statements: string }>(
      `select coalesce(sum(s.calls), 0) as statements from pg_stat_statements s join pg_database d on d.oid = s.dbid
        where d.datname = current_database()`,
    );
    return { value, statements: Number(rows[0]?.statements) };
  } finally {
    await pool.end();
  }
}
