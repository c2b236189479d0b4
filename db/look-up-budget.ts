/** The budget of look-ups, which all processes with a connection share. The rules are in domain/dialling/look-up-budget.ts. */
import {
  type LookUpUsage,
  type Requests,
  type Reservation,
  reserveRequests,
} from '../domain/dialling/look-up-budget.ts';
import { type DatabaseClock, readDatabaseClock } from './clock.ts';
import { inTransaction, type Pool } from './pool.ts';

export interface Budget {
  /** The connection's name. */
  readonly connection: string;
  readonly perMinute: number;
}

/** Reserves requests for look-ups on the connection's row, as far as its budget covers them. */
export async function reserveLookUps(
  pool: Pool,
  { connection, perMinute }: Budget,
  wanted: Requests,
  readClock: DatabaseClock = readDatabaseClock,
): Promise<Pick<Reservation, 'granted' | 'retryAfterMs'>> {
  return inTransaction(pool, async (tx) => {
    // The row may be missing: the gateway may know a connection before any worker does.
    const { rows } = await tx.query<{ used: number[] | null; since: string | null }>(
      `insert into connections (name) values ($1) on conflict (name) do update set name = excluded.name
       returning look_ups as used, floor(extract(epoch from look_ups_since) * 1000)::bigint as since`,
      [connection],
    );
    const { used = null, since = null } = rows[0] ?? {};
    const usage: LookUpUsage | null = used === null || since === null ? null : { used, since: Number(since) };
    const reserved = reserveRequests(usage, perMinute, wanted, await readClock(tx));
    await tx.query('update connections set look_ups = $2, look_ups_since = to_timestamp($3 / 1000.0) where name = $1', [
      connection,
      reserved.usage.used,
      reserved.usage.since,
    ]);
    return reserved;
  });
}
