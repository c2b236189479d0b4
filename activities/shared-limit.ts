import { readAccountLimit } from '../db/accounts.ts';
import { lowestLoad } from '../db/connection-loads.ts';
import { accountOfLimit } from '../domain/engine/ids.ts';
import type { ActivityDeps } from './context.ts';

/**
 * The limit that campaigns share now. Infinity: there is none any more. That includes a connection that no worker has loaded: its
 * campaigns go on to their next dial, which is refused and says why.
 */
export async function readSharedLimit(
  { pool, connections }: Pick<ActivityDeps, 'pool' | 'connections'>,
  limitId: string,
): Promise<number> {
  const account = accountOfLimit(limitId);
  if (account !== null) return (await readAccountLimit(pool, account)) ?? Infinity;
  const own = connections.get(limitId)?.connection.maxConcurrentCalls ?? Infinity;
  // Other workers may have loaded another file: the lowest limit holds.
  return Math.min(own, (await lowestLoad(pool, limitId)).maxConcurrentCalls ?? Infinity);
}
