import { accountLimitId } from '../domain/engine/ids.ts';
import { hasLimit } from './connection-loads.ts';
import type { Queryable } from './pool.ts';

/**
 * SQL for the ids of the limits of calls in flight that a row of `campaigns` shares. The account's comes first: the campaign asks its
 * connection for no more than its account gives it.
 */
export const SHARED_LIMITS = `
  select '${accountLimitId('')}' || accounts.name from accounts
   where accounts.name = campaigns.account and accounts.max_concurrent_calls is not null
   union all
  select campaigns.connection where ${hasLimit('campaigns.connection')}`;

/** Whether the campaign takes part in sharing these limits in this epoch. */
export async function hasShares(
  tx: Queryable,
  { campaignId, epoch }: { campaignId: string; epoch: number },
  limitIds: readonly string[],
): Promise<boolean> {
  if (limitIds.length === 0) return true;
  const { rowCount } = await tx.query({
    name: 'has-shares',
    text: 'select from connection_shares where connection = any($1) and campaign_id = $2 and epoch = $3',
    values: [limitIds, campaignId, epoch],
  });
  return rowCount === limitIds.length;
}
