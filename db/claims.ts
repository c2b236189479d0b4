/**
 * Claims of contacts that wait for a call. Those with a due time are found by it. All others are fresh: they are claimed by
 * priority and then in the order of the roster. For each group and priority in which some may be left, a cursor says behind
 * which number. So a claim never reads the contacts that it has passed.
 */
import { USUAL_PRIORITY } from '../domain/engine/groups.ts';
import type { DueFor, ReadyContact } from '../domain/engine/campaign-state.ts';
import { type ExchangeRequest, type GroupWork, mostClaimed, type RosterView } from '../domain/engine/roster.ts';
import type { Queryable } from './pool.ts';

/** The condition for contacts that an exchange may claim. The check for remaining ones uses the same condition. */
const CLAIMABLE = {
  /** Not before their due time. Every retry has one. */
  due: "due_at is not null and claimed_in_exchange is null and bucket in ('pending', 'retrying')",
  /** At any time. */
  fresh: "due_at is null and claimed_in_exchange is null and bucket = 'pending'",
} as const;

/**
 * Sets a cursor for each group and priority that has fresh contacts and no cursor. Call it after contacts were added. It reads one
 * index entry for each of them, however many contacts there are.
 */
export async function openCursors(tx: Queryable, campaignId: string): Promise<void> {
  const next = (where: string) =>
    `select group_no, priority, seq from campaign_contacts c
      where campaign_id = $1 and ${CLAIMABLE.fresh} ${where} order by group_no, priority, seq limit 1`;
  await tx.query(
    `with recursive pairs as (
       (${next('')})
       union all
       select next.* from pairs
         cross join lateral (${next('and (c.group_no, c.priority) > (pairs.group_no, pairs.priority)')}) next
     )
     insert into claim_cursors (campaign_id, group_no, priority, after_seq)
     select $1, group_no, priority, seq - 1 from pairs
     on conflict (campaign_id, group_no, priority) do nothing`,
    [campaignId],
  );
}

/**
 * Claims up to `want` contacts of the groups that are open, or more if that many are due or have a better priority than those at hand.
 * Contacts that are due come first, in the order of their due time; then fresh ones by priority. Within a priority, the group whose
 * cursor is furthest behind comes first, so that all groups go through the roster side by side.
 */
export async function claim(tx: Queryable, request: ExchangeRequest): Promise<ReadyContact[]> {
  if (mostClaimed(request) <= 0 || request.open.length === 0) return [];
  const { want, wantDue = want, ahead = { most: 0, before: 0 } } = request;
  const { rows } = await tx.query<ClaimedRow>(
    `with due as (
       select found.seq, found.due_at
         from unnest($5::smallint[]) as open (group_no)
        cross join lateral (
          select seq, due_at from campaign_contacts c
           where campaign_id = $1 and c.group_no = open.group_no and ${CLAIMABLE.due} and due_at <= to_timestamp($4 / 1000.0)
           order by due_at, seq limit $6
        ) found
        order by found.due_at, found.seq limit $6
     ), fresh as (
       select found.seq, pair.priority, pair.after_seq, pair.group_no
         from (select * from claim_cursors where campaign_id = $1 and group_no = any($5)
                order by priority, after_seq, group_no) pair
        cross join lateral (
          select seq from campaign_contacts c
           where campaign_id = $1 and c.group_no = pair.group_no and c.priority = pair.priority
             and seq > pair.after_seq and ${CLAIMABLE.fresh}
           order by seq limit greatest($3::integer, $7::integer)
        ) found
        order by pair.priority, pair.after_seq, pair.group_no, found.seq limit greatest($3::integer, $7::integer)
     ), placed as (
       select seq, priority, row_number() over (order by priority, after_seq, group_no, seq) as place from fresh
     ), chosen as (
       select seq from due
       union all
       select seq from placed
        where place <= greatest($3::integer - (select count(*) from due), case when priority < $8 then $7::integer else 0 end)
     ), claimed as (
       update campaign_contacts c set claimed_in_exchange = $2
         from chosen
        where c.campaign_id = $1 and c.seq = any(array(select seq from chosen)) and c.seq = chosen.seq
       returning c.seq, c.attempt, c.excused, c.due_at, c.group_no, c.priority
     ), moved as (
       update claim_cursors pair set after_seq = last.seq
         from (select group_no, priority, max(seq) as seq from claimed where due_at is null group by 1, 2) last
        where pair.campaign_id = $1 and pair.group_no = last.group_no and pair.priority = last.priority
     )
     select seq, attempt, excused, due_at is not null as due, priority, group_no as "group" from claimed
      order by due_at nulls last, priority, seq`,
    [request.campaignId, request.exchangeNumber, want, request.now, request.open, wantDue, ahead.most, ahead.before],
  );
  return rows.map(readyContact);
}

/** The claim of an exchange that is repeated, in its present state. */
export async function readClaim(tx: Queryable, request: ExchangeRequest): Promise<ReadyContact[]> {
  const { rows } = await tx.query<ClaimedRow>(
    `select seq, attempt, excused, due_at is not null as due, priority, group_no as "group" from campaign_contacts
      where campaign_id = $1 and claimed_in_exchange = $2 and bucket in ('pending', 'retrying')
      order by due_at nulls last, priority, seq`,
    [request.campaignId, request.exchangeNumber],
  );
  return rows.map(readyContact);
}

interface ClaimedRow {
  readonly seq: number;
  readonly attempt: number;
  readonly excused: number;
  readonly due: boolean;
  readonly priority: number;
  readonly group: number;
}

/** Histories grow with every field. Few contacts have excused attempts, a due time of their first call or a priority. */
function readyContact({ seq, attempt, excused, due, priority, group }: ClaimedRow): ReadyContact {
  return {
    seq,
    attempt,
    ...(excused > 0 ? { excused } : {}),
    ...(due && attempt === 1 ? { isDue: true } : {}),
    ...(due || priority === USUAL_PRIORITY ? {} : { priority }),
    ...(group > 0 ? { group } : {}),
  };
}

/**
 * Returns claims. Bucket and attempt stay. A repeat does not touch what the exchange itself has claimed since.
 */
export async function release(tx: Queryable, request: ExchangeRequest): Promise<void> {
  if (request.released.length === 0) return;
  await tx.query(
    `with released as (
       update campaign_contacts c
          set claimed_in_exchange = null, due_at = coalesce(to_timestamp(n.until / 1000.0), c.due_at),
              waits_for = case when n.until is null then c.waits_for else n."waitsFor" end
         from jsonb_to_recordset($2::jsonb) as n(seq int, attempt int, until bigint, "waitsFor" text)
        where c.campaign_id = $1 and c.seq = any($3) and c.seq = n.seq and c.attempt = n.attempt
          and c.bucket in ('pending', 'retrying') and c.claimed_in_exchange < $4
       returning c.seq, c.group_no, c.priority, c.due_at
     )
     ${CURSORS_BACK}`,
    [
      request.campaignId,
      JSON.stringify(request.released),
      request.released.map(({ seq }) => seq),
      request.exchangeNumber,
    ],
  );
}

/** Returns every claim of contacts that still wait. */
export async function releaseAll(tx: Queryable, campaignId: string): Promise<void> {
  await tx.query(
    // Selects the claimed contacts first: the planner might read all waiting contacts to find them.
    `with claimed as materialized (
       select seq from campaign_contacts where campaign_id = $1 and claimed_in_exchange is not null
     ), released as (
       update campaign_contacts set claimed_in_exchange = null
        where campaign_id = $1 and seq = any(array(select seq from claimed)) and bucket in ('pending', 'retrying')
       returning seq, group_no, priority, due_at
     )
     ${CURSORS_BACK}`,
    [campaignId],
  );
}

/** Moves the cursors back before the contacts that were released. */
const CURSORS_BACK = `
  insert into claim_cursors (campaign_id, group_no, priority, after_seq)
  select $1, group_no, priority, min(seq) - 1 from released where due_at is null group by group_no, priority
  on conflict (campaign_id, group_no, priority)
  do update set after_seq = least(claim_cursors.after_seq, excluded.after_seq)`;

/** The contacts of the roster that still wait to be claimed. Deletes cursors behind which nobody waits. */
export async function readWaiting(tx: Queryable, campaignId: string): Promise<Omit<RosterView, 'buckets'>> {
  const next = (where: string) =>
    `select group_no, due_at, waits_for from campaign_contacts c
      where campaign_id = $1 and ${CLAIMABLE.due} ${where} order by group_no, due_at, seq limit 1`;
  const { rows } = await tx.query<WaitingRow>(
    `with recursive pairs as materialized (
       select group_no, priority,
              exists (select from campaign_contacts c
                       where campaign_id = $1 and c.group_no = pair.group_no and c.priority = pair.priority
                         and seq > pair.after_seq and ${CLAIMABLE.fresh}) as more
         from claim_cursors pair where campaign_id = $1
     ), ended as (
       delete from claim_cursors where campaign_id = $1 and (group_no, priority) in (select group_no, priority from pairs where not more)
     ), due as (
       (${next('')})
       union all
       select next.* from due cross join lateral (${next('and c.group_no > due.group_no')}) next
     )
     select group_no, coalesce(fresh.more, false) as more, fresh.first,
            floor(extract(epoch from due.due_at) * 1000)::bigint as due_at, due.waits_for
       from (select group_no, true as more, min(priority) as first from pairs where more group by group_no) fresh
       full join due using (group_no)
      order by group_no`,
    [campaignId],
  );
  return { groups: rows.map(groupWork) };
}

interface WaitingRow {
  readonly group_no: number;
  readonly more: boolean;
  readonly first: number | null;
  readonly due_at: string | null;
  readonly waits_for: DueFor | null;
}

function groupWork(row: WaitingRow): GroupWork {
  return {
    group: row.group_no,
    more: row.more,
    ...(row.first === null || row.first === USUAL_PRIORITY ? {} : { first: row.first }),
    dueAt: row.due_at === null ? null : Number(row.due_at),
    ...(row.waits_for === null ? {} : { dueFor: row.waits_for }),
  };
}
