import { describe, expect, test } from 'vitest';
import { createExampleProvider } from '../../../examples/own-provider/provider.ts';
import { CARRIERS } from '../../../providers/carriers.ts';
import { maskSecrets, toDispatch } from '../../../providers/http-request.ts';
import type { CallProvider } from '../../../providers/port.ts';
import { sentAndPreviewed } from '../../support/sent-request.ts';

const KEY = 'key-that-nobody-may-see';

const truedy = (baseUrl: string): CallProvider => {
  const carrier = CARRIERS.get('truedy')!;
  const settings = { base_url: `${baseUrl}/api/v1/`, api_key: KEY, webhook_secrets: 'whsec_1' };
  return carrier.create(carrier.settings.parse(settings), {});
};
const retell = (baseUrl: string): CallProvider => {
  const carrier = CARRIERS.get('retell')!;
  return carrier.create(carrier.settings.parse({ base_url: baseUrl, api_key: KEY }), {
    callerNumbers: ['+14155550100'],
  });
};
const TWILIO_ACCOUNT = `AC${'0'.repeat(32)}`;
const twilio = (baseUrl: string): CallProvider => {
  const carrier = CARRIERS.get('twilio')!;
  const settings = { base_url: baseUrl, account_sid: TWILIO_ACCOUNT, auth_token: KEY, twiml: '<Response/>' };
  return carrier.create(carrier.settings.parse(settings), {
    webhookUrl: 'https://calls.example/webhooks/twilio',
    callerNumbers: ['+14155550100'],
  });
};
const TWILIO_CREDENTIALS = Buffer.from(`${TWILIO_ACCOUNT}:${KEY}`).toString('base64');
const example = (baseUrl: string) => createExampleProvider({ baseUrl, apiKey: KEY, webhookSecret: 'secret' });

describe('a preview', () => {
  test.each([
    ['truedy', truedy, 'Bearer', KEY],
    ['twilio', twilio, 'Basic', TWILIO_CREDENTIALS],
    ['retell', retell, 'Bearer', KEY],
    ['the example of an own provider', example, 'Bearer', KEY],
  ])('is the request that is sent, with the secret masked: %s', async (_name, createAt, scheme, secret) => {
    const { sent, previewed } = await sentAndPreviewed(createAt);
    expect(sent.headers.authorization).toBe(`${scheme} ${secret}`);
    expect(previewed).toEqual({ ...sent, headers: { ...sent.headers, authorization: `${scheme} ***` } });
  });

  test('masks each secret wherever it stands, the longest first', () => {
    const request = {
      method: 'POST',
      url: 'https://a.test/?token=abcdef',
      headers: { one: 'Basic abcdef', two: 'abc' },
      body: '{"password":"abcdef","name":"x"}',
    } as const;
    expect(maskSecrets(request, ['abc', '', 'abcdef'])).toEqual({
      method: 'POST',
      url: 'https://a.test/?token=***',
      headers: { one: 'Basic ***', two: '***' },
      body: '{"password":"***","name":"x"}',
    });
  });

  test('masks no digits of an account or of a telephone number that a short secret happens to be', () => {
    const request = {
      method: 'POST',
      url: 'https://a.test/Accounts/AC0123456789/Calls?token=12345',
      headers: { authorization: 'Basic x12345x' },
      body: 'To=%2B14155512345&From=%2B12345678901&Twiml=%3F12345%26&Token=12345',
    } as const;
    expect(maskSecrets(request, ['12345'])).toEqual({
      method: 'POST',
      url: 'https://a.test/Accounts/AC0123456789/Calls?token=***',
      headers: { authorization: 'Basic x***x' },
      body: 'To=%2B14155512345&From=%2B12345678901&Twiml=%3F***%26&Token=***',
    });
    const long = 'a1b2c3d4e5f6a7b8';
    expect(maskSecrets({ ...request, body: `x${long}x` }, [long]).body).toBe('x***x');
    expect(maskSecrets({ ...request, body: 'a+b axb' }, ['a+b']).body).toBe('*** axb');
  });

  test('keeps the query of the URL in what is sent', () => {
    const request = { method: 'POST', url: 'https://a.test:8443/v1/calls?x=1', headers: {}, body: '' } as const;
    expect(toDispatch(request)).toMatchObject({ origin: 'https://a.test:8443', path: '/v1/calls?x=1' });
  });
});
