/** What the workers of this database have loaded for each connection. The lowest rate holds. */
import type { Queryable } from './pool.ts';
import { isUnfinished } from './unfinished.ts';

/** A worker that has not renewed its rows for this time is gone. Several renewals may fail before. */
const SEEN_WITHIN = `interval '2 minutes'`;
/** How often a worker renews its rows. */
export const RENEW_LOADS_MS = 30_000;

export interface ConnectionLoad {
  readonly connection: string;
  /** Null: no limit. */
  readonly callsPerSecond: number | null;
  /** Null: no limit. */
  readonly maxConcurrentCalls: number | null;
}

/**
 * Replaces what this process has loaded, and removes what other processes left behind. Returns the connections whose limit is to be
 * divided again: campaigns share it, and it may have changed.
 */
export async function recordLoads(db: Queryable, process: string, loads: readonly ConnectionLoad[]): Promise<string[]> {
  const { rows } = await db.query<{ connection: string }>(
    `with loads as (
       select * from jsonb_to_recordset($2) as load(connection text, "callsPerSecond" double precision, "maxConcurrentCalls" integer)
     ), before as (
       select connection, max_concurrent_calls from connection_loads where process = $1
     ), gone as (
       delete from connection_loads
        where (process = $1 and connection not in (select connection from loads))
           or seen_at < now() - ${SEEN_WITHIN}
       returning connection
     ), written as (
       insert into connection_loads (connection, process, calls_per_second, max_concurrent_calls)
       select connection, $1, "callsPerSecond", "maxConcurrentCalls" from loads
       on conflict (connection, process) do update
         set calls_per_second = excluded.calls_per_second, max_concurrent_calls = excluded.max_concurrent_calls,
             seen_at = excluded.seen_at
       returning connection, max_concurrent_calls
     ), changed as (
       select connection from (select * from written except select * from before) differing
        union select connection from gone
     )
     select connection from changed where ${isShared('changed.connection')}`,
    [process, JSON.stringify(loads)],
  );
  return rows.map(({ connection }) => connection);
}

/** The process stops: its rates and limits hold no longer. Returns the connections whose limit is to be divided again. */
export async function forgetLoads(db: Queryable, process: string): Promise<string[]> {
  const { rows } = await db.query<{ connection: string }>(
    `with gone as (delete from connection_loads where process = $1 returning connection)
     select connection from gone where ${isShared('gone.connection')}`,
    [process],
  );
  return rows.map(({ connection }) => connection);
}

/** SQL for whether campaigns share the limit of a connection. */
function isShared(connection: string): string {
  return `exists (select from connection_shares where connection_shares.connection = ${connection})`;
}

/** SQL for whether a worker has loaded a connection. */
export function isLoaded(connection: string): string {
  return `exists (select from connection_loads
                   where connection_loads.connection = ${connection} and seen_at > now() - ${SEEN_WITHIN})`;
}

/** Whether a worker has loaded a connection. */
export async function isLoadedByAny(db: Queryable, connection: string): Promise<boolean> {
  const { rows } = await db.query<{ loaded: boolean }>(`select ${isLoaded('$1')} as loaded`, [connection]);
  return rows[0]!.loaded;
}

/** SQL for the lowest rate that a worker has loaded for a connection. Null: no limit. */
export function lowestRate(connection: string): string {
  return `(select min(calls_per_second) from connection_loads
            where connection_loads.connection = ${connection} and seen_at > now() - ${SEEN_WITHIN})`;
}

/** SQL for whether a worker has loaded a limit of calls in flight for a connection. */
export function hasLimit(connection: string): string {
  return `exists (select from connection_loads where connection_loads.connection = ${connection}
             and max_concurrent_calls is not null and seen_at > now() - ${SEEN_WITHIN})`;
}

/** SQL for the lowest limit of calls in flight that a worker has loaded for a connection. Null: no limit. */
export function lowestLimitOf(connection: string): string {
  return `(select min(max_concurrent_calls) from connection_loads
            where connection_loads.connection = ${connection} and seen_at > now() - ${SEEN_WITHIN})`;
}

/** The lowest limits that workers have loaded for a connection. */
export async function lowestLoad(db: Queryable, connection: string): Promise<Omit<ConnectionLoad, 'connection'>> {
  const { rows } = await db.query<Omit<ConnectionLoad, 'connection'>>(
    `select ${lowestRate('$1')} as "callsPerSecond", ${lowestLimitOf('$1')} as "maxConcurrentCalls"`,
    [connection],
  );
  return rows[0]!;
}

export interface UnloadedConnection {
  readonly connection: string;
  /** Campaigns on it that are not over. */
  readonly campaigns: number;
}

/** Connections of campaigns that are not over which no worker has loaded. Empty while no worker runs at all. */
export async function unloadedConnections(db: Queryable): Promise<UnloadedConnection[]> {
  const { rows } = await db.query<UnloadedConnection>(
    `select connection, count(*)::integer as campaigns from campaigns
      where ${isUnfinished('campaigns')} and not ${isLoaded('campaigns.connection')}
        and exists (select from connection_loads where seen_at > now() - ${SEEN_WITHIN})
      group by connection order by connection`,
  );
  return rows;
}

/** What workers have loaded for one connection, the lowest first. Null: no limit. */
type Loaded<Limit extends string> = readonly ({ readonly [limit in Limit]: number | null } & {
  readonly workers: number;
})[];

export interface DifferingRates {
  readonly connection: string;
  readonly rates: Loaded<'calls_per_second'>;
}

export interface DifferingLimits {
  readonly connection: string;
  readonly limits: Loaded<'max_concurrent_calls'>;
}

/** Connections for which workers have loaded different limits of calls in flight. */
export function differingLimits(db: Queryable): Promise<DifferingLimits[]> {
  return differing<DifferingLimits>(db, 'max_concurrent_calls', 'limits');
}

/** Connections for which workers have loaded different rates. */
export function differingRates(db: Queryable): Promise<DifferingRates[]> {
  return differing<DifferingRates>(db, 'calls_per_second', 'rates');
}

async function differing<T extends object>(
  db: Queryable,
  setting: 'max_concurrent_calls' | 'calls_per_second',
  name: 'limits' | 'rates',
): Promise<T[]> {
  const { rows } = await db.query<T>(
    `select connection, jsonb_agg(jsonb_build_object('${setting}', ${setting}, 'workers', workers)
                                  order by ${setting} nulls last) as ${name}
       from (select connection, ${setting}, count(*)::integer as workers from connection_loads
              where seen_at > now() - ${SEEN_WITHIN} group by connection, ${setting}) loaded
      group by connection having count(*) > 1 order by connection`,
  );
  return rows;
}
