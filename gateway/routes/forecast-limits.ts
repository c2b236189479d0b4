/** The limits over campaigns that a forecast counts with. */
import { placedOn } from '../../db/account-days.ts';
import { readAccount } from '../../db/accounts.ts';
import { lowestLoad } from '../../db/connection-loads.ts';
import type { Pool } from '../../db/pool.ts';
import { needsOfOthers } from '../../db/share-needs.ts';
import { accountLimitId } from '../../domain/engine/ids.ts';
import { fairShares } from '../../domain/engine/shares.ts';
import type { ForecastAccount, ForecastConnection } from '../../domain/forecast/forecast.ts';
import { civilDay } from '../../domain/windows/windows.ts';
import type { OpenConnection } from '../../providers/connections/open-connections.ts';

export interface ForecastLimits {
  readonly connection: Pick<ForecastConnection, 'callsPerSecond' | 'callsInFlight'>;
  readonly account: ForecastAccount;
}

interface Limited {
  readonly account: string;
  /** Null: it is not created yet. */
  readonly campaignId: string | null;
  readonly slots: number;
  /** The connections through which it may call. The lowest limits of all of them hold. */
  readonly connections: readonly OpenConnection[];
  readonly now: number;
}

export async function forecastLimits(pool: Pool, limited: Limited): Promise<ForecastLimits> {
  const rates: (number | null)[] = [];
  const shares: (number | null)[] = [];
  for (const { connection } of limited.connections) {
    // Workers may have loaded another file than this gateway: the lowest limit holds.
    const loaded = await lowestLoad(pool, connection.name);
    rates.push(connection.callsPerSecond, loaded.callsPerSecond);
    const limit = lowest([connection.maxConcurrentCalls, loaded.maxConcurrentCalls]);
    shares.push(await fairShare(pool, connection.name, limit, limited));
  }
  const connection = { callsPerSecond: lowest(rates), callsInFlight: lowest(shares) };
  return { connection, account: await accountLimits(pool, limited) };
}

async function accountLimits(pool: Pool, limited: Limited): Promise<ForecastAccount> {
  const { account, now } = limited;
  const settings = await readAccount(pool, account);
  const limit = settings?.max_calls_per_day ?? null;
  const callsInFlight = await fairShare(pool, accountLimitId(account), settings?.max_concurrent_calls ?? null, limited);
  if (settings === null || limit === null) return { callsInFlight, callsPerDay: null };
  const { timezone } = settings;
  const { date: day } = civilDay(timezone, now);
  return { callsInFlight, callsPerDay: { limit, timezone, day, placed: await placedOn(pool, account, day) } };
}

/** The campaign's part of a limit of calls in flight, while others need as many as now. Null: no limit. */
async function fairShare(
  pool: Pool,
  limitId: string,
  limit: number | null,
  { slots, campaignId }: Limited,
): Promise<number | null> {
  if (limit === null) return null;
  const [own = 0] = fairShares(limit, [slots, ...(await needsOfOthers(pool, limitId, campaignId))]);
  // With more campaigns than calls they take turns.
  return Math.max(1, own);
}

/** Null is no limit. */
function lowest(limits: readonly (number | null)[]): number | null {
  const known = limits.filter((limit) => limit !== null);
  return known.length === 0 ? null : Math.min(...known);
}
