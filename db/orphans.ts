/**
 * Orphans: calls that a provider has reported under its own ids, that are linked to no dial and whose events name no
 * call of ours. Most are linked within seconds, when the reply to their dial arrives. One that remains belongs to
 * another system, or to a call of ours whose reply was lost. The provider is asked about it, and the answer is matched
 * with the calls without a known result.
 */
import type { PossibleMatch } from '../domain/dialling/orphan-match.ts';
import type { Particulars } from '../domain/dialling/provider-messages.ts';
import { recordAcceptance } from './dial-answers.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

/** A provider that did not know an orphan is asked again after this time. */
const ASK_AGAIN_AFTER = "interval '1 minute'";
/** Providers repeat their events for a day or two, until they are accepted. */
const EVENTS_COME_WITHIN = "interval '3 days'";

/**
 * An event that names a call of ours says more than a number: it belongs to that call, or to none that we could
 * identify.
 */
const NAMED = `exists (
  select from call_events e
   where e.connection = p.connection and e.provider_call_id = p.provider_call_id
     and (e.call_id is not null or e.contradicts is not null))`;
/** Condition on the row `provider_calls p`. */
const ORPHANED = `p.call_id is null and not ${NAMED}`;

/** Orphans that the provider has not identified yet and that may, by the time, be one of these calls. */
export async function orphansOfCalls(
  db: Queryable,
  connection: string,
  callIds: readonly string[],
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select p.provider_call_id as id from provider_calls p
      where p.connection = $1 and ${ORPHANED} and ${TO_ASK}
        and p.first_seen_at >= (select min(first_sent_at) from calls where id = any($2))
      order by p.asked_at nulls first, p.first_seen_at limit $3`,
    [connection, callIds, limit],
  );
  return rows.map(({ id }) => id);
}

/** The same for orphans that have ended and calls that were given up. */
export async function orphansOfLostCalls(db: Queryable, connection: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `with lost as materialized (
       select min(first_sent_at) as since from calls
        where outcome = 'lost' and connection = $1 and provider_call_id is null
          and settled_at > now() - ${EVENTS_COME_WITHIN}
     )
     select p.provider_call_id as id from provider_calls p, lost
      where p.connection = $1 and ${ORPHANED} and ${TO_ASK} and p.first_seen_at >= lost.since
        and exists (
          select 1 from call_events e
           where e.connection = $1 and e.provider_call_id = p.provider_call_id and e.kind = 'ended')
      order by p.asked_at nulls first, p.first_seen_at limit $2`,
    [connection, limit],
  );
  return rows.map(({ id }) => id);
}

const TO_ASK = `p.described_at is null and (p.asked_at is null or p.asked_at < now() - ${ASK_AGAIN_AFTER})`;

/** Records the provider's answer about an orphan; null: it did not know. */
export async function describeOrphan(
  db: Queryable,
  connection: string,
  providerCallId: string,
  said: Particulars | null,
): Promise<void> {
  await db.query(
    `update provider_calls
        set asked_at = now(), described_at = case when $3 then now() end, phone_number = $4, agent_id = $5,
            placed_at = to_timestamp($6 / 1000.0)
      where connection = $1 and provider_call_id = $2 and call_id is null`,
    [
      connection,
      providerCallId,
      said !== null,
      said?.phoneNumber ?? null,
      said?.agentId ?? null,
      said?.placedAt ?? null,
    ],
  );
}

/**
 * The calls that match an orphan's number, agent and time. They were sent before the orphan was first reported, and
 * their result is unknown or `lost`. All times are by the database's clock.
 */
export async function possibleMatches(db: Queryable, connection: string): Promise<PossibleMatch[]> {
  const { rows } = await db.query<
    Pick<PossibleMatch, 'providerCallId' | 'callId'> & { sent_at: string; placed_at: string | null; heard_at: string }
  >(
    `with orphan as materialized (
       select p.provider_call_id, p.phone_number, p.agent_id, p.placed_at, p.first_seen_at from provider_calls p
        where p.connection = $1 and ${ORPHANED} and p.phone_number is not null
          and p.first_seen_at > now() - 2 * ${EVENTS_COME_WITHIN}
     ), open as (
       select id, campaign_id, seq, connection, provider_call_id, first_sent_at, not_placed_reason from calls
        where settled_at is null and first_sent_at is not null
       union all
       select id, campaign_id, seq, connection, provider_call_id, first_sent_at, not_placed_reason from calls
        where outcome = 'lost' and settled_at > now() - 2 * ${EVENTS_COME_WITHIN}
     )
     select orphan.provider_call_id as "providerCallId", open.id as "callId",
            floor(extract(epoch from open.first_sent_at) * 1000)::bigint as sent_at,
            floor(extract(epoch from orphan.placed_at) * 1000)::bigint as placed_at,
            floor(extract(epoch from orphan.first_seen_at) * 1000)::bigint as heard_at
       from open
       join campaigns c on c.id = open.campaign_id
       join campaign_contacts k on k.campaign_id = open.campaign_id and k.seq = open.seq
       join orphan on orphan.phone_number = k.phone_number and coalesce(orphan.agent_id, c.agent_id) = c.agent_id
        and orphan.first_seen_at >= open.first_sent_at
        and orphan.first_seen_at < open.first_sent_at + ${EVENTS_COME_WITHIN}
      where open.connection = $1 and open.provider_call_id is null and open.not_placed_reason is null
        and exists (select from orphan)`,
    [connection],
  );
  return rows.map(({ sent_at, placed_at, heard_at, ...match }) => ({
    ...match,
    sentAt: Number(sent_at),
    placedAt: placed_at === null ? null : Number(placed_at),
    heardAt: Number(heard_at),
  }));
}

/** Links an orphan to its call, unless either has been linked meanwhile. */
export async function linkOrphan(
  pool: Pool,
  connection: string,
  { callId, providerCallId }: Pick<PossibleMatch, 'callId' | 'providerCallId'>,
  now: number,
): Promise<boolean> {
  return inTransaction(pool, async (tx) => {
    // Locks in the same order as a reply and an event do.
    const orphan = await tx.query(
      'select from provider_calls where connection = $1 and provider_call_id = $2 and call_id is null for update',
      [connection, providerCallId],
    );
    const { rows: calls } = await tx.query<{ campaign_id: string }>(
      `select campaign_id from calls
        where id = $1 and provider_call_id is null and not_placed_reason is null and first_sent_at is not null for update`,
      [callId],
    );
    const campaignId = calls[0]?.campaign_id;
    if (orphan.rowCount !== 1 || campaignId === undefined) return false;
    // With the row locked, no event can arrive unnoticed.
    const named = await tx.query(
      `select from provider_calls p where p.connection = $1 and p.provider_call_id = $2 and ${NAMED}`,
      [connection, providerCallId],
    );
    if (named.rowCount !== 0) return false;
    await recordAcceptance(tx, { callId, campaignId, connection, now }, providerCallId);
    return true;
  });
}
