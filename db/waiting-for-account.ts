/** Campaigns that wait for the next day of their account, although it may place calls again today. */
import { type DailyLimit, unitsLeft } from '../domain/dialling/account-day.ts';
import { civilDay } from '../domain/windows/windows.ts';
import { dailyLimitOf } from './account-days.ts';
import type { Queryable } from './pool.ts';

/** Told in one go. The others have their turn soon. */
const CAMPAIGNS_AT_ONCE = 100;

/**
 * The campaigns that may look again: no more of an account than it may place calls, so that they do not all ask for one unit.
 *
 * @param marginMs for so long before the end of a day nothing is dialled
 */
export async function campaignsWithRoom(db: Queryable, marginMs: number, now: number): Promise<string[]> {
  const { rows } = await db.query<{ account: string; limit: DailyLimit | null }>(
    `select a.name as account, ${dailyLimitOf('a')} as limit from accounts a
      where a.name in (select account from campaigns
                        where waiting_for = 'account' and status = 'active' and waiting_until is not null)`,
  );
  const ids: string[] = [];
  for (const { account, limit } of rows) {
    const left = limit === null ? Infinity : unitsLeft(limit, civilDay(limit.timezone, now), marginMs, now);
    if (left > 0) ids.push(...(await waitingCampaigns(db, account, Math.min(left, CAMPAIGNS_AT_ONCE))));
  }
  return ids;
}

/** Others each time: the first ones may be unable to use what is left. */
async function waitingCampaigns(db: Queryable, account: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from campaigns
      where account = $1 and waiting_for = 'account' and status = 'active' and waiting_until is not null
      order by random() limit $2`,
    [account, limit],
  );
  return rows.map(({ id }) => id);
}
