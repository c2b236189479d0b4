/**
 * The moves of contacts that an exchange makes between buckets: each returns how many it has moved, by the buckets that the rows
 * really had.
 */
import type { ExchangeRequest } from '../domain/engine/roster.ts';
import { callId } from '../domain/engine/ids.ts';
import type { BucketTransition } from './bucket-transitions.ts';
import type { Queryable } from './pool.ts';

/**
 * The array and the join both select the rows. The planner does not know how many contacts a campaign has, and if it
 * expects few it would read them all.
 */
function seqsOf(contacts: readonly { readonly seq: number }[]): number[] {
  return contacts.map(({ seq }) => seq);
}

/**
 * An attempt is settled once: the contact must still be at this attempt and not in a terminal bucket. A retry moves it
 * to the next attempt. So does an excused attempt, after which the contact keeps the reason of the one before.
 */
export async function settle(tx: Queryable, request: ExchangeRequest): Promise<BucketTransition[]> {
  if (request.settled.length === 0) return [];
  const { rows } = await tx.query<BucketTransition>(
    `with news as (
       select * from jsonb_to_recordset($2::jsonb)
         as n(seq int, attempt int, "to" text, reason text, outcome text, at bigint, "retryAt" bigint,
                "accountFault" text, "isExcused" boolean)
     ), records as (
       update calls
          set outcome = news.outcome, account_fault = news."accountFault", ended_at = to_timestamp(news.at / 1000.0),
              settled_at = now()
         from news
        where calls.id = any($4) and calls.id = $1::uuid::text || '.' || news.seq || '.' || news.attempt
          and calls.settled_at is null
     ), standing as (
       select c.seq, c.bucket, c.called
         from campaign_contacts c join news on news.seq = c.seq and news.attempt = c.attempt
        where c.campaign_id = $1::uuid and c.seq = any($3) and c.bucket in ('pending', 'in_progress', 'retrying')
          for update of c
     ), moved as (
       update campaign_contacts c
          set bucket = news."to", reason = case when news."isExcused" then c.reason else news.reason end,
              claimed_in_exchange = null, called = c.called or news.outcome is not null,
              attempt = c.attempt + (news."to" = 'retrying')::int,
              excused = c.excused + coalesce(news."isExcused", false)::int,
              due_at = case when news."to" = 'retrying' then greatest(to_timestamp(news."retryAt" / 1000.0), c.not_before) end,
              waits_for = case when news."to" = 'retrying' and c.not_before > to_timestamp(news."retryAt" / 1000.0)
                               then 'not_before' end
         from standing join news on news.seq = standing.seq
        where c.campaign_id = $1::uuid and c.seq = any($3) and c.seq = standing.seq
       returning standing.bucket as "from", c.bucket as "to", (c.called and not standing.called)::int as called
     )
     select "from", "to", count(*)::int as contacts, sum(called)::int as called from moved group by 1, 2`,
    [
      request.campaignId,
      JSON.stringify(request.settled),
      seqsOf(request.settled),
      request.settled.map(({ seq, attempt }) => callId({ campaignId: request.campaignId, seq, attempt })),
    ],
  );
  return rows;
}

/** Moves contacts back whose call was certainly not placed. */
export async function returnUncalled(tx: Queryable, request: ExchangeRequest): Promise<BucketTransition[]> {
  if (request.returned.length === 0) return [];
  const { rows } = await tx.query<BucketTransition>(
    `with moved as (
       update campaign_contacts c
          set bucket = case when c.attempt > 1 then 'retrying' else 'pending' end, called = c.attempt > 1
         from jsonb_to_recordset($2::jsonb) as n(seq int, attempt int)
        where c.campaign_id = $1 and c.seq = any($3) and c.seq = n.seq and c.attempt = n.attempt and c.bucket = 'in_progress'
       returning c.bucket as "to", -(c.attempt = 1)::int as called
     )
     select 'in_progress' as "from", "to", count(*)::int as contacts, sum(called)::int as called from moved group by 2`,
    [request.campaignId, JSON.stringify(request.returned), seqsOf(request.returned)],
  );
  return rows;
}

/** Moves contacts whose call has started. */
export async function start(tx: Queryable, request: ExchangeRequest): Promise<BucketTransition[]> {
  if (request.started.length === 0) return [];
  const { rows } = await tx.query<BucketTransition>(
    `with standing as (
       select c.seq, c.bucket, c.called
         from campaign_contacts c
         join jsonb_to_recordset($2::jsonb) as n(seq int, attempt int) on n.seq = c.seq and n.attempt = c.attempt
        where c.campaign_id = $1 and c.seq = any($3) and c.bucket in ('pending', 'retrying')
          for update of c
     ), moved as (
       update campaign_contacts c set bucket = 'in_progress', called = true
         from standing where c.campaign_id = $1 and c.seq = any($3) and c.seq = standing.seq
       returning standing.bucket as "from", (not standing.called)::int as called
     )
     select "from", 'in_progress' as "to", count(*)::int as contacts, sum(called)::int as called from moved group by 1`,
    [request.campaignId, JSON.stringify(request.started), seqsOf(request.started)],
  );
  return rows;
}

/** Contacts that one exchange checks when it ends retries. */
const END_RETRIES_CHUNK = 2_000;

/**
 * Ends contacts that wait for a retry which the terms no longer allow, each with its last outcome that counts and at its
 * last attempt. A contact whose calls were all excused has no such outcome, and is still to be called. Returns the number of the
 * last contact checked, or null if none is left.
 */
export async function endRetries(
  tx: Queryable,
  { campaignId, endRetries: retries }: ExchangeRequest,
): Promise<{ readonly transitions: readonly BucketTransition[]; readonly upTo: number | null }> {
  if (retries === null) return { transitions: [], upTo: null };
  const { rows } = await tx.query<BucketTransition & { readonly looked: number; readonly up_to: number | null }>(
    `with waiting as (
       select seq, attempt, reason, claimed_in_exchange from campaign_contacts
        where campaign_id = $1 and bucket = 'retrying' and seq > $2 order by seq limit $3
     ), ended as (
       update campaign_contacts c
          set bucket = case when c.reason = 'voicemail' and 'voicemail' <> all($5::text[]) then 'completed' else 'failed' end,
              attempt = c.attempt - 1, due_at = null, waits_for = null
         from waiting
        where c.campaign_id = $1 and c.seq = any(array(select seq from waiting)) and c.seq = waiting.seq
          and c.claimed_in_exchange is null
          and (c.attempt - c.excused > $4 + 1 or c.reason <> all($5::text[]))
       returning c.bucket
     )
     select 'retrying' as "from", "to", count(ended.bucket)::int as contacts, 0 as called,
            (select count(*)::int from waiting) as looked, (select max(seq) from waiting) as up_to
       from (values ('failed'), ('completed')) as terminal ("to") left join ended on ended.bucket = "to"
      group by "to"`,
    [campaignId, retries.after, END_RETRIES_CHUNK, retries.granted.budget, retries.granted.on],
  );
  const { looked = 0, up_to: upTo = null } = rows[0] ?? {};
  return { transitions: rows, upTo: looked < END_RETRIES_CHUNK ? null : upTo };
}
