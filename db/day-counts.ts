import type { Recount } from '../domain/engine/editing.ts';
import type { Queryable } from './pool.ts';

/** Counts the calls that were, or may have been, placed within each of these spans (epoch ms). */
export async function countPlaced(
  db: Queryable,
  campaignId: string,
  days: readonly { readonly date: string; readonly startsAt: number; readonly endsAt: number }[],
  inFlight: readonly string[],
): Promise<Recount> {
  const { rows } = await db.query<{ date: string; placed: number }>(
    // Counts each day in the order of the index: a join might read all calls of the campaign.
    `select d.date, (select count(*)::int from calls c
                      where c.campaign_id = $1 and c.not_placed_reason is null
                        and c.first_sent_at >= to_timestamp(d."startsAt" / 1000.0)
                        and c.first_sent_at < to_timestamp(d."endsAt" / 1000.0)) as placed
       from jsonb_to_recordset($2::jsonb) as d(date text, "startsAt" bigint, "endsAt" bigint)`,
    [campaignId, JSON.stringify(days)],
  );
  const placed = new Map(rows.map((row) => [row.date, row.placed]));
  const { rows: counted } = await db.query<{ id: string }>(
    'select id from calls where id = any($1) and first_sent_at is not null and not_placed_reason is null',
    [inFlight],
  );
  return {
    days: days.map((day) => ({ ...day, placed: placed.get(day.date) ?? 0 })),
    counted: counted.map(({ id }) => id),
  };
}
