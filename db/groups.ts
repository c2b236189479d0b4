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
