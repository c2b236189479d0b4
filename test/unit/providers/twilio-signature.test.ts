import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import { signTwilio, verifyTwilio } from '../../../providers/twilio/signature.ts';

/** Twilio's public example. */
const TOKEN = '12345';
const URL_CALLED = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const SIGNATURE = 'RSOYDt4T1cUTdK1PDd93/VVr8B8=';
const FORM = new URLSearchParams({
  CallSid: 'CA1234567890ABCDE',
  Caller: '+14158675309',
  Digits: '1234',
  From: '+14158675309',
  To: '+18005551212',
});

interface Arrival {
  readonly tokens?: readonly string[];
  readonly body?: string;
  readonly signature?: string | string[];
  readonly url?: string | null;
  readonly headers?: IncomingHttpHeaders;
}

const verify =
  ({ tokens = [TOKEN], body = FORM.toString(), signature = SIGNATURE, url = URL_CALLED, headers }: Arrival = {}) =>
  () =>
    verifyTwilio(tokens, {
      rawBody: Buffer.from(body),
      headers: headers ?? { 'x-twilio-signature': signature },
      url,
      now: 0,
    });
const refused = expect.objectContaining({ code: 'invalid_signature' }) as Error;

describe('Twilio’s public example', () => {
  test('has this signature', () => expect(signTwilio(TOKEN, URL_CALLED, FORM)).toBe(SIGNATURE));
  test('verifies', () => expect(verify()).not.toThrow());
  test('verifies in any order of the form', () => {
    const body = new URLSearchParams([...FORM].toReversed()).toString();
    expect(verify({ body })).not.toThrow();
  });
  test('verifies with either of two tokens', () => {
    expect(verify({ tokens: ['another', TOKEN] })).not.toThrow();
    expect(verify({ tokens: ['another'] })).toThrow(refused);
  });

  test.each<[string, string, string, string]>([
    ['a user, and the standard port', 'https://user:pass@mycompany.com', '', 'ZQFR1PTIZXF2MXB8ZnKCvnnA+rI='],
    ['a user without a password', 'https://user@mycompany.com', '', '2YRLlVAflCqxaNicjMpJcSTgzSs='],
    ['a quote in the query', 'https://mycompany.com', "&Body=It's+amazing", 'dsq4Ehbj6cs+KdTkpF5sSSplOWw='],
    ['the standard port of http', 'http://mycompany.com', '', '0ZXoZLH/DfblKGATFgpif+LLRf4='],
  ])('verifies with its other published signatures: %s', (_, origin, more, signature) => {
    expect(verify({ url: `${origin}/myapp.php?foo=1&bar=2${more}`, signature })).not.toThrow();
  });

  test.each<[string, Arrival]>([
    ['another value', { body: FORM.toString().replace('1234', '1235') }],
    ['a parameter more', { body: `${FORM.toString()}&Zone=1` }],
    ['a parameter less', { body: FORM.toString().replace('&Digits=1234', '') }],
    ['another query', { url: URL_CALLED.replace('bar=2', 'bar=3') }],
    ['another order of the query', { url: 'https://mycompany.com/myapp.php?bar=2&foo=1' }],
    ['another host', { url: URL_CALLED.replace('mycompany.com', 'mycompany.com.example') }],
    ['another scheme', { url: URL_CALLED.replace('https', 'http') }],
    ['another signature', { signature: SIGNATURE.replace('R', 'S') }],
    ['a short signature', { signature: SIGNATURE.slice(4) }],
    ['an HMAC-SHA256', { signature: `${'A'.repeat(43)}=` }],
    ['an empty signature', { signature: '' }],
    ['two signatures', { signature: [SIGNATURE, SIGNATURE] }],
    ['no signature', { headers: {} }],
  ])('is refused with %s', (_, arrival) => {
    expect(verify(arrival)).toThrow(refused);
  });

  test('cannot be verified without a public URL', () => {
    expect(verify({ url: null })).toThrow(
      expect.objectContaining({ code: 'misconfigured', field: 'webhook_base_url' }) as Error,
    );
  });
});

describe('the URL that Twilio signed', () => {
  test.each<[string, string, string]>([
    ['names the standard port', 'https://h.example/w?a=1', 'https://h.example:443/w?a=1'],
    ['names the standard port of http', 'http://h.example/w', 'http://h.example:80/w'],
    ['leaves the standard port out', 'https://h.example:443/w', 'https://h.example/w'],
    ['leaves another port out', 'https://h.example:8443/w?a=1', 'https://h.example/w?a=1'],
    ['has an IPv6 address', 'https://[::1]:8443/w', 'https://[::1]/w'],
    ['has the connection overrides', 'https://h.example/w?a=1', 'https://h.example/w?a=1#rc=5&rp=all'],
    ['lacks the connection overrides', 'https://h.example/w?a=1#rc=5&rp=all', 'https://h.example:443/w?a=1'],
    ['has a query that begins at the host', 'https://h.example?a=1', 'https://h.example:443?a=1'],
    ['names the standard port after a user', 'https://u:p@h.example/w', 'https://u:p@h.example:443/w'],
    ['leaves another port out after a user', 'https://u:1@h.example:8443/w', 'https://u:1@h.example/w'],
    ['escapes a character', "https://h.example/w?a=It's", 'https://h.example/w?a=It%27s'],
    ['has a path', 'https://h.example', 'https://h.example/'],
    ['has small letters', 'HTTPS://H.example/w', 'https://h.example:443/w'],
  ])('%s', (_, url, signed) => {
    expect(verify({ url, signature: signTwilio(TOKEN, signed, FORM) })).not.toThrow();
  });

  test('is never of another port', () => {
    const signature = signTwilio(TOKEN, 'https://h.example:9000/w', FORM);
    expect(verify({ url: 'https://h.example:8443/w', signature })).toThrow(refused);
  });
});

test('several values of one name count once each, in order', () => {
  const several = new URLSearchParams('Media=b&Media=a&Media=b');
  expect(signTwilio(TOKEN, URL_CALLED, several)).toBe(
    signTwilio(TOKEN, URL_CALLED, new URLSearchParams('MediaaMedia=b')),
  );
});

describe('a body that is no form', () => {
  const body = '{"CallSid":"CA1"}';
  const hash = createHash('sha256').update(body).digest('hex');
  const url = `https://h.example/w?a=1&bodySHA256=${hash}`;
  const signature = signTwilio(TOKEN, url, new URLSearchParams());

  test('is signed by its hash in the query', () => expect(verify({ url, body, signature })).not.toThrow());
  test('is refused with another hash', () => expect(verify({ url, body: `${body} `, signature })).toThrow(refused));
  test('is refused with a hash that is not signed', () => {
    const other = url.replace(hash, createHash('sha256').update('{}').digest('hex'));
    expect(verify({ url: other, body: '{}', signature })).toThrow(refused);
  });
  test('is refused without a hash: the URL alone is no proof of a body', () => {
    const bare = 'https://h.example/w?a=1';
    expect(verify({ url: bare, body, signature: signTwilio(TOKEN, bare, new URLSearchParams()) })).toThrow(refused);
  });
});
