/**
 * Calls in flight of campaigns that have no workflow. Nobody follows them but the coordinator of a limit that they share, which must know
 * when their slots are free.
 */
import type { LeftCall, LookedUp } from '../domain/dialling/left-calls.ts';
import type { Queryable } from './pool.ts';
import { isUnfinished } from './unfinished.ts';

/** SQL for whether a call is or may be in flight, as far as records show. */
export const IS_OPEN = `calls.settled_at is null and calls.first_sent_at is not null and calls.not_placed_reason is null
  and not exists (select from call_events e where e.call_id = calls.id and e.kind = 'ended')`;

/**
 * SQL for the latest instant at which a call may be in flight.
 *
 * @param lostAfterMs how long after its request a call may be in flight that was dialled before deadlines were recorded
 */
export const deadlineSql = (lostAfterMs: string) =>
  `coalesce(calls.deadline_at, calls.first_sent_at + ${lostAfterMs} * interval '1 millisecond')`;

/** SQL for how many calls of a row of `campaigns` are or may be in flight, as far as records show. */
export const openCallsOf = (campaign: string, condition = '') =>
  `(select count(*) from calls where calls.campaign_id = ${campaign}.id and ${IS_OPEN} ${condition})`;

/**
 * SQL for how many calls of a row of `campaigns` are or may be in flight. An end that a look-up has found comes into the records with the
 * next exchange. Until then the records alone may show more calls than the campaign may have under the limits that it shares.
 *
 * @param lostAfterMs SQL; null: deadlines are left out of account
 */
export function inFlightOf(campaign: string, lostAfterMs: string | null): string {
  const inTime = lostAfterMs === null ? '' : `and ${deadlineSql(lostAfterMs)} > now()`;
  return `least(${openCallsOf(campaign, inTime)},
            (select min(held) from connection_shares where connection_shares.campaign_id = ${campaign}.id))`;
}

export interface LeftCallToLookUp extends LeftCall {
  readonly callId: string;
  readonly campaignId: string;
  readonly seq: number;
  readonly attempt: number;
  /** The campaign's last epoch. */
  readonly epoch: number;
}

/** SQL for when the next look-up of a call is due. */
const DUE_AT = `coalesce(calls.look_up_at,
  calls.first_sent_at + case when calls.accepted_at is null then 0 else $3::float8 end * interval '1 millisecond')`;

/**
 * Calls through a connection of campaigns that share a limit and have no workflow, whose look-up is due. Those that wait longest
 * come first.
 *
 * @param usualCallMs a live call is looked up when it is older than this
 */
export async function leftCallsToLookUp(
  db: Queryable,
  {
    limitId,
    connection,
    now,
    usualCallMs,
    lostAfterMs,
    limit,
  }: {
    readonly limitId: string;
    readonly connection: string;
    readonly now: number;
    readonly usualCallMs: number;
    readonly lostAfterMs: number;
    readonly limit: number;
  },
): Promise<LeftCallToLookUp[]> {
  const { rows } = await db.query<LeftCallToLookUp>(
    `select calls.id as "callId", calls.campaign_id as "campaignId", calls.seq, calls.attempt, c.epoch,
            calls.accepted_at is not null as accepted, calls.look_ups as "lookUps",
            (extract(epoch from calls.first_sent_at) * 1000)::float8 as "firstSentAt",
            (extract(epoch from ${deadlineSql('$4::float8')}) * 1000)::float8 as "deadlineAt"
       from connection_shares s
       join campaigns c on c.id = s.campaign_id and c.owner_run_id is null
       join calls on calls.campaign_id = c.id and calls.connection = $1
      where s.connection = $6 and ${IS_OPEN}
        and ${deadlineSql('$4::float8')} > to_timestamp($2 / 1000.0) and ${DUE_AT} <= to_timestamp($2 / 1000.0)
      order by ${DUE_AT}, calls.id limit $5`,
    [connection, now, usualCallMs, lostAfterMs, limit, limitId],
  );
  return rows;
}

/** A call that the provider accepted and may still have in its queue. */
export interface LeftQueuedCall {
  readonly callId: string;
  readonly providerCallId: string;
  readonly lookUps: number;
}

/**
 * Calls through a connection of campaigns that have no workflow, which may still wait in the provider's queue although the time for that
 * is over, and whose look-up is due. Those that wait longest come first.
 */
export async function leftQueuedCalls(
  db: Queryable,
  {
    connection,
    now,
    queueBoundMs,
    limit,
  }: { readonly connection: string; readonly now: number; readonly queueBoundMs: number; readonly limit: number },
): Promise<LeftQueuedCall[]> {
  const { rows } = await db.query<LeftQueuedCall>(
    `select calls.id as "callId", calls.provider_call_id as "providerCallId", calls.look_ups as "lookUps"
       from campaigns c join calls on calls.campaign_id = c.id
      where c.owner_run_id is null and ${isUnfinished('c')} and calls.connection = $1
        and ${IS_OPEN} and calls.provider_call_id is not null
        and not exists (select from call_events e where e.call_id = calls.id and e.kind in ('started', 'joined'))
        and calls.first_sent_at <= to_timestamp(($2 - $3::float8) / 1000.0)
        and coalesce(calls.look_up_at <= to_timestamp($2 / 1000.0), true)
      order by calls.first_sent_at, calls.id limit $4`,
    [connection, now, queueBoundMs, limit],
  );
  return rows;
}

/** What a look-up that found no end has changed. `deadlineAt`, null: the deadline stays. */
type RecordedLookUp = Omit<LookedUp, 'deadlineAt'> & { readonly callId: string; readonly deadlineAt: number | null };

/** Records what look-ups that found no end have changed. */
export async function recordLookedUp(db: Queryable, calls: readonly RecordedLookUp[]): Promise<void> {
  await db.query(
    `update calls set look_ups = n."lookUps", look_up_at = to_timestamp(n."lookUpAt" / 1000.0),
            deadline_at = greatest(calls.deadline_at, to_timestamp(n."deadlineAt" / 1000.0))
       from jsonb_to_recordset($1::jsonb) as n("callId" text, "lookUps" integer, "lookUpAt" float8, "deadlineAt" float8)
      where calls.id = n."callId" and calls.settled_at is null`,
    [JSON.stringify(calls)],
  );
}
