import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { RingfenceError } from '../../domain/engine/errors.ts';

/** How far a signature's time may lie from ours, either way: a stale one may be a replay, a future one a forged clock. */
const TOLERANCE_MS = 5 * 60_000;

/** The signature of a webhook: hex HMAC-SHA256 of `{timestamp}.{raw body}`, the timestamp in Unix seconds. */
export function signTruedy(secret: string, timestamp: string, rawBody: Buffer): string {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest('hex');
}

/**
 * Checks a webhook's signature, then its age. Repeated headers reach us joined by commas and so fail the form.
 *
 * @throws RingfenceError `invalid_signature` when no secret gives this signature, `stale_signature` when one does but
 * its time is more than five minutes away from `now`.
 */
export function verifyTruedy(
  secrets: readonly string[],
  rawBody: Buffer,
  headers: IncomingHttpHeaders,
  now: number,
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
      'The signature does not fit this body under any configured webhook secret: compare the secret with the provider.',
      { field: 'X-Truedy-Signature' },
    );
  }
  if (Math.abs(now - Number(timestamp) * 1000) > TOLERANCE_MS) {
    throw new RingfenceError(
      'stale_signature',
      'The signature is more than five minutes away from our clock: the provider must sign again, or a clock is wrong.',
      { field: 'X-Truedy-Timestamp' },
    );
  }
}
