/**
 * Calls that accounts with a limit of calls per day have placed, by the civil days of the account's zone. A call counts from its dial
 * on, whatever becomes of it, but not if it was certainly not placed: then a trigger of `calls` gives the unit back.
 */
import { recentDays } from '../domain/windows/windows.ts';
import type { Queryable } from './pool.ts';
import { isUnfinished } from './unfinished.ts';

/**
 * SQL for what the first step of a dial must know about the limit of calls per day: an object like `DailyLimit`. Null: no limit.
 * `account` is a row of `accounts`. Zones differ by a day at most, so the newest rows contain the day.
 */
export function dailyLimitOf(account: string): string {
  return `case when ${account}.max_calls_per_day is not null then jsonb_build_object(
    'limit', ${account}.max_calls_per_day, 'timezone', ${account}.timezone,
    'placed', coalesce((select jsonb_object_agg(day, placed) from (
      select day, placed from account_days where account_days.account = ${account}.name order by day desc limit 4) newest), '{}'))
    end`;
}

/**
 * Counts a call that is about to be dialled for the first time, in the transaction that has written its record. False if the day is
 * full: another dial has taken its last unit.
 */
export async function countOnDay(
  tx: Queryable,
  of: { readonly account: string; readonly day: string; readonly limit: number; readonly callId: string },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'count-on-account-day',
    text: `
      with counted as (
        insert into account_days as d (account, day, placed) values ($1, $2, 1)
        on conflict (account, day) do update set placed = d.placed + 1 where d.placed < $3
        returning day
      )
      update calls set account_day = counted.day from counted where calls.id = $4`,
    values: [of.account, of.day, of.limit, of.callId],
  });
  return rowCount === 1;
}

/**
 * Counts the placements of the account's present day from the dial records: the limit is new, or its days are those of another zone.
 * The lock against dials keeps those out that have read the earlier limit, until the transaction ends.
 */
export async function recountDay(
  tx: Queryable,
  { account, timezone, now }: { readonly account: string; readonly timezone: string; readonly now: number },
): Promise<void> {
  const { date, startsAt, endsAt } = recentDays(timezone, now).at(-1)!;
  const span = [account, startsAt, endsAt, date];
  // Calls that are settled give no unit back. The calls are locked before the day, as by an answer that gives a unit back.
  await tx.query(
    `update calls set account_day = case when first_sent_at >= to_timestamp($2 / 1000.0)
                                          and first_sent_at < to_timestamp($3 / 1000.0) then $4::date end
       from campaigns c
      where c.account = $1 and ${isUnfinished('c')} and calls.campaign_id = c.id
        and calls.settled_at is null and calls.first_sent_at is not null and calls.not_placed_reason is null`,
    span,
  );
  // Days of another zone may be ahead.
  await tx.query('delete from account_days where account = $1 and day >= $2', [account, date]);
  await tx.query(
    `insert into account_days (account, day, placed)
     select $1, $4, coalesce(sum(placed), 0) from campaigns c
      cross join lateral (select count(*) as placed from calls
                           where calls.campaign_id = c.id and calls.not_placed_reason is null
                             and calls.first_sent_at >= to_timestamp($2 / 1000.0)
                             and calls.first_sent_at < to_timestamp($3 / 1000.0)) day
      where c.account = $1 and (c.ended_at is null or c.ended_at >= to_timestamp($2 / 1000.0))`,
    span,
  );
}

/** Keeps all dials of the account out until the transaction ends, and waits for those under way. `lockDial` takes the same lock. */
export async function lockAgainstDials(tx: Queryable, account: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtext($1), 0)', [account]);
}

/** Calls placed on a day. */
export async function placedOn(db: Queryable, account: string, day: string): Promise<number> {
  const { rows } = await db.query<{ placed: number }>(
    'select placed from account_days where account = $1 and day = $2',
    [account, day],
  );
  return rows[0]?.placed ?? 0;
}
