import pg from 'pg';

export type Pool = pg.Pool;
/** A pool or one connection of it inside a transaction: whatever a query can be sent to. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

/**
 * Opens a pool. Connections are made on first use. On one of them statements that do not need each other's answers can be
 * sent together, one round trip for all of them: whoever sends them waits for all of them at once.
 */
export function openPool(connectionString: string, options: { max?: number } = {}): Pool {
  const pool = new pg.Pool({
    connectionString,
    max: options.max ?? 10,
    // A database that does not answer must surface as an error that Temporal or the HTTP client can retry, not as a hang.
    connectionTimeoutMillis: 5_000,
    pipeline: true,
    // A process that was frozen in the middle of a transaction, or cut off, must not keep others from its rows for longer.
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'ringfence',
  });
  // A connection that breaks (the server restarted) is dropped by the pool if it is idle, and fails its next query if a
  // transaction has it. Without listeners for both, an error that comes between two queries would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const begun = client.query('begin');
    // It fails only with the connection, and then what is sent right behind it does so as well.
    begun.catch(() => {});
    const result = await work(client);
    await begun;
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * The same on a connection of its own, for rows that are copied in: behind a copy no other statement may be sent, and it
 * takes as long as whoever sends the rows.
 */
export async function inTransactionOfItsOwn<T>(pool: Pool, work: (tx: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...pool.options, pipeline: false });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } finally {
    // The server rolls back what is not committed by now.
    await client.end();
  }
}
