import { engineSpec, type CampaignTerms } from '../domain/campaign-request.ts';
import type { CampaignStatus, Ending } from '../domain/campaign-state.ts';
import type { RosterSnapshot, UnsettledCall } from '../domain/roster.ts';
import { BUCKETS, type Buckets } from '../domain/tally.ts';
import { notRecorded } from './campaigns-of-workflows.ts';
import { recentDays } from '../domain/windows.ts';
import { firstTerminalEvents } from './call-events.ts';
import { countPlaced } from './day-counts.ts';
import { endInterruption } from './interruptions.ts';
import { addMoves, applyMoves, type Move, type Moves } from './moves.ts';
import type { Queryable } from './pool.ts';

/**
 * Makes `runId` the owner of a campaign's records and returns all that it must know to go on: every call that went out,
 * or may have, and is not settled. Claims of earlier runs are released; from here on a dial that an earlier run still
 * has under way is refused, because the owner is another.
 */
export async function adoptRoster(
  tx: Queryable,
  campaignId: string,
  runId: string,
  now: number,
): Promise<RosterSnapshot> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [campaignId]);
  await endInterruption(tx, campaignId);
  const unsettled = await readUnsettled(tx, campaignId);
  const moves: Moves = { deltas: {}, called: 0 };
  addMoves(moves, await moveToInProgress(tx, campaignId));
  addMoves(moves, await moveBackUncalled(tx, campaignId));
  await applyMoves(tx, campaignId, moves);
  const cursor = await releaseClaims(tx, campaignId);
  const { rows } = await tx.query<
    Buckets & { status: CampaignStatus; ending: Ending | null; last_batch: number; terms: CampaignTerms }
  >(
    `update campaigns set owner_run_id = $2, claim_cursor = $3, updated_at = now()
      where id = $1 returning status, ending, last_batch, spec as terms, ${BUCKETS.join(', ')}`,
    [campaignId, runId, cursor],
  );
  const campaign = rows[0];
  if (!campaign) throw notRecorded(campaignId);
  const { status, ending, last_batch: lastBatch, terms, ...buckets } = campaign;
  const spec = engineSpec(terms);
  // By the days of the zone that holds now: the records name those of the zone that held when each call was placed.
  const { days } = await countPlaced(tx, campaignId, recentDays(spec.schedule.timezone, now), []);
  const dayOf = (call: UnsettledCall): string =>
    days.find(({ startsAt, endsAt }) => call.sentAt >= startsAt && call.sentAt < endsAt)?.date ?? call.day;
  return {
    status,
    ending,
    spec,
    lastBatch,
    buckets,
    unsettled: unsettled.map((call) => ({ ...call, day: dayOf(call) })),
    placedByDay: Object.fromEntries(days.map(({ date, placed }) => [date, placed])),
    ...(await readWaiting(tx, campaignId, cursor)),
  };
}

async function readUnsettled(tx: Queryable, campaignId: string): Promise<UnsettledCall[]> {
  const { rows } = await tx.query<{
    id: string;
    seq: number;
    attempt: number;
    day: string;
    sent_at: string;
    accepted: boolean;
    refusal: string | null;
  }>(
    `select id, seq, attempt, day::text, accepted_at is not null as accepted, not_placed_reason as refusal,
            floor(extract(epoch from first_sent_at) * 1000)::bigint as sent_at
       from calls
      where campaign_id = $1 and settled_at is null and first_sent_at is not null
      order by seq`,
    [campaignId],
  );
  const ended = new Map(
    (
      await firstTerminalEvents(
        tx,
        rows.map((row) => row.id),
      )
    ).map((event) => [event.call_id, event]),
  );
  return rows.map(({ id, seq, attempt, day, sent_at, accepted, refusal }) => ({
    seq,
    attempt,
    day,
    sentAt: Number(sent_at),
    accepted,
    refusal,
    ended: ended.get(id) ?? null,
  }));
}

async function moveToInProgress(tx: Queryable, campaignId: string): Promise<Move[]> {
  const { rows } = await tx.query<Move>(
    // Sought from the few calls, by their key: the planner does not know how many people a campaign has.
    `with unsettled as materialized (
       select seq, attempt from calls where campaign_id = $1 and settled_at is null and first_sent_at is not null
     ), standing as (
       select c.seq, c.bucket, c.called
         from campaign_contacts c join unsettled on unsettled.seq = c.seq and unsettled.attempt = c.attempt
        where c.campaign_id = $1 and c.seq = any(array(select seq from unsettled)) and c.bucket in ('pending', 'retrying')
     ), moved as (
       update campaign_contacts c set bucket = 'in_progress', called = true
         from standing
        where c.campaign_id = $1 and c.seq = any(array(select seq from standing)) and c.seq = standing.seq
       returning standing.bucket as "from", (not standing.called)::int as called
     )
     select "from", 'in_progress' as "to", count(*)::int as contacts, sum(called)::int as called from moved group by 1`,
    [campaignId],
  );
  return rows;
}

async function moveBackUncalled(tx: Queryable, campaignId: string): Promise<Move[]> {
  const { rows } = await tx.query<Move>(
    `with moved as (
       update campaign_contacts c
          set bucket = case when c.attempt > 1 then 'retrying' else 'pending' end, called = c.attempt > 1
        where c.campaign_id = $1 and c.bucket = 'in_progress'
          and not exists (
            select 1 from calls
             where calls.campaign_id = c.campaign_id and calls.seq = c.seq and calls.attempt = c.attempt
               and calls.settled_at is null and calls.first_sent_at is not null)
       returning c.bucket as "to", -(c.attempt = 1)::int as called
     )
     select 'in_progress' as "from", "to", count(*)::int as contacts, sum(called)::int as called from moved group by 2`,
    [campaignId],
  );
  return rows;
}

/** Returns the claim cursor that makes every released first call claimable again. */
async function releaseClaims(tx: Queryable, campaignId: string): Promise<number> {
  const { rows } = await tx.query<{ cursor: number }>(
    // The claimed are sought first: the planner could read all that wait to find the claimed among them.
    `with claimed as materialized (
       select seq from campaign_contacts where campaign_id = $1 and claim_batch is not null
     ), released as (
       update campaign_contacts set claim_batch = null
        where campaign_id = $1 and seq = any(array(select seq from claimed)) and bucket in ('pending', 'retrying')
       returning seq, bucket
     )
     select least(claim_cursor, (select min(seq) - 1 from released where bucket = 'pending')) as cursor
       from campaigns where id = $1`,
    [campaignId],
  );
  return rows[0]?.cursor ?? 0;
}

/** What of the roster still waits to be claimed. */
export async function readWaiting(
  tx: Queryable,
  campaignId: string,
  cursor: number,
): Promise<{ moreToClaim: boolean; nextRetryAt: number | null }> {
  const { rows } = await tx.query<{ more: boolean; next: string | null }>(
    `select exists (select 1 from campaign_contacts where campaign_id = $1 and seq > $2 and bucket = 'pending') as more,
            (select floor(extract(epoch from min(due_at)) * 1000)::bigint from campaign_contacts
              where campaign_id = $1 and bucket = 'retrying' and claim_batch is null) as next`,
    [campaignId, cursor],
  );
  const row = rows[0];
  return { moreToClaim: row?.more ?? false, nextRetryAt: row?.next == null ? null : Number(row.next) };
}
