/**
 * Comparison of campaigns with their workflows: which campaigns are due, and the record of one whose workflow has
 * ended.
 */
import type { CampaignTerms } from '../domain/api/campaign-request.ts';
import type { CampaignStatus } from '../domain/engine/campaign-state.ts';
import type { CheckedCampaign, InterruptedReason, MissingCount, RecordedStatus } from '../domain/api/interruption.ts';
import type { Queryable } from './pool.ts';
import { NO_TROUBLE } from './workflow-records.ts';
import { isUnfinished } from './unfinished.ts';

/** A campaign that this process has claimed for a check. */
export interface ClaimedCheck extends CheckedCampaign {
  readonly id: string;
  /** Values at the time of the claim. If they have changed since, another run has begun. */
  readonly ownerRunId: string | null;
  readonly startedAt: string | null;
}

const CHECKED = `id, status, owner_run_id as "ownerRunId", workflow_started_at::text as "startedAt",
  coalesce(extract(epoch from now() - workflow_started_at) * 1000, 0)::float8 as "startedAgoMs",
  (extract(epoch from now() - workflow_missing_since) * 1000)::float8 as "missedAgoMs",
  pending + in_progress + retrying as "contactsLeft"`;

/**
 * Claims up to `limit` campaigns that were not checked for `everyMs`, longest first. Several processes may do so at the
 * same time; each campaign goes to one of them. A campaign whose workflow was missed waits until a second look counts.
 */
export async function claimChecks(
  db: Queryable,
  {
    limit,
    everyMs,
    missedTwiceMs,
  }: { readonly limit: number; readonly everyMs: number; readonly missedTwiceMs: number },
): Promise<ClaimedCheck[]> {
  const { rows } = await db.query<ClaimedCheck>(
    `update campaigns set workflow_checked_at = now()
      where id = any(array(
        select id from campaigns
         where ${isUnfinished('campaigns')} and workflow_started_at is not null
           and (workflow_checked_at is null or workflow_checked_at <= now() - $2 * interval '1 millisecond')
           and (workflow_missing_since is null or workflow_missing_since <= now() - $3 * interval '1 millisecond')
         order by workflow_checked_at nulls first limit $1 for no key update skip locked))
      returning ${CHECKED}`,
    [limit, everyMs, missedTwiceMs],
  );
  return rows;
}

/** One campaign, whichever gateway checked it last. Null if it is over or does not exist. */
export async function readCheck(db: Queryable, campaignId: string): Promise<ClaimedCheck | null> {
  const { rows } = await db.query<ClaimedCheck>(
    `select ${CHECKED} from campaigns
      where id = $1 and ${isUnfinished('campaigns')}`,
    [campaignId],
  );
  return rows[0] ?? null;
}

/** Returns claimed campaigns about which nothing was learned: they are due immediately. */
export async function returnChecks(db: Queryable, campaignIds: readonly string[]): Promise<void> {
  await db.query('update campaigns set workflow_checked_at = null where id = any($1)', [campaignIds]);
}

export async function noteMissed(db: Queryable, campaignId: string): Promise<void> {
  await db.query(
    'update campaigns set workflow_missing_since = now() where id = $1 and workflow_missing_since is null',
    [campaignId],
  );
}

export async function noteFound(db: Queryable, campaignId: string): Promise<void> {
  await db.query('update campaigns set workflow_missing_since = null where id = $1', [campaignId]);
}

/** Among the campaigns that were checked within the last minute, those whose workflow was not found. */
export async function countMissing(db: Queryable): Promise<MissingCount> {
  const { rows } = await db.query<MissingCount>(
    `select count(*)::integer as compared, count(workflow_missing_since)::integer as missing
       from campaigns
      where status in ('scheduled', 'active', 'paused') and workflow_started_at <= now() - interval '1 minute'
        and workflow_checked_at > now() - interval '1 minute'`,
  );
  return rows[0] ?? { compared: 0, missing: 0 };
}

/**
 * Marks a campaign as interrupted, unless another run has begun since it was claimed. The campaign then has no owner,
 * so a dial that the ended run still has under way is refused. Returns the connections whose limit it shared, or null if
 * nothing was marked.
 */
export async function markInterrupted(
  db: Queryable,
  { id, ownerRunId, startedAt }: Pick<ClaimedCheck, 'id' | 'ownerRunId' | 'startedAt'>,
  { reason, code }: { readonly reason: InterruptedReason; readonly code: string | null },
): Promise<readonly string[] | null> {
  const { rows } = await db.query<{ shared: string[] }>(
    `update campaigns
        set interrupted_from = status, status = 'interrupted', interrupted_at = now(), interrupted_reason = $4,
            interrupted_code = $5, owner_run_id = null, waiting_for = null, waiting_until = null,
            ${NO_TROUBLE}, workflow_missing_since = null, updated_at = now()
      where id = $1 and status in ('scheduled', 'active', 'paused')
        and owner_run_id is not distinct from $2 and workflow_started_at is not distinct from $3::timestamptz
     returning ${SHARED_LIMITS}`,
    [id, ownerRunId, startedAt, reason, code],
  );
  return rows[0]?.shared ?? null;
}

/** The connections whose limit a campaign shares. */
const SHARED_LIMITS =
  'array(select connection from connection_shares where connection_shares.campaign_id = campaigns.id) as shared';

export async function sharedLimits(db: Queryable, campaignId: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ shared: string[] }>(`select ${SHARED_LIMITS} from campaigns where id = $1`, [
    campaignId,
  ]);
  return rows[0]?.shared ?? [];
}

/**
 * Records that a campaign is over if its workflow ended it and nothing is left to do. Returns the connections whose limit it
 * shared, or null if nothing was recorded.
 */
export async function markEnded(
  db: Queryable,
  { id, ownerRunId }: Pick<ClaimedCheck, 'id' | 'ownerRunId'>,
  status: 'completed' | 'cancelled',
): Promise<readonly string[] | null> {
  const { rows } = await db.query<{ shared: string[] }>(
    `update campaigns
        set status = $3, owner_run_id = null, waiting_for = null, waiting_until = null, workflow_missing_since = null,
            ${NO_TROUBLE},
            ended_at = coalesce(ended_at, now()), updated_at = now()
      where id = $1 and status in ('scheduled', 'active', 'paused') and owner_run_id is not distinct from $2
        and pending + in_progress + retrying = 0
     returning ${SHARED_LIMITS}`,
    [id, ownerRunId, status],
  );
  return rows[0]?.shared ?? null;
}

/** A run has begun: the campaign has its former status again. A campaign that is not interrupted does not change. */
export async function endInterruption(tx: Queryable, campaignId: string): Promise<void> {
  await tx.query(
    `update campaigns
        set status = coalesce(interrupted_from, 'active'), interrupted_from = null, interrupted_at = null,
            interrupted_reason = null, interrupted_code = null, workflow_missing_since = null, updated_at = now()
      where id = $1 and status = 'interrupted'`,
    [campaignId],
  );
}

export interface RestartableCampaign {
  readonly status: RecordedStatus;
  /** The status before the interruption. */
  readonly was: CampaignStatus | null;
  readonly reason: InterruptedReason | null;
  readonly code: string | null;
  /** The reason why Temporal refused to start it, if it did. */
  readonly failure: string | null;
  readonly terms: CampaignTerms;
  /** Time of the last restart, in epoch milliseconds by the clock of the gateway that did it. */
  readonly restartedAt: number | null;
}

/** Locks a campaign for a restart. Null if the account has no such campaign. */
export async function lockForRestart(
  tx: Queryable,
  account: string,
  campaignId: string,
): Promise<RestartableCampaign | null> {
  const { rows } = await tx.query<RestartableCampaign>(
    `select status, interrupted_from as was, interrupted_reason as reason, interrupted_code as code, failure, spec as terms,
            (extract(epoch from restarted_at) * 1000)::float8 as "restartedAt"
       from campaigns where account = $1 and id = $2 for no key update`,
    [account, campaignId],
  );
  return rows[0] ?? null;
}

/** Records that a workflow was started for it. */
export async function noteRestart(tx: Queryable, campaignId: string, now: number): Promise<void> {
  await endInterruption(tx, campaignId);
  await tx.query(
    `update campaigns set restarted_at = $2, workflow_started_at = now(), workflow_checked_at = now() where id = $1`,
    [campaignId, new Date(now)],
  );
}

/** Marks an interrupted campaign as ending: its next run skips the waiting contacts. False if it is not interrupted. */
export async function noteCancel(db: Queryable, account: string, campaignId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update campaigns set ending = coalesce(ending, 'cancelled'), updated_at = now()
      where account = $1 and id = $2 and status = 'interrupted'`,
    [account, campaignId],
  );
  return rowCount === 1;
}

/** Calls without a known end that were or may have been placed, by connection. Instants are epoch milliseconds. */
export async function openCalls(
  db: Queryable,
  campaignId: string,
): Promise<readonly { readonly connection: string; readonly lastSentAt: number }[]> {
  const { rows } = await db.query<{ connection: string; lastSentAt: number }>(
    `select connection, (extract(epoch from max(first_sent_at)) * 1000)::float8 as "lastSentAt"
       from calls
      where campaign_id = $1 and settled_at is null and first_sent_at is not null and not_placed_reason is null
        and not exists (select from call_events e where e.call_id = calls.id and e.kind = 'ended')
      group by connection`,
    [campaignId],
  );
  return rows;
}

export interface InterruptedCampaign {
  readonly id: string;
  readonly reason: InterruptedReason;
  readonly code: string | null;
}

/** Interrupted campaigns of all accounts, the latest first, and how many there are. */
export async function listInterrupted(
  db: Queryable,
  limit: number,
): Promise<{ readonly campaigns: readonly InterruptedCampaign[]; readonly total: number }> {
  const { rows } = await db.query<InterruptedCampaign & { total: number }>(
    `select id, interrupted_reason as reason, interrupted_code as code, count(*) over ()::integer as total
       from campaigns where status = 'interrupted' order by interrupted_at desc limit $1`,
    [limit],
  );
  return { campaigns: rows.map(({ id, reason, code }) => ({ id, reason, code })), total: rows[0]?.total ?? 0 };
}
