import { describe, expect, test } from 'vitest';
import type { PlaceResult } from '../../../providers/port.ts';
import { classifyPlacement } from '../../../providers/twilio/answer.ts';

const NOW = Date.UTC(2026, 2, 2, 12);
const SID = `CA${'0'.repeat(32)}`;

function answered(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered' as const, status, headers, body: Buffer.from(text) };
}
const refusal = (code: number, status = 400) =>
  answered(status, { code, message: 'The number +12125550123 is …', more_info: '', status });
const blocked = (reason: string): PlaceResult => ({ kind: 'blocked', reason });
const rejected = (reason: string): PlaceResult => ({ kind: 'rejected', reason });
const unknown = (reason: string): PlaceResult => ({ kind: 'unknown', reason });

describe('what an answer to a placement proves', () => {
  test.each<[string, Parameters<typeof classifyPlacement>[0], PlaceResult]>([
    ['created', answered(201, { sid: SID, status: 'queued' }), { kind: 'accepted', providerCallId: SID }],
    ['an odd SID', answered(201, { sid: 'x' }), unknown('unexpected_answer')],
    ['no SID', answered(201, {}), unknown('unexpected_answer')],
    ['not JSON', answered(201, '<html>'), unknown('unexpected_answer')],
    ['a redirect', answered(302, ''), unknown('http_302')],
    ['too many requests', refusal(20_429, 429), { kind: 'throttled', retryAfterMs: null }],
    ['too many requests, not from Twilio', answered(429, 'slow down'), { kind: 'throttled', retryAfterMs: null }],
    ['when to come again', answered(429, '', { 'retry-after': '3' }), { kind: 'throttled', retryAfterMs: 3_000 }],
    ['too many concurrent calls', refusal(10_004), { kind: 'throttled', retryAfterMs: null }],
    ['a wrong token', refusal(20_003, 401), blocked('unauthorized')],
    ['401 without a code', answered(401, ''), blocked('unauthorized')],
    ['403 without a code', answered(403, ''), blocked('forbidden')],
    ['an unknown account', refusal(20_404, 404), blocked('account_not_found')],
    ['a number to call from', refusal(21_210), blocked('from_number_refused')],
    ['a country that is not permitted', refusal(21_215), blocked('country_not_permitted')],
    ['a country that is not permitted, as <Dial> has it', refusal(13_227), blocked('country_not_permitted')],
    ['a trial account', refusal(21_219), blocked('trial_account')],
    ['a full queue', refusal(22_005), { kind: 'throttled', retryAfterMs: null }],
    ['an invalid number', refusal(21_211), rejected('invalid_number')],
    ['a number that cannot be reached', refusal(21_214), rejected('invalid_number')],
    ['a number that looks invalid', refusal(21_217), rejected('invalid_number')],
    ['a number that Twilio blocks', refusal(21_216), rejected('number_not_allowed')],
    ['a number that Twilio blocks, as <Dial> has it', refusal(13_225), rejected('number_not_allowed')],
    ['a country code that does not exist', refusal(13_226), rejected('invalid_number')],
    ['a code that nobody knows', refusal(29_999), blocked('twilio_29999')],
    ['400 without a code', answered(400, 'no'), blocked('http_400')],
    ['too large', answered(413, ''), rejected('too_large')],
    ['409', answered(409, ''), unknown('http_409')],
    ['408', answered(408, ''), unknown('http_408')],
    ['500 with a code', refusal(20_500, 500), unknown('http_500')],
    ['an invalid number in a 500', refusal(21_211, 500), unknown('http_500')],
    ['503', answered(503, '', { 'retry-after': '3' }), unknown('http_503')],
    ['no connection', { kind: 'unsent', code: 'ECONNREFUSED' }, { kind: 'unavailable', reason: 'ECONNREFUSED' }],
    ['a lost reply', { kind: 'lost', code: 'timeout' }, unknown('timeout')],
    ['too late to send', { kind: 'expired' }, { kind: 'expired' }],
  ])('%s', (_, result, expected) => {
    expect(classifyPlacement(result, NOW)).toEqual(expected);
  });
});
