import { describe, expect, test } from 'vitest';
import { callId } from '../../../domain/engine/ids.ts';
import type { CallToPlace } from '../../../providers/port.ts';
import { freezeCall, type RequestTerms } from '../../../providers/twilio/request.ts';
import { TwilioSettings } from '../../../providers/twilio/settings.ts';
import { createTwilioProvider } from '../../../providers/twilio/twilio.ts';

const SID = `AC${'0'.repeat(32)}`;
const GIVEN = { account_sid: SID, auth_token: 'secret-token', twiml: '<Response/>' };
const CALL: CallToPlace = {
  callId: callId({ campaignId: '00000000-0000-4000-8000-000000000001', seq: 7, attempt: 2 }),
  agentId: 'reminder',
  phoneNumber: '+12125550123',
  extension: null,
  fromNumberId: null,
  firstName: 'Ada & <Lin>',
  lastName: null,
  email: 'ada@example.com',
  customFields: { plan: '"gold"', first_name: 'never this', größe: 'XL' },
};

function freeze(
  { settings = {}, ...call }: Partial<CallToPlace> & { settings?: object } = {},
  terms: Partial<RequestTerms> = {},
): URLSearchParams {
  const frozen = freezeCall(
    { ...CALL, ...call },
    {
      settings: TwilioSettings.parse({ ...GIVEN, ...settings }),
      webhookUrl: 'https://calls.example/webhooks/clinic',
      callerNumber: '+12125550100',
      ...terms,
    },
  );
  return new URLSearchParams(frozen);
}
const refusedAs = (code: string) => expect.objectContaining({ code }) as Error;

describe('the form of a call', () => {
  test('contains these parameters, in this order', () => {
    expect([...freeze()]).toEqual([
      ['To', '+12125550123'],
      ['From', '+12125550100'],
      ['Twiml', '<Response/>'],
      ['StatusCallback', `https://calls.example/webhooks/clinic?ringfence_call_id=${CALL.callId}#rc=5&rp=all`],
      ['StatusCallbackMethod', 'POST'],
      ['StatusCallbackEvent', 'initiated'],
      ['StatusCallbackEvent', 'ringing'],
      ['StatusCallbackEvent', 'answered'],
      ['StatusCallbackEvent', 'completed'],
      ['Timeout', '30'],
      ['TimeLimit', '1800'],
      ['MachineDetection', 'Enable'],
    ]);
  });

  test('is called from the number of the campaign, if it names one', () => {
    expect(freeze({ fromNumberId: '+12125550177' }).get('From')).toBe('+12125550177');
  });

  test.each([undefined, 'PN1', '2125550100', '+12125550100,+12125550101'])('from %s: every call would fail', (from) => {
    expect(() => freeze({}, { callerNumber: from })).toThrow(refusedAs('misconfigured'));
  });

  test('is not made without a place for its end to be reported to', () => {
    expect(() => freeze({}, { webhookUrl: undefined })).toThrow(refusedAs('misconfigured'));
  });

  test.each([
    '',
    '2125550123',
    '+0212555012',
    '+1212 555 0123',
    '+12125550123<+12125550124',
    'client:ada',
    'sip:a@b.example',
  ])('does not go to "%s"', (phoneNumber) =>
    expect(() => freeze({ phoneNumber })).toThrow(refusedAs('validation_error')),
  );

  test.each([
    ['off', null],
    ['enable', 'Enable'],
    ['detect_message_end', 'DetectMessageEnd'],
  ])('with machine detection %s', (machine_detection, expected) => {
    expect(freeze({ settings: { machine_detection } }).get('MachineDetection')).toBe(expected);
  });

  test('dials an extension, and then detects no machine', () => {
    const form = freeze({ extension: '123' });
    expect([form.get('SendDigits'), form.has('MachineDetection')]).toEqual(['WW123', false]);
  });
});

describe('what an answered call does', () => {
  test('is TwiML with the values of the contact, which stay text', () => {
    const twiml =
      '<Response><Say>{{first_name}}{{ last_name }}</Say><P v="{{plan}}{{größe}}{{nothing}}">{{agent_id}}</P></Response>';
    expect(freeze({ settings: { twiml } }).get('Twiml')).toBe(
      '<Response><Say>Ada &amp; &lt;Lin&gt;</Say><P v="&quot;gold&quot;XL">reminder</P></Response>',
    );
  });

  test('contains no character that XML has no form for', () => {
    const form = freeze({ firstName: 'A\u0001d\ta\u009F', settings: { twiml: '<Response>{{first_name}}</Response>' } });
    expect(form.get('Twiml')).toBe('<Response>Ad\ta</Response>');
  });

  test('a value that looks like a placeholder is not filled in', () => {
    const form = freeze({ firstName: '{{email}}', settings: { twiml: '<Response>{{first_name}}</Response>' } });
    expect(form.get('Twiml')).toBe('<Response>{{email}}</Response>');
  });

  test('is refused for a contact whose values make the TwiML too long, without repeating them', () => {
    const long = {
      customFields: { plan: 'x'.repeat(2_000) },
      settings: { twiml: `<Response>${'{{plan}}'.repeat(3)}</Response>` },
    };
    expect(() => freeze(long)).toThrow(refusedAs('validation_error'));
    expect(() => freeze(long)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('xx') as string }) as Error,
    );
  });

  test('is at a URL, whose parameters stay parameters', () => {
    const url = 'https://app.example/{{agent_id}}?name={{first_name}}&call={{ringfence_call_id}}';
    const form = freeze({ agentId: '../admin?a=b#', settings: { twiml: undefined, url } });
    expect([form.has('Twiml'), form.get('Url')]).toEqual([
      false,
      `https://app.example/..%2Fadmin%3Fa%3Db%23?name=Ada%20%26%20%3CLin%3E&call=${CALL.callId}`,
    ]);
  });
});

describe('the settings', () => {
  test.each<[string, object]>([
    ['both twiml and url', { url: 'https://app.example/' }],
    ['neither', { twiml: undefined }],
    ['TwiML that is none', { twiml: 'Hello' }],
    ['too much TwiML', { twiml: `<Response>${'x'.repeat(4_000)}</Response>` }],
    ['TwiML that cannot be read', { twiml: '<Response><Say>Tom & Jerry</Say></Response>' }],
    ['an http URL', { twiml: undefined, url: 'http://app.example/' }],
    ['a URL whose host a contact chooses', { twiml: undefined, url: 'https://{{plan}}.example/' }],
    ['a URL with a password', { twiml: undefined, url: 'https://a:b@app.example/' }],
    ['another account', { account_sid: 'AC1' }],
    ['an empty token', { auth_token: '' }],
    ['ringing for more than Twilio allows', { ring_seconds: 601 }],
    ['an API reached by http', { base_url: 'http://api.example' }],
    ['an unknown field', { application_sid: 'AP1' }],
  ])('refuse %s', (_, more) => {
    expect(TwilioSettings.safeParse({ ...GIVEN, ...more }).success).toBe(false);
  });

  test('decide the facts: no key is honoured, and Twilio may ring five seconds longer', async () => {
    const provider = createTwilioProvider(
      TwilioSettings.parse({ ...GIVEN, ring_seconds: 20, max_duration_seconds: 100, queue_bound_seconds: 7 }),
    );
    expect(provider.facts).toMatchObject({ keyTtlMs: 0, echoes: true, queueBoundMs: 7_000, callLifetimeMs: 125_000 });
    await provider.close();
  });

  test('never show in a preview', async () => {
    const provider = createTwilioProvider(TwilioSettings.parse(GIVEN), {
      webhookUrl: 'https://calls.example/webhooks/clinic',
      callerNumbers: ['+12125550100'],
    });
    const { url, headers, body } = provider.preview(provider.freeze(CALL), CALL.callId);
    expect(url).toBe(`https://api.twilio.com/2010-04-01/Accounts/${SID}/Calls.json`);
    expect(headers).toEqual({ authorization: 'Basic ***', 'content-type': 'application/x-www-form-urlencoded' });
    expect(new URLSearchParams(body).get('To')).toBe(CALL.phoneNumber);
    await provider.close();
  });
});
