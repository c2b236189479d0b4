/** The connections that workers of this database have. */
import { isLoaded } from './connection-loads.ts';
import type { Queryable } from './pool.ts';
import { isUnfinished } from './unfinished.ts';

/** Each connection has a row, which all of its dials share. */
export async function recordConnections(db: Queryable, names: readonly string[]): Promise<void> {
  await db.query('insert into connections (name) select unnest($1::text[]) order by 1 on conflict do nothing', [names]);
}

/** Connections of campaigns that are not over, as far as no worker has loaded them. */
export async function connectionsWithoutWorker(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ connection: string }>(
    `select distinct connection from campaigns
      where ${isUnfinished('campaigns')} and not ${isLoaded('campaigns.connection')}`,
  );
  return rows.map(({ connection }) => connection);
}
