/** The keys of the API. Only their hashes are stored. */
import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from './pool.ts';

export type Scope = 'read' | 'write';

export interface ApiKey {
  readonly id: string;
  /** The account that the key belongs to. */
  readonly account: string;
  readonly name: string;
  readonly scope: Scope;
  /** SHA-256 of the key, which itself is not stored. */
  readonly hash: Buffer;
}

/** The visible data of a key. */
export interface ApiKeyEntry {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly scope: Scope;
  readonly created_at: string;
  /** Null while the key is valid. */
  readonly revoked_at: string | null;
}

export interface NewApiKey {
  readonly account: string;
  readonly name: string;
  readonly scope: Scope;
}

/** 256 random bits cannot be guessed. The encoding has no characters with a meaning in a shell or a header. */
const KEY_BYTES = 32;
const COLUMNS = 'id, account, name, scope, created_at, revoked_at';

/** Keys are long and random, so a plain hash protects them as well as a slow one, without its cost per request. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The keys with these hashes, except revoked ones. */
export async function findApiKeys(db: Queryable, hashes: readonly Buffer[]): Promise<ApiKey[]> {
  const { rows } = await db.query<ApiKey>(
    'select id, account, name, scope, hash from api_keys where hash = any($1::bytea[]) and revoked_at is null',
    [hashes],
  );
  return rows;
}

/** Records a key by its hash. A known key is not changed: it stays revoked if it was. */
export async function addApiKey(db: Queryable, key: NewApiKey & { readonly hash: Buffer }): Promise<void> {
  await db.query(
    'insert into api_keys (account, name, hash, scope) values ($1, $2, $3, $4) on conflict (hash) do nothing',
    [key.account, key.name, key.hash, key.scope],
  );
}

/** Creates a new key. It appears only in the return value. */
export async function createApiKey(
  db: Queryable,
  { account, name, scope }: NewApiKey,
): Promise<ApiKeyEntry & { readonly key: string }> {
  const key = `rf_${randomBytes(KEY_BYTES).toString('base64url')}`;
  const { rows } = await db.query<Row>(
    `insert into api_keys (account, name, hash, scope) values ($1, $2, $3, $4) returning ${COLUMNS}`,
    [account, name, hashKey(key), scope],
  );
  return { ...entry(rows[0]!), key };
}

/** All keys, or one account's, revoked ones included, oldest first. */
export async function listApiKeys(db: Queryable, account: string | null): Promise<ApiKeyEntry[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from api_keys where $1::text is null or account = $1 order by created_at, id`,
    [account],
  );
  return rows.map(entry);
}

/**
 * Revokes a key from the next request on. A revoked key keeps the time of its revocation. Null if there is no such key.
 */
export async function revokeApiKey(db: Queryable, id: string): Promise<ApiKeyEntry | null> {
  const { rows } = await db.query<Row>(
    `update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 returning ${COLUMNS}`,
    [id],
  );
  return rows[0] ? entry(rows[0]) : null;
}

type Row = Omit<ApiKeyEntry, 'created_at' | 'revoked_at'> & {
  readonly created_at: Date;
  readonly revoked_at: Date | null;
};

function entry({ created_at, revoked_at, ...key }: Row): ApiKeyEntry {
  return { ...key, created_at: created_at.toISOString(), revoked_at: revoked_at?.toISOString() ?? null };
}
