import { describe, expect, test } from 'vitest';
import { PlaceResult } from '../../../domain/dialling/provider-messages.ts';
import { classifyPlacement } from '../../../providers/retell/answer.ts';

const NOW = Date.UTC(2026, 2, 2, 12, 0, 0);

function answered(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered' as const, status, headers, body: Buffer.from(text) };
}

const refused = (status: number, message: string) => answered(status, { status: 'error', message });

describe('what an answer of Retell to a placement proves', () => {
  const registered = { call_id: 'call_1', call_status: 'registered', agent_id: 'agent_1' };
  const table: [string, ReturnType<typeof answered>, PlaceResult][] = [
    ['created', answered(201, registered), { kind: 'accepted', providerCallId: 'call_1' }],
    ['ok', answered(200, registered), { kind: 'accepted', providerCallId: 'call_1' }],
    ['no id', answered(201, { ...registered, call_id: '' }), { kind: 'unknown', reason: 'unexpected_answer' }],
    ['not JSON', answered(201, '<html>'), { kind: 'unknown', reason: 'unexpected_answer' }],
    ['empty body', answered(204, ''), { kind: 'unknown', reason: 'unexpected_answer' }],
    ['redirect', answered(302, '', { location: '/x' }), { kind: 'unknown', reason: 'http_302' }],
    [
      'bad form',
      refused(400, 'Invalid request format, please check API reference.'),
      { kind: 'blocked', reason: 'invalid_request' },
    ],
    ['bad form, no JSON', answered(400, 'nope'), { kind: 'blocked', reason: 'invalid_request' }],
    ['callee refused', refused(400, 'Invalid to_number: +14155550123'), { kind: 'rejected', reason: 'number_refused' }],
    [
      'country refused',
      refused(400, 'Calls to this country are not supported.'),
      { kind: 'rejected', reason: 'number_refused' },
    ],
    ['callee refused with 422', refused(422, 'to_number is invalid'), { kind: 'rejected', reason: 'number_refused' }],
    [
      'both numbers named',
      refused(400, 'from_number +14155550100 cannot call to_number +14155550123'),
      { kind: 'blocked', reason: 'from_number_refused' },
    ],
    ['agent refused', refused(400, 'Agent is not published'), { kind: 'blocked', reason: 'agent_not_found' }],
    [
      'unknown asset',
      refused(422, 'Cannot find requested asset under given api key.'),
      { kind: 'blocked', reason: 'not_found' },
    ],
    [
      'unknown number',
      refused(404, 'Item +14155550100 not found from phone-number'),
      { kind: 'blocked', reason: 'from_number_not_found' },
    ],
    [
      'unknown agent',
      refused(404, 'Item agent_1 not found from agent'),
      { kind: 'blocked', reason: 'agent_not_found' },
    ],
    ['unknown path', answered(404, 'Not Found'), { kind: 'blocked', reason: 'not_found' }],
    [
      'the field of earlier versions',
      answered(400, { error_message: 'to_number is invalid' }),
      { kind: 'rejected', reason: 'number_refused' },
    ],
    ['key refused', refused(401, 'API key is missing or invalid.'), { kind: 'blocked', reason: 'unauthorized' }],
    [
      'no money',
      refused(402, 'Trial has ended, please add payment method.'),
      { kind: 'blocked', reason: 'payment_required' },
    ],
    ['forbidden', refused(403, 'Forbidden'), { kind: 'blocked', reason: 'forbidden' }],
    ['another 4xx', refused(410, 'Gone'), { kind: 'blocked', reason: 'http_410' }],
    ['time-out at their side', refused(408, ''), { kind: 'unknown', reason: 'http_408' }],
    ['conflict', refused(409, ''), { kind: 'unknown', reason: 'http_409' }],
    ['too large', refused(413, ''), { kind: 'rejected', reason: 'too_large' }],
    ['throttled', refused(429, 'Account rate limited'), { kind: 'throttled', retryAfterMs: null }],
    ['throttled with a time', answered(429, '', { 'retry-after': '3' }), { kind: 'throttled', retryAfterMs: 3_000 }],
    ['server error', refused(500, 'An unexpected server error occurred.'), { kind: 'unknown', reason: 'http_500' }],
    ['gateway time-out', answered(504, ''), { kind: 'unknown', reason: 'http_504' }],
  ];
  test.each(table)('%s', (_name, answer, expected) => {
    const result = classifyPlacement(answer, NOW);
    expect(result).toEqual(expected);
    expect(PlaceResult.parse(result)).toEqual(result);
  });

  test('without an answer', () => {
    expect(classifyPlacement({ kind: 'unsent', code: 'ECONNREFUSED' }, NOW)).toEqual({
      kind: 'unavailable',
      reason: 'ECONNREFUSED',
    });
    expect(classifyPlacement({ kind: 'expired' }, NOW)).toEqual({ kind: 'expired' });
    expect(classifyPlacement({ kind: 'lost', code: 'timeout' }, NOW)).toEqual({ kind: 'unknown', reason: 'timeout' });
  });
});
