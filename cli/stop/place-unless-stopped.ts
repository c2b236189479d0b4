/** Places a call outside of campaigns, unless it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StopScope } from '../../db/stops.ts';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { Connection } from '../../providers/connections/connection.ts';
import { withDatabase } from '../database.ts';
import type { Env } from '../env.ts';
import { optionFor } from './selector.ts';

/** The request leaves before `sendBefore` (epoch milliseconds, by this machine's clock), or never. */
type Place<T> = (sendBefore: number) => Promise<T>;

/**
 * Reads the stops and places the call in one transaction, which a stop that begins meanwhile waits for. The transaction ends with
 * the answer, or when the request has left or never will: the server would end it soon after. Without DATABASE_URL nothing is known of
 * stops, and nothing is refused.
 *
 * @throws RingfenceError `conflict` if a stop covers the connection, or each of the accounts that may use it
 */
export async function placeUnlessStopped<T>(
  env: Env,
  connection: Pick<Connection, 'name' | 'accounts'>,
  place: Place<T>,
): Promise<T> {
  if (!env.DATABASE_URL) return placeNow(place);
  const [{ inTransaction }, { listStops, lockTestCall }] = await Promise.all([
    import('../../db/pool.ts'),
    import('../../db/stops.ts'),
  ]);
  let placed: Promise<T> | undefined;
  const deciding = withDatabase(env, (pool) =>
    inTransaction(pool, async (tx) => {
      const sendBefore = Date.now() + DIAL.sendWithinMs;
      await lockTestCall(tx);
      refuseStopped(connection, new Set((await listStops(tx)).map(({ scope }) => scope)));
      placed = place(sendBefore);
      const waiting = new AbortController();
      const over = sleep(sendBefore - Date.now(), undefined, { signal: waiting.signal });
      await Promise.race([placed, over].map((each) => each.catch(() => {}))).finally(() => waiting.abort());
    }),
  );
  try {
    await deciding;
  } catch (error) {
    // Of a call that was placed, the answer counts, whatever became of the transaction.
    if (placed === undefined) throw error;
  }
  return placed!;
}

/** Without a look at stops. */
export async function placeNow<T>(place: Place<T>): Promise<T> {
  return place(Date.now() + DIAL.sendWithinMs);
}

function refuseStopped(
  { name, accounts }: Pick<Connection, 'name' | 'accounts'>,
  stopped: ReadonlySet<StopScope>,
): void {
  const ofAccounts = (accounts ?? []).map((account): StopScope => `account:${account}`);
  const scope = (['all', `connection:${name}`] as const).find((covering) => stopped.has(covering));
  const covering = scope ?? (ofAccounts.every((account) => stopped.has(account)) ? ofAccounts[0] : undefined);
  if (covering === undefined) return;
  const wayOut = `"ringfence start ${optionFor(covering)}" ends the stop, and --despite-stop calls all the same.`;
  throw new RingfenceError('conflict', `Calls through ${name} are stopped. ${wayOut}`, { field: '--despite-stop' });
}
