import { createHmac, timingSafeEqual } from 'node:crypto';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { ReceivedWebhook } from '../port.ts';

/** How far a signature's time may differ from ours. An old one may be a replay, a future one a forged clock. */
const TOLERANCE_MS = 5 * 60_000;

/** The signature of a webhook: hex HMAC-SHA256 of `{timestamp}.{raw body}`, the timestamp in Unix seconds. */
export function signTruedy(secret: string, timestamp: string, rawBody: Buffer): string {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest('hex');
}

/**
 * Checks a webhook's signature, then its age. Repeated headers arrive joined by commas and are therefore malformed.
 *
 * @throws RingfenceError `invalid_signature` if no secret gives this signature, `stale_signature` if one does but its
 *   time differs from `now` by more than five minutes
 */
export function verifyTruedy(
  secrets: readonly string[],
  { rawBody, headers, now }: Omit<ReceivedWebhook, 'url'>,
): void {
  const timestamp = headers['x-truedy-timestamp'];
  const signature = headers['x-truedy-signature'];
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) {
    throw new RingfenceError('invalid_signature', 'X-Truedy-Timestamp must be given once, in Unix seconds.', {
      field: 'X-Truedy-Timestamp',
    });
  }
  if (typeof signature !== 'string' || !/^[0-9a-f]{64}$/i.test(signature)) {
    throw new RingfenceError('invalid_signature', 'X-Truedy-Signature must be given once, as 64 hex digits.', {
      field: 'X-Truedy-Signature',
    });
  }
  const given = Buffer.from(signature, 'hex');
  const matches = secrets.map((secret) =>
    timingSafeEqual(given, Buffer.from(signTruedy(secret, timestamp, rawBody), 'hex')),
  );
  if (!matches.includes(true)) {
    throw new RingfenceError(
      'invalid_signature',
      'The signature does not match this body with any configured webhook secret: compare the secret with the provider.',
      { field: 'X-Truedy-Signature' },
    );
  }
  if (Math.abs(now - Number(timestamp) * 1000) > TOLERANCE_MS) {
    throw new RingfenceError(
      'stale_signature',
      'The time of the signature differs from our clock by more than five minutes: correct the clock that is wrong, or sign again.',
      { field: 'X-Truedy-Timestamp' },
    );
  }
}
