/** Trouble at providers that keeps campaigns from calling. */
import type { Queryable } from './pool.ts';

/** The same trouble of several campaigns. */
export interface SharedTrouble {
  readonly connection: string;
  readonly reason: string;
  readonly since: string;
  /** How often placing has stopped because of it, in the campaign where that happened most. */
  readonly times: number;
  readonly campaigns: number;
}

/** The longest trouble first. */
export async function listTroubles(db: Queryable, limit: number): Promise<SharedTrouble[]> {
  const { rows } = await db.query<Omit<SharedTrouble, 'since'> & { readonly since: Date }>(
    `select connection, trouble_reason as reason, min(trouble_since) as since, max(trouble_times)::integer as times,
            count(*)::integer as campaigns
       from campaigns where trouble_reason is not null
      group by connection, trouble_reason order by since limit $1`,
    [limit],
  );
  return rows.map(({ since, ...row }) => ({ ...row, since: since.toISOString() }));
}
