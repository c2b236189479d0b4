import type { Pool } from './pool.ts';

export type Scope = 'read' | 'write';

export interface ApiKey {
  readonly id: string;
  /** Whose campaigns and contacts the key opens. */
  readonly account: string;
  readonly scope: Scope;
  /** SHA-256 of the key: the key itself is kept nowhere. */
  readonly hash: Buffer;
}

/** The key with this hash, unless it was revoked. */
export async function findApiKey(pool: Pool, hash: Buffer): Promise<ApiKey | null> {
  const { rows } = await pool.query<ApiKey>(
    'select id, account, scope, hash from api_keys where hash = $1 and revoked_at is null',
    [hash],
  );
  return rows[0] ?? null;
}

/** Records a key by its hash. One that is known already stays as it is: revoked, if it was. */
export async function addApiKey(
  pool: Pool,
  key: { readonly account: string; readonly name: string; readonly scope: Scope; readonly hash: Buffer },
): Promise<void> {
  await pool.query(
    'insert into api_keys (account, name, hash, scope) values ($1, $2, $3, $4) on conflict (hash) do nothing',
    [key.account, key.name, key.hash, key.scope],
  );
}
