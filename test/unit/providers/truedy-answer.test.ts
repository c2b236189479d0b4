import { describe, expect, test } from 'vitest';
import type { PlaceResult } from '../../../providers/port.ts';
import { retryAfterMs } from '../../../providers/http-answer.ts';
import { classifyPlacement } from '../../../providers/truedy/answer.ts';

const NOW = Date.UTC(2026, 2, 2, 12, 0, 0);

function answered(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered' as const, status, headers, body: Buffer.from(text) };
}

function refusal(code: string, details: unknown, message = 'no') {
  return { error: { code, message, details } };
}

describe('what an answer to a placement proves', () => {
  const table: [string, ReturnType<typeof answered>, PlaceResult][] = [
    ['created', answered(201, { data: { id: 'c1' } }), { kind: 'accepted', providerCallId: 'c1' }],
    ['replayed', answered(200, { data: { id: 'c1' } }), { kind: 'accepted', providerCallId: 'c1' }],
    ['numeric id', answered(201, { data: { id: 17 } }), { kind: 'accepted', providerCallId: '17' }],
    ['no id', answered(201, { data: {} }), { kind: 'unknown', reason: 'unexpected_answer' }],
    ['empty id', answered(201, { data: { id: '' } }), { kind: 'unknown', reason: 'unexpected_answer' }],
    ['not JSON', answered(201, '<html>'), { kind: 'unknown', reason: 'unexpected_answer' }],
    ['empty body', answered(204, ''), { kind: 'unknown', reason: 'unexpected_answer' }],
    ['redirect', answered(302, '', { location: '/x' }), { kind: 'unknown', reason: 'http_302' }],
    ['bad form', answered(400, refusal('bad_request', null)), { kind: 'rejected', reason: 'invalid_request' }],
    ['bad form, no JSON', answered(400, 'nope'), { kind: 'rejected', reason: 'invalid_request' }],
    [
      'number refused',
      answered(422, refusal('validation_error', [{ field: 'phone_number' }])),
      { kind: 'rejected', reason: 'number_refused' },
    ],
    [
      'number refused, by path',
      answered(422, refusal('validation_error', { path: ['body', 'phone_number'] })),
      { kind: 'rejected', reason: 'number_refused' },
    ],
    [
      'number refused, by key',
      answered(422, refusal('validation_error', { phone_number: ['not reachable'] })),
      { kind: 'rejected', reason: 'number_refused' },
    ],
    [
      'number refused, only in words',
      answered(422, refusal('validation_error', null, 'phone_number is not reachable')),
      { kind: 'rejected', reason: 'number_refused' },
    ],
    [
      'details win over words',
      answered(422, refusal('validation_error', { field: 'phone_number' }, 'the agent_id x cannot call this')),
      { kind: 'rejected', reason: 'number_refused' },
    ],
    [
      'agent refused',
      answered(422, refusal('validation_error', [{ field: 'agent_id' }])),
      { kind: 'blocked', reason: 'agent_not_found' },
    ],
    ['agent code', answered(400, refusal('agent_not_found', null)), { kind: 'blocked', reason: 'agent_not_found' }],
    [
      'number to call from',
      answered(422, refusal('validation_error', { field: 'from_number' })),
      { kind: 'blocked', reason: 'from_number_refused' },
    ],
    [
      'settings',
      answered(422, refusal('validation_error', { field: 'call_settings.max_duration' })),
      { kind: 'blocked', reason: 'call_settings_refused' },
    ],
    [
      'key used with another body',
      answered(422, refusal('idempotency_mismatch', null)),
      { kind: 'unknown', reason: 'key_conflict' },
    ],
    ['key in use', answered(409, refusal('conflict', null)), { kind: 'unknown', reason: 'key_conflict' }],
    ['bad key', answered(401, ''), { kind: 'blocked', reason: 'unauthorized' }],
    ['no funds', answered(402, ''), { kind: 'blocked', reason: 'payment_required' }],
    ['forbidden', answered(403, ''), { kind: 'blocked', reason: 'forbidden' }],
    ['no such agent', answered(404, ''), { kind: 'blocked', reason: 'agent_not_found' }],
    ['wrong method', answered(405, ''), { kind: 'blocked', reason: 'http_405' }],
    ['too large', answered(413, ''), { kind: 'rejected', reason: 'too_large' }],
    ['timed out at the provider', answered(408, ''), { kind: 'unknown', reason: 'http_408' }],
    ['throttled', answered(429, ''), { kind: 'throttled', retryAfterMs: null }],
    ['throttled until', answered(429, '', { 'retry-after': '7' }), { kind: 'throttled', retryAfterMs: 7_000 }],
    ['broken', answered(500, ''), { kind: 'unknown', reason: 'http_500' }],
    ['overloaded', answered(503, '', { 'retry-after': '1' }), { kind: 'unknown', reason: 'http_503' }],
  ];
  test.each(table)('%s', (_name, answer, expected) => {
    expect(classifyPlacement(answer, NOW)).toEqual(expected);
  });

  test('an answer that never came', () => {
    expect(classifyPlacement({ kind: 'expired' }, NOW)).toEqual({ kind: 'expired' });
    expect(classifyPlacement({ kind: 'unsent', code: 'ECONNREFUSED' }, NOW)).toEqual({
      kind: 'unavailable',
      reason: 'ECONNREFUSED',
    });
    expect(classifyPlacement({ kind: 'lost', code: 'timeout' }, NOW)).toEqual({ kind: 'unknown', reason: 'timeout' });
  });

  test("the provider's text never becomes a reason", () => {
    const secret = '+14155550123';
    for (const status of [400, 401, 404, 409, 418, 422, 429, 500]) {
      const answer = answered(status, refusal(`code ${secret}`, [{ field: `phone_number ${secret}` }], secret));
      expect(JSON.stringify(classifyPlacement(answer, NOW))).not.toContain(secret);
    }
  });
});

describe('Retry-After', () => {
  test.each<[string | string[] | undefined, number | null]>([
    [undefined, null],
    ['0', 0],
    ['120', 120_000],
    ['1.5', 1_500],
    ['Mon, 02 Mar 2026 12:00:30 GMT', 30_000],
    ['Mon, 02 Mar 2026 11:00:00 GMT', 0],
    ['-5', null],
    ['soon', null],
    ['', null],
    [['1', '2'], null],
  ])('%j', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });
});
