import { Socket } from 'node:net';
import pg from 'pg';
import { type DatabaseLimits, TOOL_LIMITS } from '../domain/engine/time-limits.ts';
import { AccountPool, onBehalfOf } from './account-pool.ts';

export type Pool = pg.Pool;
/** A pool, or one of its connections inside a transaction: anything that accepts a query. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

export interface PoolOptions {
  /** Maximum number of connections. Default: 10. */
  readonly max?: number;
  /** Default for each omitted limit: `TOOL_LIMITS`. */
  readonly limits?: Partial<DatabaseLimits>;
  /** Whether accounts share it, so that none of them can hold all connections. Default: no. */
  readonly shared?: boolean;
}

/** A silent network is noticed this long after the last packet, plus a few seconds of unanswered probes. */
const KEEP_ALIVE_AFTER_MS = 5_000;
/** How long a closed connection waits for the other side to agree. */
const LINGER_MS = 2_000;

/**
 * Opens a pool. Connections are made on first use. On one of them statements that do not need each other's answers can be
 * sent together, one round trip for all of them: the caller waits for all of them together.
 *
 * A database that does not answer surfaces as an error that Temporal or the HTTP client can retry, not as a hang, and the
 * connection is closed. It was probably not the only one on its way through the network, so the idle ones are not trusted
 * any more: the next transactions begin on new connections instead of finding out one after another.
 */
export function openPool(connectionString: string, { max = 10, limits, shared = false }: PoolOptions = {}): Pool {
  const { connectMs, lockMs, statementMs, queryMs, idleInTransactionMs } = { ...TOOL_LIMITS, ...limits };
  const pool = new (shared ? AccountPool : pg.Pool)({
    connectionString,
    max,
    connectionTimeoutMillis: connectMs,
    lock_timeout: lockMs,
    statement_timeout: statementMs,
    query_timeout: queryMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    stream: openSocket,
    pipeline: true,
    application_name: 'ringfence',
  });
  // A connection that breaks (the server restarted) is dropped by the pool if it is idle, and fails its next query if a
  // transaction has it. Without listeners for both, an error that comes between two queries would end the process.
  pool.on('error', () => dropIdle(pool));
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('release', (error: unknown) => {
    // An error that the server sent arrived over a working connection.
    if (error instanceof Error && !(error instanceof pg.DatabaseError)) dropIdle(pool);
  });
  return pool;
}

/** Called with the result at the end of a transaction: what it writes is committed with the work, or neither is. */
export type AtEnd<T> = (tx: Queryable, result: T) => Promise<void>;

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const begun = client.query('begin');
    // It fails only if the connection does, and then the statement sent right after it fails too.
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

/** The socket of a connection. It closes when both sides agree, or soon after if the other side cannot be reached. */
function openSocket(): Socket {
  const socket = new Socket();
  socket.once('finish', () => setTimeout(() => socket.destroy(), LINGER_MS).unref());
  return socket;
}

/** Closes all idle connections before any of them is used again. */
function dropIdle(pool: Pool): void {
  onBehalfOf(null, () => {
    for (let idle = pool.idleCount; idle > 0; idle -= 1) {
      pool.connect().then(
        (client) => client.release(true),
        () => {},
      );
    }
  });
}
