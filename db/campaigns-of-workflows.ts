/** What a campaign's workflow reads and writes of its own row outside of exchanges. */
import { RingfenceError } from '../domain/errors.ts';
import { BUCKETS, type Buckets } from '../domain/tally.ts';
import type { Queryable } from './pool.ts';

export async function readBuckets(db: Queryable, campaignId: string): Promise<Buckets> {
  const { rows } = await db.query<Buckets>(`select ${BUCKETS.join(', ')} from campaigns where id = $1`, [campaignId]);
  if (!rows[0]) throw notRecorded(campaignId);
  return rows[0];
}

export async function recordEnd(db: Queryable, campaignId: string, status: 'completed' | 'cancelled'): Promise<void> {
  const { rowCount } = await db.query(
    `update campaigns
        set status = $2, waiting_for = null, waiting_until = null, ended_at = coalesce(ended_at, now()), updated_at = now()
      where id = $1`,
    [campaignId, status],
  );
  if (rowCount === 0) throw notRecorded(campaignId);
}

export function notRecorded(campaignId: string): RingfenceError {
  return new RingfenceError('not_found', `Campaign ${campaignId} is not recorded in this database.`, {
    details: { campaign_id: campaignId },
  });
}
