/** What a campaign's workflow reads and writes in the campaign's row outside exchanges. */
import { RingfenceError } from '../domain/engine/errors.ts';
import { BUCKETS, type Buckets } from '../domain/engine/tally.ts';
import type { CampaignStatus, Ending } from '../domain/engine/campaign-state.ts';
import type { EndRecorded } from '../domain/engine/settling.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { isStopped } from './stops.ts';

/** Assignments for a campaign that calls no longer: trouble at its provider does not concern it. */
export const NO_TROUBLE =
  'trouble_reason = null, trouble_since = null, trouble_times = null, trouble_of_connection = null';

export async function readBuckets(db: Queryable, campaignId: string): Promise<Buckets> {
  const { rows } = await db.query<Buckets>(`select ${BUCKETS.join(', ')} from campaigns where id = $1`, [campaignId]);
  if (!rows[0]) throw notRecorded(campaignId);
  return rows[0];
}

/**
 * A run of a campaign's workflow and the epoch of its state. While both are in the campaign's row, the run owns the
 * records.
 */
export interface RecordsOwner {
  readonly campaignId: string;
  readonly runId: string;
  readonly epoch: number;
}

export interface LockedCampaign {
  readonly owner_run_id: string | null;
  readonly epoch: number;
  readonly status: CampaignStatus;
  readonly last_exchange: number;
  readonly connection: string;
  readonly trouble_reason: string | null;
  readonly trouble_of_connection: boolean | null;
  readonly stopped: boolean;
  readonly ending: Ending | null;
  readonly total: number;
  /** The folder that it has not copied yet. */
  readonly uncopied_folder: string | null;
  /** Whether contacts wait for a call. */
  readonly contacts_wait: boolean;
  /** Whether people were added or taken out since the last exchange. */
  readonly roster_changed: boolean;
}

/**
 * Locks the campaign's row until the transaction ends. Every move of contacts between buckets begins with it, before
 * anything else is read. So the exchanges, adoptions and enrolments of a campaign never overlap.
 *
 * No statement in such a transaction uses a bitmap scan. A row that has moved leaves an entry in its index. A plain
 * scan marks the entry as dead when it meets it; a bitmap scan reads it again and again until the next vacuum.
 */
export async function lockCampaign(tx: Queryable, campaignId: string): Promise<LockedCampaign> {
  const { rows } = await tx.query<LockedCampaign>(
    `select owner_run_id, epoch, status, last_exchange, connection, trouble_reason, trouble_of_connection, ${isStopped('campaigns')} as stopped,
            ending, total, case when enrolled_at is null then folder_id end as uncopied_folder, pending + retrying > 0 as contacts_wait, roster_changed_at is not null as roster_changed,
            set_config('enable_bitmapscan', 'off', true)
       from campaigns where id = $1 for no key update`,
    [campaignId],
  );
  const row = rows[0];
  if (!row) throw notRecorded(campaignId);
  return row;
}

/**
 * Records that the campaign is over and that no run owns its records any more, so that anything a frozen process still
 * does for it is refused. Refuses while contacts wait, because people may be added until this moment. A repeat of the
 * owner's own record changes nothing.
 */
export async function recordEnd(
  pool: Pool,
  { campaignId, runId, epoch }: RecordsOwner,
  status: 'completed' | 'cancelled',
): Promise<EndRecorded> {
  return inTransaction(pool, async (tx) => {
    const campaign = await lockCampaign(tx, campaignId);
    if (campaign.epoch !== epoch) return 'superseded';
    if (campaign.owner_run_id !== runId) {
      return campaign.owner_run_id === null && campaign.status === status ? 'recorded' : 'superseded';
    }
    // To a campaign that is cancelled or has expired nobody is added any more.
    if (status === 'completed' && campaign.ending === null && campaign.contacts_wait) return 'contacts_wait';
    await tx.query(
      `update campaigns
          set status = $2, owner_run_id = null, waiting_for = null, waiting_until = null, ${NO_TROUBLE},
              ended_at = coalesce(ended_at, now()), updated_at = now(), roster_changed_at = null
        where id = $1`,
      [campaignId, status],
    );
    return 'recorded';
  });
}

export function notRecorded(campaignId: string): RingfenceError {
  return new RingfenceError('not_found', `Campaign ${campaignId} is not recorded in this database.`, {
    details: { campaign_id: campaignId },
  });
}
