/**
 * Idempotency keys of writes. A row is one use of a key by an account:
 *
 *   claimed -> answered                    the request was executed; a repeat gets its answer
 *           -> let go                      there was no answer that counts; a repeat executes the request again
 *           -> (its holder is silent)      a repeat takes the claim over
 *   answered with 422, without a campaign  nothing was done; another request may use the key
 *
 * The instants are the database's, so that the clocks of two gateways need not agree.
 */
import { randomUUID } from 'node:crypto';
import type { Queryable } from './pool.ts';

export interface KeyedRequest {
  readonly account: string;
  readonly key: string;
  /** SHA-256 of what the request asks for. */
  readonly fingerprint: Buffer;
}

/** The right to execute a request. */
export interface Claim extends KeyedRequest {
  /** Names this use of the key, also for those who take the claim over. */
  readonly id: string;
  readonly holder: string;
  /** Whether the request may have been executed before: its holder was silent, or had no answer that counts. */
  readonly isRepeat: boolean;
}

/** An answer without its `meta`, which belongs to one request. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: object;
}

/** What a request finds under its key. */
export type Found =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer; readonly contentHash: Buffer | null }
  | { readonly kind: 'running' }
  | { readonly kind: 'other_request' };

/** The minimum time for which a repeat gets the first answer. */
const KEPT = `interval '24 hours'`;

/** Claims the key for `leaseMs`, or says what there is instead. */
export async function claimKey(
  db: Queryable,
  { account, key, fingerprint }: KeyedRequest,
  leaseMs: number,
): Promise<Found> {
  const own = { id: randomUUID(), holder: randomUUID() };
  for (;;) {
    const claimed = await db.query<{ id: string }>(
      `insert into idempotency_keys as k (account, key, fingerprint, id, holder, held_until, kept_until)
       values ($1, $2, $3, $4, $5, now() + $6 * interval '1 millisecond', now() + ${KEPT})
       on conflict (account, key) do update set
         fingerprint = excluded.fingerprint,
         id = case when k.fingerprint = excluded.fingerprint then k.id else excluded.id end,
         holder = excluded.holder, held_until = excluded.held_until, kept_until = excluded.kept_until,
         status = null, answer = null
       where (k.status is null and k.holder is null)
          or (k.status is null and k.held_until <= now() and k.fingerprint = excluded.fingerprint)
          or (k.status = 422 and k.campaign_id is null and k.fingerprint <> excluded.fingerprint)
       returning id`,
      [account, key, fingerprint, own.id, own.holder, leaseMs],
    );
    const id = claimed.rows[0]?.id;
    if (id !== undefined) {
      const claim = { account, key, fingerprint, id, holder: own.holder, isRepeat: id !== own.id };
      return { kind: 'claimed', claim };
    }
    const found = await findKey(db, account, key);
    // Deleted between the two statements.
    if (found === undefined) continue;
    if (!found.fingerprint.equals(fingerprint)) return { kind: 'other_request' };
    const { status, answer, content_hash: contentHash } = found;
    if (status === null || answer === null) return { kind: 'running' };
    return { kind: 'answered', answer: { status, body: answer }, contentHash };
  }
}

interface KeyRow {
  readonly fingerprint: Buffer;
  readonly status: number | null;
  readonly answer: object | null;
  readonly content_hash: Buffer | null;
}

async function findKey(db: Queryable, account: string, key: string): Promise<KeyRow | undefined> {
  const { rows } = await db.query<KeyRow>(
    'select fingerprint, status, answer, content_hash from idempotency_keys where account = $1 and key = $2',
    [account, key],
  );
  return rows[0];
}

/** The claim is not its holder's any more: somebody else has taken it over. */
const OWN = 'account = $1 and key = $2 and holder = $3';

function own({ account, key, holder }: Claim): unknown[] {
  return [account, key, holder];
}

/** Holds the claim for `leaseMs` from now on. */
export async function extendClaim(db: Queryable, claim: Claim, leaseMs: number): Promise<void> {
  await db.query(`update idempotency_keys set held_until = now() + $4 * interval '1 millisecond' where ${OWN}`, [
    ...own(claim),
    leaseMs,
  ]);
}

export interface Answered extends KeptAnswer {
  /** The campaign that the request has created. Its key is never deleted. */
  readonly campaignId?: string;
  /** SHA-256 of the file that was uploaded. */
  readonly contentHash?: Buffer;
}

/**
 * Keeps the answer for repeats, which ends the claim. In the transaction of the request's work, both are committed or
 * neither is. False if somebody else has taken the claim over: then the work must not be committed.
 */
export async function keepAnswer(
  db: Queryable,
  claim: Claim,
  { status, body, campaignId, contentHash }: Answered,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update idempotency_keys
        set status = $4, answer = $5, campaign_id = $6, content_hash = $7, holder = null, held_until = null,
            kept_until = case when $6::uuid is null then now() + ${KEPT} end
      where ${OWN}`,
    [...own(claim), status, JSON.stringify(body), campaignId ?? null, contentHash ?? null],
  );
  return rowCount === 1;
}

/**
 * Ends the claim without an answer. A repeat claims the key under the same id. False if somebody else has taken the claim
 * over.
 */
export async function letGo(db: Queryable, claim: Claim): Promise<boolean> {
  const { rowCount } = await db.query(
    `update idempotency_keys set holder = null, held_until = null where ${OWN}`,
    own(claim),
  );
  return rowCount === 1;
}

/** Deletes up to `limit` keys whose time is over, and returns how many. */
export async function deleteOldKeys(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from idempotency_keys where ctid = any(array(
       select ctid from idempotency_keys where kept_until <= now() limit $1 for update skip locked))`,
    [limit],
  );
  return rowCount ?? 0;
}
