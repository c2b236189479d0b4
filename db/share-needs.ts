import { accountLimitId } from '../domain/engine/ids.ts';
import { openCallsOf } from './left-calls.ts';
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

/**
 * SQL for what a row of `campaigns` waits for, for those who read it. A campaign that calls within its share writes down what it waits
 * for only now and then, and just as its calls end. While its calls fill a share of less than it needs, this share is what prevents
 * the next call.
 */
export function waitingFor(campaign: string): string {
  const isCalling = `${campaign}.waiting_for is null and ${campaign}.status = 'active' and ${campaign}.ending is null and ${campaign}.pending > 0`;
  const ofConnection = `s.connection = ${campaign}.connection`;
  return `case when ${isCalling} then (
    select case when ${ofConnection} then 'connection' else 'account' end from connection_shares s
     where s.connection in (${campaign}.connection, '${accountLimitId('')}' || ${campaign}.account) and s.campaign_id = ${campaign}.id
       and s.epoch = ${campaign}.epoch and s.need > s.share
       and s.share <= ${openCallsOf(campaign)}
     order by s.share, ${ofConnection} limit 1)
    else ${campaign}.waiting_for end`;
}
