/** The groups of a campaign: what decides the hours of its contacts. */
import type { GroupRule } from '../domain/windows/group-hours.ts';
import type { Queryable } from './pool.ts';

/** By number. Empty: all contacts have the campaign's own hours. */
export async function readGroupRules(db: Queryable, campaignId: string): Promise<Map<number, GroupRule>> {
  const { rows } = await db.query<GroupRule & { readonly group_no: number }>(
    'select group_no, zones, policies from campaign_groups where campaign_id = $1',
    [campaignId],
  );
  return new Map(rows.map(({ group_no: number, zones, policies }) => [number, { zones, policies }]));
}

/** Those of the groups in which a contact waits for a call, claimed or not. */
export async function waitingGroups(db: Queryable, campaignId: string, groups: readonly number[]): Promise<number[]> {
  if (groups.length === 0) return [];
  const waits = (where: string) =>
    `exists (select from campaign_contacts c where campaign_id = $1 and c.group_no = wanted.group_no and ${where})`;
  const { rows } = await db.query<{ group_no: number }>(
    `select group_no from unnest($2::smallint[]) as wanted (group_no)
      where ${waits("bucket = 'pending' and claimed_in_exchange is null and due_at is null")}
         or ${waits("due_at is not null and claimed_in_exchange is null and bucket in ('pending', 'retrying')")}
         or ${waits("claimed_in_exchange is not null and bucket in ('pending', 'retrying')")}
      order by group_no`,
    [campaignId, groups],
  );
  return rows.map(({ group_no: group }) => group);
}
