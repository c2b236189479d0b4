import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { PlaceResult } from '../../../providers/port.ts';
import { classifyPlacement } from '../../../providers/twilio/answer.ts';
import { blockedNumbers } from '../../../providers/twilio/blocked-numbers.ts';
import { TwilioSettings } from '../../../providers/twilio/settings.ts';
import { createTwilioProvider } from '../../../providers/twilio/twilio.ts';

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
    ['a number that Twilio blocks', refusal(21_216), rejected('number_blocked')],
    ['a number that Twilio blocks, as <Dial> has it', refusal(13_225), rejected('number_blocked')],
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

describe('a number that Twilio blocks', () => {
  const ACCEPTED: PlaceResult = { kind: 'accepted', providerCallId: SID };
  const REFUSED = classifyPlacement(refusal(21_216), NOW);
  const answers = (...given: [PlaceResult, string][]) => {
    const read = blockedNumbers();
    return given.map(([answer, to]) => read(answer, to).kind);
  };
  const [US, FR] = ['+12125550123', '+33639980100'] as const;

  test('may be every number of an account without a customer profile: no contact fails for it', () => {
    expect(answers([REFUSED, US], [REFUSED, US], [REFUSED, US])).toEqual(['blocked', 'blocked', 'blocked']);
    expect(blockedNumbers()(REFUSED, US)).toEqual(blocked('number_blocked'));
  });

  test('is that number alone once the account has called others under +1', () => {
    expect(answers([REFUSED, US], [ACCEPTED, US], [REFUSED, US], [ACCEPTED, US], [REFUSED, US])).toEqual([
      'blocked',
      'accepted',
      'rejected',
      'accepted',
      'rejected',
    ]);
  });

  test('is the account again after several in a row: its profile may have been withdrawn', () => {
    const refused = Array.from({ length: 5 }, (): [PlaceResult, string] => [REFUSED, US]);
    expect(answers([ACCEPTED, US], ...refused).slice(1)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'blocked',
      'blocked',
    ]);
  });

  test('in another country is that number alone, and its calls say nothing about +1', () => {
    expect(answers([REFUSED, FR], [ACCEPTED, FR], [REFUSED, US])).toEqual(['rejected', 'accepted', 'blocked']);
  });

  test('is told apart by the adapter', async () => {
    const replies = [refusal(21_216), answered(201, { sid: SID }), refusal(21_216)];
    const server = createServer((_request, response) => {
      const { status, body } = replies.shift()!;
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const provider = createTwilioProvider(
      TwilioSettings.parse({
        account_sid: `AC${'0'.repeat(32)}`,
        auth_token: 'token',
        twiml: '<Response/>',
        base_url: `http://127.0.0.1:${port}`,
      }),
    );
    const place = () => provider.place(`To=${encodeURIComponent(US)}`, 'key', Infinity);
    expect(await place()).toEqual(blocked('number_blocked'));
    expect(await place()).toMatchObject({ kind: 'accepted' });
    expect(await place()).toEqual(rejected('number_blocked'));
    await provider.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('is the only refusal that is read again', () => {
    const read = blockedNumbers();
    expect(read(rejected('invalid_number'), US)).toEqual(rejected('invalid_number'));
    expect(read(unknown('timeout'), US)).toEqual(unknown('timeout'));
  });
});
