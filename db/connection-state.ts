/** What happens on a connection now, for people: calls in flight, shares, rate, breaker and stop. */
import { type ConnectionBreaker, CLOSED, isOver } from '../domain/dialling/connection-breaker.ts';
import { breakerOf } from './connection-breakers.ts';
import { lowestLimitOf, lowestRate } from './connection-loads.ts';
import { inFlightOf } from './left-calls.ts';
import type { Queryable } from './pool.ts';
import { stopOf } from './stops.ts';
import { isUnfinished } from './unfinished.ts';

/** A campaign that is not over. */
export interface CampaignOnConnection {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  /** Calls that are or may be in flight, by the records. */
  readonly inFlight: number;
  /** Null: it shares no limit of the connection. */
  readonly share: number | null;
  readonly need: number | null;
  readonly placedLastMinute: number;
}

export interface ConnectionState {
  /** By the database's clock. */
  readonly now: Date;
  /** The lowest that a worker has loaded. Null: no limit. */
  readonly callsPerSecond: number | null;
  readonly maxConcurrentCalls: number | null;
  /** The first instant that no dial has reserved. Null: it has passed. */
  readonly nextAt: Date | null;
  readonly breaker: ConnectionBreaker;
  /** A stop that covers the connection for the account. */
  readonly stop: { readonly scope: string; readonly since: string } | null;
  /** Those that have calls in flight, or have placed or need any. The most calls come first. */
  readonly campaigns: readonly CampaignOnConnection[];
}

/**
 * @param lostAfterMs how long after its request a call may be in flight if no deadline is on record
 */
export async function readConnectionState(
  db: Queryable,
  { connection, account, lostAfterMs }: { connection: string; account: string; lostAfterMs: number },
): Promise<ConnectionState> {
  // One statement is one snapshot.
  const { rows } = await db.query<Omit<ConnectionState, 'breaker'> & { readonly breaker: ConnectionBreaker | null }>(
    `select now() as now, ${lowestRate('$1')} as "callsPerSecond", ${lowestLimitOf('$1')} as "maxConcurrentCalls",
            (select next_at from connections where name = $1 and next_at > now()) as "nextAt",
            ${breakerOf('$1')} as breaker, ${stopOf({ account: '$2', connection: '$1' })} as stop,
            coalesce((
              select jsonb_agg(to_jsonb(busy) order by busy."inFlight" desc, busy.id)
                from (
                  select c.id, c.account, c.spec ->> 'name' as name, s.share, s.need,
                         ${inFlightOf('c', '$3::float8')} as "inFlight",
                         (select count(*) from calls where calls.campaign_id = c.id
                             and calls.first_sent_at > now() - interval '1 minute' and calls.not_placed_reason is null
                         ) as "placedLastMinute"
                    from campaigns c
                    left join connection_shares s on s.connection = c.connection and s.campaign_id = c.id
                   where c.connection = $1 and ${isUnfinished('c')}
                ) busy
               where busy."inFlight" > 0 or busy."placedLastMinute" > 0 or busy.share > 0 or busy.need > 0
            ), '[]') as campaigns`,
    [connection, account, lostAfterMs],
  );
  const { breaker, ...state } = rows[0]!;
  const { trouble } = breaker ?? CLOSED;
  // After a success and a while without a failure every dial passes it.
  const isClosed = trouble === null || isOver(trouble, state.now.getTime());
  return { ...state, breaker: isClosed || breaker === null ? CLOSED : breaker };
}
