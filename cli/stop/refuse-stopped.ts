/** Refuses a call outside of campaigns while it is stopped. */
import type { StopScope } from '../../db/stops.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { Connection } from '../../providers/connections/connection.ts';
import { withDatabase } from '../database.ts';
import type { Env } from '../env.ts';
import { optionFor } from './end-stop.ts';

/**
 * Without DATABASE_URL nothing is known of stops, and nothing is refused.
 *
 * @throws RingfenceError `conflict` if a stop covers the connection, or each of the accounts that may use it
 */
export async function refuseStopped(
  env: Env,
  { name, accounts }: Pick<Connection, 'name' | 'accounts'>,
): Promise<void> {
  if (!env.DATABASE_URL) return;
  const { listStops } = await import('../../db/stops.ts');
  const stopped = new Set((await withDatabase(env, (pool) => listStops(pool))).map(({ scope }) => scope));
  const ofAccounts = (accounts ?? []).map((account): StopScope => `account:${account}`);
  const scope = (['all', `connection:${name}`] as const).find((covering) => stopped.has(covering));
  const covering = scope ?? (ofAccounts.every((account) => stopped.has(account)) ? ofAccounts[0] : undefined);
  if (covering === undefined) return;
  const wayOut = `"ringfence start ${optionFor(covering)}" ends the stop, and --despite-stop calls all the same.`;
  throw new RingfenceError('conflict', `Calls through ${name} are stopped. ${wayOut}`, { field: '--despite-stop' });
}
