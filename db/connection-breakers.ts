/**
 * The circuit breakers of connections. The rules are in domain/dialling/connection-breaker.ts. A dial reads the breaker with everything
 * else; only while there is trouble it locks the row, as the last thing before its record. An answer is told to the breaker in a
 * transaction by itself. So nobody who holds the row waits for anything but the record of one call.
 */
import {
  admit,
  type Admission,
  afterAnswer,
  CLOSED,
  type ConnectionBreaker,
} from '../domain/dialling/connection-breaker.ts';
import type { Verdict } from '../domain/dialling/connection-verdict.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

/** SQL for the breaker of a connection. Null: it was never open. */
export function breakerOf(connection: string): string {
  return `(select state from connection_breakers where connection_breakers.connection = ${connection})`;
}

/** Asks the breaker for a dial. The row stays locked until the end of the transaction; `recordTurn` writes it. */
export async function askBreaker(
  tx: Queryable,
  dial: { readonly connection: string; readonly callId: string; readonly probeNow?: boolean },
  now: number,
): Promise<Admission> {
  const before = await lockBreaker(tx, dial.connection);
  const admission = admit(before, dial, now, Math.random());
  if (admission.kind === 'held' && admission.breaker !== before)
    await writeBreaker(tx, dial.connection, admission.breaker);
  return admission;
}

export async function recordTurn(tx: Queryable, connection: string, { breaker }: Admission): Promise<void> {
  await writeBreaker(tx, connection, breaker);
}

export interface BreakerChange {
  readonly before: ConnectionBreaker;
  readonly after: ConnectionBreaker;
}

/** Tells the breaker the answer to a dial. */
export async function recordVerdict(
  pool: Pool,
  connection: string,
  answer: { readonly callId: string; readonly opening: number; readonly verdict: Verdict },
  now: number,
): Promise<BreakerChange> {
  return inTransaction(pool, async (tx) => {
    await tx.query('insert into connection_breakers (connection) values ($1) on conflict do nothing', [connection]);
    const before = await lockBreaker(tx, connection);
    const after = afterAnswer(before, answer, now, Math.random());
    if (after !== before) await writeBreaker(tx, connection, after);
    return { before, after };
  });
}

/** The breaker as it stands. For people; dials read it with everything else. */
export async function readBreaker(db: Queryable, connection: string): Promise<ConnectionBreaker> {
  const { rows } = await db.query<{ state: ConnectionBreaker | null }>(`select ${breakerOf('$1')} as state`, [
    connection,
  ]);
  return rows[0]?.state ?? CLOSED;
}

async function lockBreaker(tx: Queryable, connection: string): Promise<ConnectionBreaker> {
  const { rows } = await tx.query<{ state: ConnectionBreaker | null }>(
    'select state from connection_breakers where connection = $1 for no key update',
    [connection],
  );
  return rows[0]?.state ?? CLOSED;
}

async function writeBreaker(tx: Queryable, connection: string, breaker: ConnectionBreaker): Promise<void> {
  await tx.query('update connection_breakers set state = $2 where connection = $1', [
    connection,
    JSON.stringify(breaker),
  ]);
}
