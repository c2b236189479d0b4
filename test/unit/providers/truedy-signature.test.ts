import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../domain/engine/error-codes.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';
import { verifyTruedy } from '../../../providers/truedy/signature.ts';

const NOW = Date.UTC(2026, 2, 2, 12, 0, 0);
const SECONDS = NOW / 1000;
const OLD = 'whsec_old';
const NEW = 'whsec_new';
const BODY = Buffer.from('{"event":"call.ended","data":{"call_id":"c1","note":"grüß"}}');

function signed(secret: string, seconds: number | string, body = BODY): IncomingHttpHeaders {
  const signature = createHmac('sha256', secret)
    .update(Buffer.concat([Buffer.from(`${seconds}.`), body]))
    .digest('hex');
  return { 'x-truedy-timestamp': String(seconds), 'x-truedy-signature': signature };
}

function verdict(headers: IncomingHttpHeaders, body = BODY, now = NOW): ErrorCode | 'genuine' {
  try {
    verifyTruedy([OLD, NEW], { rawBody: body, headers, now });
    return 'genuine';
  } catch (error) {
    if (error instanceof RingfenceError) return error.code;
    throw error;
  }
}

describe('webhook signatures', () => {
  const genuine = signed(NEW, SECONDS);
  const signature = String(genuine['x-truedy-signature']);

  test.each<[string, IncomingHttpHeaders]>([
    ['under the new secret', genuine],
    ['under the old secret', signed(OLD, SECONDS)],
    ['upper-case hex', { ...genuine, 'x-truedy-signature': signature.toUpperCase() }],
    ['five minutes old', signed(NEW, SECONDS - 300)],
    ['five minutes ahead', signed(NEW, SECONDS + 300)],
  ])('accepted: %s', (_name, headers) => {
    expect(verdict(headers)).toBe('genuine');
  });

  test.each<[string, IncomingHttpHeaders]>([
    ['under another secret', signed('whsec_else', SECONDS)],
    ['no headers', {}],
    ['no timestamp', { 'x-truedy-signature': signature }],
    ['no signature', { 'x-truedy-timestamp': String(SECONDS) }],
    ['signed for another second', { ...signed(NEW, SECONDS), 'x-truedy-timestamp': String(SECONDS + 1) }],
    ['timestamp in words', signed(NEW, 'now')],
    ['timestamp with a fraction', signed(NEW, `${SECONDS}.5`)],
    ['timestamp sent twice', { ...genuine, 'x-truedy-timestamp': `${SECONDS}, ${SECONDS}` }],
    ['signature sent twice', { ...genuine, 'x-truedy-signature': `${signature}, ${signature}` }],
    ['signature as a list', { ...genuine, 'x-truedy-signature': [signature] }],
    ['signature cut short', { ...genuine, 'x-truedy-signature': signature.slice(0, 62) }],
    ['signature not hex', { ...genuine, 'x-truedy-signature': 'z'.repeat(64) }],
    ['empty signature', { ...genuine, 'x-truedy-signature': '' }],
  ])('refused as forged: %s', (_name, headers) => {
    expect(verdict(headers)).toBe('invalid_signature');
  });

  test('refused as forged: any altered byte of the body', () => {
    for (let at = 0; at < BODY.length; at += 1) {
      const altered = Buffer.from(BODY);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(verdict(genuine, altered)).toBe('invalid_signature');
    }
  });

  test('a true signature replayed later, or from the future, is stale', () => {
    expect(verdict(genuine, BODY, NOW + 300_001)).toBe('stale_signature');
    expect(verdict(genuine, BODY, NOW - 300_001)).toBe('stale_signature');
  });

  test('age is not told to those who cannot sign', () => {
    expect(verdict(signed('whsec_else', SECONDS - 9_999))).toBe('invalid_signature');
  });
});
