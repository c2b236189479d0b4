/** The doctor's question about calls: does trouble at a provider hold campaigns. */
import type { SharedTrouble } from '../../db/provider-trouble.ts';
import { Ringfence } from '../../client/ringfence.ts';
import type { Campaign } from '../../domain/api/campaign-responses.ts';
import { counted } from '../../domain/engine/counted.ts';
import { withDatabase } from '../database.ts';
import type { Env } from '../env.ts';
import { type Finding, skipped, trouble, well } from './finding.ts';

const check = 'provider trouble';
const MOST_NAMED = 5;
/** The longest page of the gateway. */
const NEWEST = 100;
const ADVICE =
  'The campaigns probe the provider and continue by themselves. "blocked" needs a person: check the money, the key and the limits of the account. "campaigns resume" after a pause probes at once.';

/** Asks the database where it is known, which has the campaigns of all accounts, else the gateway. */
export async function checkProviderTrouble(
  api: { readonly url: string; readonly key?: string },
  env: Env,
): Promise<Finding> {
  try {
    if (env.DATABASE_URL) return judge(await fromDatabase(env));
    if (api.key) return judge(await fromGateway(api.url, api.key));
    return skipped(check, 'neither DATABASE_URL nor RINGFENCE_API_KEY is set');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // What could not be asked has a separate finding.
    return skipped(check, 'not checked: the server does not answer');
  }
}

async function fromDatabase(env: Env): Promise<SharedTrouble[]> {
  const { listTroubles } = await import('../../db/provider-trouble.ts');
  return withDatabase(env, (db) => listTroubles(db, MOST_NAMED));
}

async function fromGateway(baseUrl: string, apiKey: string): Promise<SharedTrouble[]> {
  const { campaigns } = new Ringfence({ baseUrl, apiKey, maxRetries: 0 });
  const { data } = await campaigns.list({ status: 'active', limit: NEWEST });
  return sharedTroubles(data).slice(0, MOST_NAMED);
}

export function sharedTroubles(campaigns: readonly Campaign[]): SharedTrouble[] {
  const shared = new Map<string, SharedTrouble>();
  for (const { connection, provider_trouble: each } of campaigns) {
    if (each === null) continue;
    // A campaign may not know the latest reason of its connection yet.
    const key = each.scope === 'connection' ? connection : `${connection} ${each.reason}`;
    const known = shared.get(key);
    shared.set(key, {
      connection,
      reason: known && known.times > each.times ? known.reason : each.reason,
      since: known && known.since < each.since ? known.since : each.since,
      times: Math.max(known?.times ?? 0, each.times),
      campaigns: (known?.campaigns ?? 0) + 1,
      of_connection: each.scope === 'connection',
    });
  }
  return [...shared.values()].toSorted((a, b) => (a.since < b.since ? -1 : 1));
}

function judge(troubles: readonly SharedTrouble[]): Finding {
  if (troubles.length === 0) return well(check, 'no campaign has any');
  const named = troubles.map(inWords);
  return trouble(check, named.join('; '), ADVICE, { troubles });
}

function inWords({ connection, reason, since, times, campaigns, of_connection }: SharedTrouble): string {
  return of_connection
    ? `${connection}: ${reason} on the whole connection since ${since}, ${counted(times, 'time')}; ${counted(campaigns, 'campaign')} held`
    : `${connection}: ${reason} in ${counted(campaigns, 'campaign')} since ${since}, up to ${counted(times, 'time')}`;
}
