import { createHmac, timingSafeEqual } from 'node:crypto';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { ReceivedWebhook } from '../port.ts';

/** How far a signature's time may differ from ours. An old one may be a replay, a future one a forged clock. */
const TOLERANCE_MS = 5 * 60_000;
const FIELD = 'X-Retell-Signature';
const SIGNATURE = /^v=(\d{1,15}),d=([0-9a-f]{64})$/i;

/**
 * Checks `X-Retell-Signature: v=<milliseconds>,d=<hex>`, then its age. The hex digits are the HMAC-SHA256 of the raw
 * body followed by the milliseconds, keyed with an API key.
 *
 * @throws RingfenceError `invalid_signature` if no key gives this signature, `stale_signature` if one does but its time
 *   differs from `now` by more than five minutes
 */
export function verifyRetell(
  keys: readonly string[],
  { rawBody, headers, now }: Pick<ReceivedWebhook, 'rawBody' | 'headers' | 'now'>,
): void {
  const header = headers['x-retell-signature'];
  const [, time, hex] = (typeof header === 'string' && SIGNATURE.exec(header)) || [];
  if (time === undefined || hex === undefined) {
    throw new RingfenceError(
      'invalid_signature',
      'X-Retell-Signature must be given once, as v=, Unix milliseconds, ,d= and 64 hex digits.',
      { field: FIELD },
    );
  }
  const given = Buffer.from(hex, 'hex');
  const matches = keys.map((key) =>
    timingSafeEqual(given, createHmac('sha256', key).update(rawBody).update(time).digest()),
  );
  if (!matches.includes(true)) {
    throw new RingfenceError(
      'invalid_signature',
      'The signature does not match this body with any configured key: Retell signs with the API key that has the webhook badge.',
      { field: FIELD },
    );
  }
  if (Math.abs(now - Number(time)) > TOLERANCE_MS) {
    throw new RingfenceError(
      'stale_signature',
      'The time of the signature differs from our clock by more than five minutes: correct the clock that is wrong, or sign again.',
      { field: FIELD },
    );
  }
}
