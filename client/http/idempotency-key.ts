import { randomUUID } from 'node:crypto';
import { RingfenceError } from '../errors.ts';
import type { WriteOptions } from '../options.ts';

/** A space at an end would be lost on the way, and two keys could become one. */
const KEY = /^(?! )[\x20-\x7e]{1,255}(?<! )$/;

/**
 * The key of a write: the caller's, or a random one. Programs without types may pass null or a number, which must not become the
 * text of a key that other writes have as well.
 * @throws RingfenceError `validation_error` if no header can carry the key as it is
 */
export function readIdempotencyKey({ idempotencyKey = randomUUID() }: WriteOptions): string {
  if (typeof idempotencyKey === 'string' && KEY.test(idempotencyKey)) return idempotencyKey;
  const message = 'The idempotency key must be 1 to 255 printable ASCII characters, without a space at its ends.';
  throw new RingfenceError('validation_error', message, { field: 'idempotencyKey' });
}
