import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../domain/engine/error-codes.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';
import { verifyRetell } from '../../../providers/retell/signature.ts';

const NOW = Date.UTC(2026, 2, 2, 12, 0, 0);
const OLD = 'key_old';
const NEW = 'key_new';
const BODY = Buffer.from('{"event":"call_ended","call":{"call_id":"c1","note":"grüß"}}');

function signed(key: string, ms: number | string, body = BODY): IncomingHttpHeaders {
  const digest = createHmac('sha256', key)
    .update(Buffer.concat([body, Buffer.from(String(ms))]))
    .digest('hex');
  return { 'x-retell-signature': `v=${ms},d=${digest}` };
}

function verdict(
  headers: IncomingHttpHeaders,
  { rawBody = BODY, now = NOW, keys = [OLD, NEW] }: { rawBody?: Buffer; now?: number; keys?: string[] } = {},
): ErrorCode | 'genuine' {
  try {
    verifyRetell(keys, { rawBody, headers, now });
    return 'genuine';
  } catch (error) {
    if (error instanceof RingfenceError) return error.code;
    throw error;
  }
}

describe("Retell's signatures", () => {
  const genuine = signed(NEW, NOW);
  const header = String(genuine['x-retell-signature']);

  test('accepts the signature that Retell publishes as an example', () => {
    const published = {
      'x-retell-signature': 'v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e',
    };
    const rawBody = Buffer.from('{"event":"call_ended"}');
    const at = { rawBody, now: 1_700_000_000_000, keys: ['test-api-key'] };
    expect(verdict(published, at)).toBe('genuine');
    expect(verdict(published, { ...at, keys: ['test-api-key2'] })).toBe('invalid_signature');
  });

  test.each<[string, IncomingHttpHeaders]>([
    ['under the new key', genuine],
    ['under the old key', signed(OLD, NOW)],
    ['upper-case hex', { 'x-retell-signature': header.replace(/d=.*/, (hex) => `d=${hex.slice(2).toUpperCase()}`) }],
    ['five minutes old', signed(NEW, NOW - 300_000)],
    ['five minutes ahead', signed(NEW, NOW + 300_000)],
  ])('accepted: %s', (_name, headers) => {
    expect(verdict(headers)).toBe('genuine');
  });

  test.each<[string, IncomingHttpHeaders]>([
    ['under another key', signed('key_else', NOW)],
    ['no header', {}],
    ['empty', { 'x-retell-signature': '' }],
    ['signed for another millisecond', { 'x-retell-signature': header.replace(`v=${NOW}`, `v=${NOW + 1}`) }],
    ['time in words', signed(NEW, 'now')],
    ['time with a fraction', signed(NEW, `${NOW}.5`)],
    ['negative time', signed(NEW, -NOW)],
    ['sent twice', { 'x-retell-signature': `${header}, ${header}` }],
    ['as a list', { 'x-retell-signature': [header] }],
    ['cut short', { 'x-retell-signature': header.slice(0, -2) }],
    ['not hex', { 'x-retell-signature': `v=${NOW},d=${'z'.repeat(64)}` }],
    ['digest alone', { 'x-retell-signature': header.replace(/.*d=/, '') }],
  ])('refused as forged: %s', (_name, headers) => {
    expect(verdict(headers)).toBe('invalid_signature');
  });

  test('refused as forged: any altered byte of the body', () => {
    for (let at = 0; at < BODY.length; at += 1) {
      const rawBody = Buffer.from(BODY);
      rawBody.writeUInt8(rawBody.readUInt8(at) ^ 1, at);
      expect(verdict(genuine, { rawBody })).toBe('invalid_signature');
    }
  });

  test('refused as forged: a digit that moves from the body into the time', () => {
    const rawBody = Buffer.from('{"n":1}1');
    const moved = createHmac('sha256', NEW).update(`${rawBody.toString()}${NOW}`).digest('hex');
    const headers = { 'x-retell-signature': `v=1${NOW},d=${moved}` };
    expect(verdict(headers, { rawBody: Buffer.from('{"n":1}') })).toBe('stale_signature');
  });

  test('a true signature replayed later, or from the future, is stale', () => {
    expect(verdict(genuine, { now: NOW + 300_001 })).toBe('stale_signature');
    expect(verdict(genuine, { now: NOW - 300_001 })).toBe('stale_signature');
  });

  test('age is not told to those who cannot sign', () => {
    expect(verdict(signed('key_else', NOW - 9_999_999))).toBe('invalid_signature');
  });
});
