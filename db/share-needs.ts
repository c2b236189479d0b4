import type { Queryable } from './pool.ts';

/** What other campaigns that share this limit could have in flight now. */
export async function needsOfOthers(db: Queryable, limitId: string, campaignId: string | null): Promise<number[]> {
  const { rows } = await db.query<{ need: number }>(
    `select need from connection_shares
      where connection = $1 and need > 0 and campaign_id is distinct from $2::uuid order by campaign_id`,
    [limitId, campaignId],
  );
  return rows.map(({ need }) => need);
}
