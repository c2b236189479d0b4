import type { Queryable } from './pool.ts';

/** Whether the campaign takes part in sharing the limit of its connection in this epoch. */
export async function hasShare(
  tx: Queryable,
  { connection, campaignId, epoch }: { connection: string; campaignId: string; epoch: number },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'has-share',
    text: 'select from connection_shares where connection = $1 and campaign_id = $2 and epoch = $3',
    values: [connection, campaignId, epoch],
  });
  return rowCount === 1;
}
