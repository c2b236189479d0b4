/** Trouble at providers that keeps campaigns from calling. */
import { readBreaker } from './connection-breakers.ts';
import type { Queryable } from './pool.ts';

/** Trouble of a whole connection, or the same trouble of several campaigns. */
export interface SharedTrouble {
  readonly connection: string;
  readonly reason: string;
  readonly since: string;
  /** How often placing has stopped because of it, in the campaign where that happened most. */
  readonly times: number;
  /** Campaigns that hold their calls because of it. */
  readonly campaigns: number;
  /** Whether it holds all campaigns on the connection. */
  readonly of_connection: boolean;
}

/** The longest trouble first. */
export async function listTroubles(db: Queryable, limit: number): Promise<SharedTrouble[]> {
  const { rows } = await db.query<Omit<SharedTrouble, 'since'> & { readonly since: Date }>(
    `select connection, trouble_reason as reason, min(trouble_since) as since, max(trouble_times)::integer as times,
            count(*)::integer as campaigns, false as of_connection
       from campaigns where trouble_reason is not null and not trouble_of_connection
      group by connection, trouble_reason order by since limit $1`,
    [limit],
  );
  const ofCampaigns = rows.map(({ since, ...row }) => ({ ...row, since: since.toISOString() }));
  return [...ofCampaigns, ...(await ofConnections(db))]
    .toSorted((a, b) => (a.since < b.since ? -1 : 1))
    .slice(0, limit);
}

/** Trouble of connections whose campaigns hold their calls because of it. */
async function ofConnections(db: Queryable): Promise<SharedTrouble[]> {
  const { rows } = await db.query<{ connection: string; campaigns: number }>(
    `select connection, count(*)::integer as campaigns from campaigns
      where trouble_reason is not null and trouble_of_connection group by connection`,
  );
  const troubles = await Promise.all(
    rows.map(async ({ connection, campaigns }): Promise<SharedTrouble[]> => {
      const { trouble } = await readBreaker(db, connection);
      if (trouble === null) return [];
      const { reason, since, times } = trouble;
      return [{ connection, reason, since: new Date(since).toISOString(), times, campaigns, of_connection: true }];
    }),
  );
  return troubles.flat();
}
