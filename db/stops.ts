/** Stops by administrators: while the row of a stop is here, no dial that it covers is permitted. */
import type { Pool, Queryable } from './pool.ts';
import { isUnfinished } from './unfinished.ts';

/** What a stop covers: every campaign, those of an account, or those that call through a connection. */
export type StopScope = 'all' | `account:${string}` | `connection:${string}`;

/** A stop in force. */
export interface Stop {
  readonly scope: StopScope;
  /** ISO 8601 in UTC. */
  readonly since: string;
  readonly stopped_by: string;
  readonly reason: string | null;
}

/** SQL for whether a stop covers a row of `campaigns`. */
export function isStopped(campaign: string): string {
  return `exists (select from stops
            where stops.scope in ('all', 'account:' || ${campaign}.account, 'connection:' || ${campaign}.connection))`;
}

/** SQL for whether a stop is what keeps a row of `campaigns` from calling. */
export function heldByStop(campaign: string): string {
  const { status, ending, waiting } = {
    status: `${campaign}.status`,
    ending: `${campaign}.ending`,
    waiting: `${campaign}.pending + ${campaign}.retrying > 0`,
  };
  return `(${ending} is null and (${status} = 'scheduled' or (${status} = 'active' and ${waiting})) and ${isStopped(campaign)})`;
}

/** SQL for the oldest stop of an account's campaigns on a connection, as JSON. Null: there is none. */
export function stopOf({ account, connection }: { readonly account: string; readonly connection: string }): string {
  return `(select jsonb_build_object('scope', scope, 'since', since) from stops
            where stops.scope in ('all', 'account:' || ${account}::text, 'connection:' || ${connection}::text)
            order by since, scope limit 1)`;
}

/** SQL for whether the scope $1 covers a row of `campaigns`. */
function isCovered(campaign: string): string {
  return `$1 in ('all', 'account:' || ${campaign}.account, 'connection:' || ${campaign}.connection)`;
}

const COLUMNS = 'scope, since, stopped_by, reason';

interface StopRow extends Omit<Stop, 'since'> {
  readonly since: Date;
}

function asStop({ since, ...stop }: StopRow): Stop {
  return { ...stop, since: since.toISOString() };
}

/** Records a stop. One that is in force already stays as it is. From here on no dial that it covers is permitted. */
export async function beginStop(
  pool: Pool,
  { scope, stopped_by, reason }: Omit<Stop, 'since'>,
): Promise<{ readonly stop: Stop; readonly isNew: boolean }> {
  const { rows } = await pool.query<StopRow & { readonly is_new: boolean }>(
    `insert into stops (scope, stopped_by, reason) values ($1, $2, $3)
     on conflict (scope) do update set scope = excluded.scope
     returning ${COLUMNS}, xmax = 0 as is_new`,
    [scope, stopped_by, reason],
  );
  const { is_new: isNew, ...row } = rows[0]!;
  return { stop: asStop(row), isNew };
}

/** Ends a stop. Null: there is no such stop. */
export async function endStop(db: Queryable, scope: StopScope): Promise<Stop | null> {
  const { rows } = await db.query<StopRow>(`delete from stops where scope = $1 returning ${COLUMNS}`, [scope]);
  return rows[0] ? asStop(rows[0]) : null;
}

/** The stops in force, the oldest first. */
export async function listStops(db: Queryable): Promise<Stop[]> {
  const { rows } = await db.query<StopRow>(`select ${COLUMNS} from stops order by since, scope`);
  return rows.map(asStop);
}

/** Whether anything in the records belongs to the scope. A name that nothing has is a typing error. */
export async function isKnownScope(db: Queryable, scope: StopScope): Promise<boolean> {
  const { rows } = await db.query<{ known: boolean }>(
    `select $1 = 'all'
         or exists (select from campaigns where ${isCovered('campaigns')})
         or exists (select from api_keys where $1 = 'account:' || account)
         or exists (select from accounts where $1 = 'account:' || name)
         or exists (select from connections where $1 = 'connection:' || name) as known`,
    [scope],
  );
  return rows[0]?.known ?? false;
}

/** A campaign that a stop covers and that is not over. */
export interface CoveredCampaign {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly connection: string;
  readonly status: string;
  /** Whether another stop covers it, too. */
  readonly stoppedOtherwise: boolean;
}

/** The campaigns that the scope covers and that are not over, the oldest first. */
export async function coveredCampaigns(db: Queryable, scope: StopScope): Promise<CoveredCampaign[]> {
  const { rows } = await db.query<CoveredCampaign>(
    `select id, spec ->> 'name' as name, account, connection, status,
            exists (select from stops where stops.scope <> $1
                       and stops.scope in ('all', 'account:' || account, 'connection:' || connection)) as "stoppedOtherwise"
       from campaigns where ${isUnfinished('campaigns')} and ${isCovered('campaigns')}
      order by created_at, id`,
    [scope],
  );
  return rows;
}

/** SQL for the lock of test calls, which belong to no campaign. */
const TEST_CALLS = `hashtextextended('test calls', 0)`;

/** Lets a stop wait for this transaction, in which a test call is placed if no stop that it reads after this forbids it. */
export async function lockTestCall(tx: Queryable): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock_shared(${TEST_CALLS})`);
}

/**
 * The transactions in which dials that the scope covers are being decided at this moment, by name. Such a transaction holds the
 * lock of `lockAgainstAdoption` until it ends. One that began before the stop was committed may still permit its dial. Test calls
 * are among them, whatever the scope: the accounts that may use their connection are not in the database.
 */
export async function dialDecisions(db: Queryable, scope: StopScope): Promise<Set<string>> {
  const { rows } = await db.query<{ decision: string }>(
    `with held as (
       select pid || ' ' || virtualtransaction as decision, (classid::bigint << 32) | objid::bigint as key from pg_locks
        where locktype = 'advisory' and objsubid = 1 and mode = 'ShareLock' and granted
          and database = (select oid from pg_database where datname = current_database())
     )
     select decision from held join campaigns on hashtextextended(campaigns.id::text, 0) = held.key
      where ${isUnfinished('campaigns')} and ${isCovered('campaigns')}
      union
     select decision from held where key = ${TEST_CALLS}`,
    [scope],
  );
  return new Set(rows.map(({ decision }) => decision));
}

/**
 * Whether a covered dial was permitted whose answer is not recorded. Its request may not have left yet. Calls of unknown outcome
 * count as well: a try that repeats their request leaves no other trace.
 */
export async function hasUnansweredDials(db: Queryable, scope: StopScope): Promise<boolean> {
  const { rows } = await db.query<{ unanswered: boolean }>(
    `select exists (select from campaigns join calls on calls.campaign_id = campaigns.id
                     where ${isCovered('campaigns')} and ${isUnfinished('campaigns')}
                       and calls.settled_at is null and calls.first_sent_at is not null
                       and calls.provider_call_id is null and calls.not_placed_reason is null) as unanswered`,
    [scope],
  );
  return rows[0]?.unanswered ?? false;
}

/** A call that is or may be live. */
export interface LiveCall {
  readonly callId: string;
  readonly campaignId: string;
  readonly connection: string;
  /** Null: its request was or may have been sent, and the carrier's answer is not known. */
  readonly providerCallId: string | null;
}

/** The calls of covered campaigns that are or may be live, by the records. Their ends may be on their way. */
export async function liveCalls(db: Queryable, scope: StopScope): Promise<LiveCall[]> {
  const { rows } = await db.query<LiveCall>(
    `select calls.id as "callId", calls.campaign_id as "campaignId", calls.connection,
            calls.provider_call_id as "providerCallId"
       from campaigns join calls on calls.campaign_id = campaigns.id
      where ${isCovered('campaigns')} and calls.settled_at is null and calls.first_sent_at is not null
        and calls.not_placed_reason is null
        and not exists (select from call_events e where e.call_id = calls.id and e.kind = 'ended')
      order by calls.campaign_id, calls.seq, calls.attempt`,
    [scope],
  );
  return rows;
}
