/**
 * What campaigns could use of an account's limit of calls in flight. A campaign asks its account for all that it could use. Where its
 * connection gives it less, the rest would lie idle while others of the account wait.
 */
import type { Shareholder } from '../domain/engine/shares.ts';
import type { Queryable } from './pool.ts';

/**
 * The campaign keeps asking its connection for one call more than it has. So it is seen when the connection has more for it, and asks
 * its account for all again. With fewer than two, a campaign whose turn on its connection comes and goes would be told of it each time.
 */
const MORE = 1;
const LEAST = 2;

/** The campaigns as the account's limit is to be divided among them, in the same order. */
export async function withBoundNeeds(
  tx: Queryable,
  limitId: string,
  holders: readonly Shareholder[],
): Promise<Shareholder[]> {
  const { rows } = await tx.query<{ id: string; share: number }>(
    `select c.id, own.share from connection_shares s
       join campaigns c on c.id = s.campaign_id
       join connection_shares own on own.connection = c.connection and own.campaign_id = c.id and own.epoch = s.epoch
      where s.connection = $1 and own.need > own.share`,
    [limitId],
  );
  const shares = new Map(rows.map(({ id, share }) => [id, share]));
  return holders.map((holder) => {
    const share = shares.get(holder.campaignId);
    return share === undefined ? holder : { ...holder, need: Math.min(holder.need, Math.max(LEAST, share + MORE)) };
  });
}
