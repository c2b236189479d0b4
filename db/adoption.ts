import { engineSpec, type CampaignTerms } from '../domain/api/campaign-request.ts';
import type { CampaignStatus, Ending } from '../domain/engine/campaign-state.ts';
import type { RosterSnapshot, UnsettledCall } from '../domain/engine/roster.ts';
import { BUCKETS, type Buckets } from '../domain/engine/tally.ts';
import { isOver } from '../domain/engine/commands.ts';
import { dayZoneOf } from '../domain/engine/schedule-fields.ts';
import { SHARED_LIMITS } from './share-records.ts';
import { lockCampaign } from './workflow-records.ts';
import { recentDays } from '../domain/windows/windows.ts';
import { firstTerminalEvents } from './call-events.ts';
import { readWaiting, releaseAll } from './claims.ts';
import { countPlaced } from './day-counts.ts';
import { endInterruption } from './interruptions.ts';
import { addTransitions, applyToCounters, type BucketTransition, type CounterChanges } from './bucket-transitions.ts';
import type { Queryable } from './pool.ts';

/**
 * The key of an adoption: the run, and the number of the adoption in that run. A second adoption with the same key
 * changes nothing.
 */
export interface Adoption {
  readonly campaignId: string;
  readonly runId: string;
  /** 1 for the run's first adoption. */
  readonly number: number;
}

/**
 * Makes a run the owner of a campaign's records in a new epoch, and returns everything that it needs to continue: every
 * unsettled call that was sent or may have been. Claims of earlier runs are released. From here on a dial that an
 * earlier run still has under way is refused, because it is not the owner's. The records of a campaign that is over
 * have no owner.
 */
export async function adoptRoster(tx: Queryable, adoption: Adoption, now: number): Promise<RosterSnapshot> {
  const { campaignId } = adoption;
  // Locks the row first: an exchange of an earlier run that is under way ends before anything is read here.
  const campaign = await lockCampaign(tx, campaignId);
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0))', [campaignId]);
  const unsettled = await readUnsettled(tx, campaignId);
  if (!isOver(campaign.status) && (await isFirst(tx, adoption, campaign.epoch + 1))) {
    await takeOver(tx, adoption, unsettled);
  }
  return readSnapshot(tx, campaignId, unsettled, now);
}

/** Records the adoption under its key. False if it was recorded before. */
async function isFirst(tx: Queryable, { campaignId, runId, number }: Adoption, epoch: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into campaign_adoptions (campaign_id, run_id, number, epoch) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [campaignId, runId, number, epoch],
  );
  return rowCount === 1;
}

async function takeOver(
  tx: Queryable,
  { campaignId, runId }: Adoption,
  unsettled: readonly UnsettledCall[],
): Promise<void> {
  await endInterruption(tx, campaignId);
  const transitions: CounterChanges = { deltas: {}, called: 0 };
  addTransitions(transitions, await moveToInProgress(tx, campaignId, unsettled));
  addTransitions(transitions, await moveBackUncalled(tx, campaignId, unsettled));
  await applyToCounters(tx, campaignId, transitions);
  await releaseAll(tx, campaignId);
  await tx.query(
    `update campaigns set owner_run_id = $2, epoch = epoch + 1, roster_changed_at = null, updated_at = now() where id = $1`,
    [campaignId, runId],
  );
}

async function readSnapshot(
  tx: Queryable,
  campaignId: string,
  unsettled: readonly UnsettledCall[],
  now: number,
): Promise<RosterSnapshot> {
  const { rows } = await tx.query<
    Buckets & {
      status: CampaignStatus;
      ending: Ending | null;
      epoch: number;
      last_exchange: number;
      terms: CampaignTerms;
      shared_limits: string[];
    }
  >(
    `select status, ending, epoch, last_exchange, spec as terms,
            array(${SHARED_LIMITS}) as shared_limits, ${BUCKETS.join(', ')}
       from campaigns where id = $1`,
    [campaignId],
  );
  const {
    status,
    ending,
    epoch,
    last_exchange: lastExchange,
    terms,
    shared_limits: sharedLimits,
    ...buckets
  } = rows[0]!;
  const spec = engineSpec(terms);
  // Counted by the days of the present zone: the records name the days of the zone at the time of each call.
  const { days } = await countPlaced(tx, campaignId, recentDays(dayZoneOf(spec.schedule), now), []);
  const dayOf = (call: UnsettledCall): string =>
    days.find(({ startsAt, endsAt }) => call.sentAt >= startsAt && call.sentAt < endsAt)?.date ?? call.day;
  return {
    status,
    ending,
    spec,
    epoch,
    lastExchange,
    buckets,
    unsettled: unsettled.map((call) => ({ ...call, day: dayOf(call) })),
    placedByDay: Object.fromEntries(days.map(({ date, placed }) => [date, placed])),
    sharedLimits,
    ...(await readWaiting(tx, campaignId)),
  };
}

async function readUnsettled(tx: Queryable, campaignId: string): Promise<UnsettledCall[]> {
  const { rows } = await tx.query<{
    id: string;
    seq: number;
    attempt: number;
    excused: number | null;
    group_no: number | null;
    day: string;
    sent_at: string;
    accepted_at: string | null;
    refusal: string | null;
  }>(
    `select id, seq, attempt, day::text, not_placed_reason as refusal,
            contact.excused, contact.group_no,
            floor(extract(epoch from accepted_at) * 1000)::bigint as accepted_at,
            floor(extract(epoch from first_sent_at) * 1000)::bigint as sent_at
       from calls
       left join lateral (
         select c.excused, c.group_no from campaign_contacts c where c.campaign_id = calls.campaign_id and c.seq = calls.seq
       ) contact on true
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
  return rows.map(({ id, seq, attempt, excused, group_no: group, day, sent_at, accepted_at, refusal }) => ({
    seq,
    attempt,
    ...(excused ? { excused } : {}),
    ...(group ? { group } : {}),
    day,
    sentAt: Number(sent_at),
    acceptedAt: accepted_at === null ? null : Number(accepted_at),
    refusal,
    ended: ended.get(id) ?? null,
  }));
}

async function moveToInProgress(
  tx: Queryable,
  campaignId: string,
  unsettled: readonly UnsettledCall[],
): Promise<BucketTransition[]> {
  const { rows } = await tx.query<BucketTransition>(
    // Selects the few calls by their key, because the planner does not know how many contacts a campaign has.
    `with standing as (
       select c.seq, c.bucket, c.called
         from campaign_contacts c
         join jsonb_to_recordset($2::jsonb) as call(seq integer, attempt integer)
           on call.seq = c.seq and call.attempt = c.attempt
        where c.campaign_id = $1 and c.seq = any($3) and c.bucket in ('pending', 'retrying')
     ), moved as (
       update campaign_contacts c set bucket = 'in_progress', called = true
         from standing
        where c.campaign_id = $1 and c.seq = any(array(select seq from standing)) and c.seq = standing.seq
       returning standing.bucket as "from", (not standing.called)::int as called
     )
     select "from", 'in_progress' as "to", count(*)::int as contacts, sum(called)::int as called from moved group by 1`,
    [campaignId, JSON.stringify(unsettled), unsettled.map(({ seq }) => seq)],
  );
  return rows;
}

/**
 * Uses the calls that were read before, so that a dial that answers meanwhile is not seen by one statement and missed
 * by another.
 */
async function moveBackUncalled(
  tx: Queryable,
  campaignId: string,
  unsettled: readonly UnsettledCall[],
): Promise<BucketTransition[]> {
  const { rows } = await tx.query<BucketTransition>(
    `with moved as (
       update campaign_contacts c
          set bucket = case when c.attempt > 1 then 'retrying' else 'pending' end, called = c.attempt > 1
        where c.campaign_id = $1 and c.bucket = 'in_progress'
          and not exists (
            select 1 from jsonb_to_recordset($2::jsonb) as call(seq integer, attempt integer)
             where call.seq = c.seq and call.attempt = c.attempt)
       returning c.bucket as "to", -(c.attempt = 1)::int as called
     )
     select 'in_progress' as "from", "to", count(*)::int as contacts, sum(called)::int as called from moved group by 2`,
    [campaignId, JSON.stringify(unsettled)],
  );
  return rows;
}

/**
 * Locked (shared) by the first step of every dial (`lockDial`) and (exclusively) by an adoption, so that an adoption sees every dial
 * before it. The lock depends on the id's value, not its text: PostgreSQL writes every form of a UUID alike.
 */
export async function lockAgainstAdoption(tx: Queryable, campaignId: string): Promise<void> {
  await tx.query({
    name: 'lock-against-adoption',
    text: 'select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 0))',
    values: [campaignId],
  });
}
