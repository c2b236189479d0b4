import { RingfenceError } from '../domain/engine/errors.ts';
import type { Queryable } from './pool.ts';

export interface IdempotentRequest {
  readonly account: string;
  readonly key: string;
  /** SHA-256 of the request's content. */
  readonly bodyHash: Buffer;
}

/**
 * Executes a request once per account and key, and returns the first answer to a repeat. It runs inside the request's
 * own transaction. Others with the same key wait until it ends, then return its answer or, if it was rolled back,
 * become the first.
 *
 * @throws RingfenceError `idempotency_mismatch` if the key was used for another request
 */
export async function withIdempotencyKey<T>(
  tx: Queryable,
  { account, key, bodyHash }: IdempotentRequest,
  campaignId: string,
  work: () => Promise<T>,
): Promise<{ readonly answer: T; readonly repeated: boolean }> {
  const taken = await tx.query(
    `insert into idempotency_keys (account, key, body_hash, campaign_id, answer) values ($1, $2, $3, $4, 'null')
     on conflict (account, key) do nothing`,
    [account, key, bodyHash, campaignId],
  );
  if (taken.rowCount === 0) return { answer: await firstAnswer<T>(tx, account, key, bodyHash), repeated: true };
  const answer = await work();
  await tx.query('update idempotency_keys set answer = $3 where account = $1 and key = $2', [
    account,
    key,
    JSON.stringify(answer),
  ]);
  return { answer, repeated: false };
}

async function firstAnswer<T>(tx: Queryable, account: string, key: string, bodyHash: Buffer): Promise<T> {
  const { rows } = await tx.query<{ body_hash: Buffer; answer: T }>(
    'select body_hash, answer from idempotency_keys where account = $1 and key = $2',
    [account, key],
  );
  const first = rows[0];
  if (!first?.body_hash.equals(bodyHash)) {
    throw new RingfenceError(
      'idempotency_mismatch',
      'X-Idempotency-Key was used for another request before: repeat that request unchanged, or choose a new key.',
      { field: 'X-Idempotency-Key' },
    );
  }
  return first.answer;
}
