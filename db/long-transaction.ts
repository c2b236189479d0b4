/**
 * Transactions that may take minutes, because they are as large as a roster or a folder. They have separate time limits. A long
 * silence says nothing about the network, so another connection asks the server whether it still works on them.
 */
import type { Socket } from 'node:net';
import pg from 'pg';
import { RingfenceError } from '../domain/engine/errors.ts';
import { LONG_TRANSACTIONS } from '../domain/engine/time-limits.ts';
import { FairShare } from './fair-share.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

export interface LongWork {
  /** Limit for one statement, in milliseconds. */
  readonly statementMs?: number;
  /** Limit for one lock, in milliseconds. */
  readonly lockMs?: number;
  /** Limit for the wait for its turn, in milliseconds. Default: none. */
  readonly turnMs?: number;
  /** Time between two checks, in milliseconds. */
  readonly watchMs?: number;
  /** Called at every check that finds the transaction alive, and while it waits for its turn. */
  readonly onAlive?: () => void;
}

/** The client gives up a little later than the server. */
const MARGIN_MS = 10_000;
/** A transaction that has just ended disappears from the server a moment before the client knows. */
const LOOKS_GONE = 2;
/** A server that merges or writes a checkpoint may accept nothing for a while. */
const LOOKS_STUCK = 4;

/** Only some connections of a pool do long work at the same time. The others serve short work. */
const turns = new WeakMap<Pool, FairShare>();

/**
 * Like `inTransaction`, on a connection of the pool, for work that takes long. It waits for its turn without a
 * connection.
 *
 * @param holder for whom it is done; no holder gets all turns
 */
export async function inLongTransaction<T>(
  pool: Pool,
  holder: string,
  options: LongWork,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  const endTurn = await takeTurn(pool, holder, options);
  try {
    return await workForLong(pool, options, work);
  } finally {
    endTurn();
  }
}

async function takeTurn(
  pool: Pool,
  holder: string,
  { turnMs = Infinity, watchMs = LONG_TRANSACTIONS.watchMs, onAlive = () => {} }: LongWork,
): Promise<() => void> {
  const share = turns.get(pool) ?? new FairShare(Math.floor((pool.options.max ?? 1) * LONG_TRANSACTIONS.shareOfPool));
  turns.set(pool, share);
  for (let waitedMs = 0; waitedMs < turnMs; waitedMs += watchMs) {
    const endTurn = await share.take(holder, Math.min(watchMs, turnMs));
    if (endTurn) return endTurn;
    onAlive();
  }
  throw new RingfenceError(
    'rate_limit_exceeded',
    'Other large operations are running: try again when one has finished.',
    {
      details: { retry_after_s: Math.ceil(watchMs / 1_000) },
    },
  );
}

async function workForLong<T>(
  pool: Pool,
  { statementMs = LONG_TRANSACTIONS.statementMs, lockMs = LONG_TRANSACTIONS.lockMs, ...watching }: LongWork,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, async (client) => {
    const pid = await setLimits(client, statementMs, lockMs);
    const stop = watchTransaction(pool, client, pid, watching);
    try {
      return await work(patient(client, statementMs + MARGIN_MS));
    } finally {
      stop();
    }
  });
}

/**
 * The same on a separate connection, for rows that are copied in: no other statement can follow a copy, and the copy
 * takes as long as its sender.
 */
export async function inTransactionOfItsOwn<T>(
  pool: Pool,
  { statementMs = LONG_TRANSACTIONS.statementMs, lockMs = LONG_TRANSACTIONS.lockMs, ...watching }: LongWork,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...pool.options, pipeline: false });
  client.on('error', () => {});
  let stop = () => {};
  try {
    await client.connect();
    await client.query('begin');
    stop = watchTransaction(pool, client, await setLimits(client, statementMs, lockMs), watching);
    const result = await work(patient(client, statementMs + MARGIN_MS));
    await client.query('commit');
    return result;
  } finally {
    stop();
    // The server rolls back what is not committed by now.
    await client.end();
  }
}

/** Returns the id of the server's process that serves the transaction. */
async function setLimits(tx: Queryable, statementMs: number, lockMs: number): Promise<number> {
  const { rows } = await tx.query<{ pid: number }>(
    `select pg_backend_pid() as pid, set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true)`,
    [String(statementMs), String(lockMs)],
  );
  return rows[0]!.pid;
}

/** Waits for each answer up to the given limit. */
function patient(client: Queryable, queryMs: number): Queryable {
  // The driver accepts it with each query, but its types lack it.
  const limit = { query_timeout: queryMs };
  const query = (statement: string | pg.QueryConfig | pg.Submittable, values?: unknown[]) => {
    if (typeof statement === 'string') return client.query({ text: statement, ...(values && { values }), ...limit });
    return client.query(Object.assign(statement, limit) as pg.QueryConfig);
  };
  return { query: query as Queryable['query'] };
}

/**
 * Checks repeatedly whether the transaction is alive on the server. If it is not, the answer was lost on the way: the
 * connection is closed, and its caller gets the error.
 */
function watchTransaction(
  pool: Pool,
  client: pg.ClientBase,
  pid: number,
  { watchMs = LONG_TRANSACTIONS.watchMs, onAlive = () => {} }: Pick<LongWork, 'watchMs' | 'onAlive'>,
): () => void {
  const socket = socketOf(client);
  let looking = false;
  let gone = 0;
  let stuck = 0;
  let taken = 0;
  const look = async (): Promise<void> => {
    const before = taken;
    taken = socket.bytesWritten - socket.writableLength;
    stuck = socket.writableLength > 0 && taken === before ? stuck + 1 : 0;
    const underWay = await isUnderWay(pool, pid);
    gone = underWay === false ? gone + 1 : 0;
    if (gone >= LOOKS_GONE || stuck >= LOOKS_STUCK) {
      stop();
      socket.destroy();
    } else if (underWay) onAlive();
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, watchMs);
  const stop = () => clearInterval(timer);
  return stop;
}

/** Null if the server does not answer. */
async function isUnderWay(pool: Pool, pid: number): Promise<boolean | null> {
  return pool.query('select from pg_stat_activity where pid = $1 and xact_start is not null', [pid]).then(
    ({ rowCount }) => rowCount === 1,
    () => null,
  );
}

/** The driver cannot close a connection that waits for an answer. */
function socketOf(client: pg.ClientBase): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}
