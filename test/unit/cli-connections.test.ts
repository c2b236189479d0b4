/** `ringfence connections`, as it is run: arguments and environment in, output and exit code out. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run as runWith } from '../../cli/run.ts';
import { signTruedy } from '../../providers/truedy/signature.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-connections-'));
afterAll(() => rmSync(folder, { recursive: true }));
const written = (name: string, content: string | Buffer) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const API_KEY = 'key-that-nobody-may-see';
const SECRET = 'whsec_that_nobody_may_see';
const CONNECTIONS = written(
  'connections.yaml',
  `connections:
  main:
    provider: truedy
    base_url: https://api.example.com/v1
    api_key: env:MAIN_KEY
    webhook_secrets: env:MAIN_SECRET
    calls_per_second: 2
    max_concurrent_calls: 30
    countries: [US]
    number_types: [mobile]
    agents: [agent_1, agent_2]
    caller_numbers: [number_1]
    webhook_base_url: https://calls.example.com
  spare:
    provider: truedy
    base_url: https://api.example.com/v1
    api_key: env:SPARE_KEY
    webhook_secrets: env:MAIN_SECRET
    countries: [US]
    number_types: [mobile]
`,
);
const ENV = { RINGFENCE_CONNECTIONS: CONNECTIONS, MAIN_KEY: API_KEY, MAIN_SECRET: SECRET };

let out = '';
let err = '';
beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void (err += `${text}\n`));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(out + err).not.toContain(API_KEY);
  expect(out + err).not.toContain(SECRET);
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = ENV) =>
  runWith(['connections', ...args], env);
const json = (): unknown => JSON.parse(out);

const MAIN = {
  name: 'main',
  provider: 'truedy',
  max_concurrent_calls: 30,
  calls_per_second: 2,
  look_up_after_seconds: 180,
  look_ups_per_minute: 60,
  countries: ['US'],
  number_types: ['mobile'],
  accounts: null,
  agents: ['agent_1', 'agent_2'],
  caller_numbers: ['number_1'],
  webhook_url: 'https://calls.example.com/webhooks/main',
  missing_secrets: [],
};

describe('connections list', () => {
  it('prints every connection, and which secrets are missing', async () => {
    expect(await run(['list', '--json'])).toBe(0);
    expect(json()).toEqual({
      connections: [MAIN, expect.objectContaining({ name: 'spare', missing_secrets: ['env:SPARE_KEY'] })],
    });
  });

  it('prints a table for people', async () => {
    expect(await run(['list'])).toBe(0);
    expect(out).toMatch(/^Name +Provider .*\nmain +truedy +30 +2 +US +mobile +-\nspare .* env:SPARE_KEY\n$/);
  });

  it('refuses a wrong file, and lists in JSON what is wrong', async () => {
    const file = written('wrong.yaml', `connections:\n  main:\n    provider: truedy\n    api_key: ${API_KEY}\n`);
    expect(await run(['list', '--json'], { RINGFENCE_CONNECTIONS: file })).toBe(2);
    expect(json()).toMatchObject({
      error: {
        code: 'misconfigured',
        details: {
          field: 'RINGFENCE_CONNECTIONS',
          file,
          problems: expect.arrayContaining([
            expect.objectContaining({ line: 4, field: 'connections.main.api_key' }),
          ]) as unknown,
        },
      },
    });
    expect(err).toContain(`${file}:4: connections.main.api_key is a secret written in the file`);
  });

  it('says what to set where there is nothing', async () => {
    expect(await run(['list'], {})).toBe(2);
    expect(err).toContain('RINGFENCE_CONNECTIONS');
  });
});

describe('connections check', () => {
  it('accepts a connection whose secrets are there', async () => {
    expect(await run(['check', 'main', '--json'])).toBe(0);
    expect(json()).toEqual(MAIN);
  });

  it('says for people that all is complete', async () => {
    expect(await run(['check', 'main'])).toBe(0);
    expect(out).toContain('https://calls.example.com/webhooks/main');
    expect(out).toContain('complete');
  });

  it('refuses one whose secret is missing', async () => {
    expect(await run(['check', 'spare', '--json'])).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'misconfigured', details: { field: 'api_key' } } });
    expect(err).toContain('env:SPARE_KEY, and the variable is not set: set it');
  });

  it.each([
    ['no number to call from', {}],
    ['a second number to call from that is none', { caller_numbers: ['+14155550100', '4155550101'] }],
  ])('refuses one that could not make a request: %s', async (_what, more) => {
    const connection = {
      provider: 'retell',
      api_key: 'env:MAIN_KEY',
      countries: ['US'],
      number_types: ['mobile'],
      ...more,
    };
    const file = written('retell-connection.json', JSON.stringify({ connections: { retell: connection } }));
    expect(await run(['check', 'retell', '--json'], { RINGFENCE_CONNECTIONS: file, MAIN_KEY: API_KEY })).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'misconfigured', details: { field: 'caller_numbers' } } });
  });

  it('does not find another', async () => {
    expect(await run(['check', 'other', '--json'])).toBe(3);
    expect(json()).toMatchObject({ error: { code: 'not_found' } });
    expect(err).toContain('main, spare');
  });
});

describe('connections preview', () => {
  it('prints the request as JSON, with its body as a value and without secrets', async () => {
    expect(await run(['preview', 'main', '--to', '+14155550123', '--agent', 'agent_2', '--json'])).toBe(0);
    expect(json()).toEqual({
      method: 'POST',
      url: 'https://api.example.com/v1/calls',
      headers: {
        authorization: 'Bearer ***',
        'content-type': 'application/json',
        'x-idempotency-key': expect.any(String) as string,
      },
      body: {
        agent_id: 'agent_2',
        phone_number: '+14155550123',
        from_number: 'number_1',
        variables: { ringfence_call_id: expect.any(String) as string },
        call_settings: { max_duration: '1800s', join_timeout: '30s' },
      },
    });
  });

  it('prints the request as it is sent for people, for the first agent', async () => {
    expect(await run(['preview', 'main', '--to', '+14155550123'])).toBe(0);
    expect(out).toMatch(/^POST https:\/\/api\.example\.com\/v1\/calls\nauthorization: Bearer \*\*\*\n/);
    expect(out).toContain('"agent_id": "agent_1"');
  });

  it.each([
    ['another country', '+447400123456', 'country_not_allowed'],
    ['another kind of number', '+19005550123', 'number_type_not_allowed'],
    ['two numbers', '+14155550123,+14155550124', 'validation_error'],
    ['a number without +', '2065550123', 'validation_error'],
  ])('refuses %s', async (_name, to, code) => {
    expect(await run(['preview', 'main', '--to', to, '--json'])).toBe(2);
    expect(json()).toMatchObject({ error: { code, details: { field: '--to' } } });
    expect(err).not.toContain(to);
  });

  it('refuses an agent that the connection does not name', async () => {
    expect(await run(['preview', 'main', '--to', '+14155550123', '--agent', 'agent_3', '--json'])).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'validation_error', details: { field: '--agent' } } });
  });

  it('works with the variables TRUEDY_* alone', async () => {
    const env = { TRUEDY_BASE_URL: 'http://127.0.0.1:9', TRUEDY_API_KEY: API_KEY, TRUEDY_WEBHOOK_SECRETS: SECRET };
    expect(await run(['preview', 'truedy', '--to', '+447400123456', '--json'], env)).toBe(0);
    expect(json()).toMatchObject({ url: 'http://127.0.0.1:9/calls', body: { agent_id: 'AGENT_ID' } });
  });
});

describe('connections verify', () => {
  const AT = '2026-11-28T09:30:00Z';
  const SECONDS = String(Date.parse(AT) / 1000);
  const BODY = Buffer.from(
    '{"event":"call.ended","id":"e1","timestamp":1795858200,"data":{"call_id":"c1","outcome":"busy","joined":false}}',
  );
  const args = (body: Buffer, { at = AT, signed = body }: { at?: string; signed?: Buffer } = {}) => [
    'verify',
    'main',
    '--headers',
    written(
      'headers.json',
      JSON.stringify({
        'Content-Length': body.length,
        'X-Truedy-Timestamp': SECONDS,
        'x-TRUEDY-signature': signTruedy(SECRET, SECONDS, signed),
      }),
    ),
    '--body',
    written('body', body),
    '--at',
    at,
  ];

  it('prints the events of a valid webhook', async () => {
    expect(await run([...args(BODY), '--json'])).toBe(0);
    expect(json()).toEqual({
      valid: true,
      events: [{ event_id: 'e1', provider_call_id: 'c1', call_id: null, kind: 'ended', outcome: 'busy' }],
    });
  });

  it('prints them as a table for people', async () => {
    expect(await run(args(BODY))).toBe(0);
    expect(out).toMatch(
      /^The signature is valid\.\nEvent +Carrier's call +Call +Kind +Outcome\ne1 +c1 +- +ended +busy\n$/,
    );
  });

  it.each([
    ['a body that was altered', args.bind(null, BODY, { signed: Buffer.from('{}') }), 'invalid_signature'],
    ['a webhook of six minutes ago', args.bind(null, BODY, { at: '2026-11-28T09:36:00Z' }), 'stale_signature'],
  ])('refuses %s with code 2, and JSON on standard output', async (_name, given, reason) => {
    expect(await run([...given(), '--json'])).toBe(2);
    expect(json()).toEqual({ valid: false, reason });
    expect(await run(given())).toBe(2);
    expect(out).toContain(`Not valid: ${reason}`);
  });

  it('calls a webhook valid whose signature is, though its body cannot be read', async () => {
    expect(await run([...args(Buffer.from('no event of ours')), '--json'])).toBe(0);
    expect(json()).toEqual({ valid: true, events: [], unreadable: expect.stringContaining('JSON object') as string });
  });

  it.each([
    [
      'headers that are no object',
      ['--headers', written('list.json', '["x"]'), '--body', written('b', '{}')],
      '--headers',
    ],
    ['headers that are not JSON', ['--headers', written('no.json', 'x: y'), '--body', written('b', '{}')], '--headers'],
    ['a body that is not there', ['--headers', written('h.json', '{}'), '--body', join(folder, 'none')], '--body'],
    [
      'a URL that is none',
      ['--headers', written('h.json', '{}'), '--body', written('b', '{}'), '--url', '/webhooks/main'],
      '--url',
    ],
    ['standard input for both', ['--headers', '-', '--body', '-'], '--headers'],
  ])('refuses %s', async (_name, files, field) => {
    expect(await run(['verify', 'main', ...files, '--json'])).toBe(2);
    expect(json()).toMatchObject({ error: { code: 'bad_request', details: { field } } });
  });
});

describe('examples/connections.yaml', () => {
  const EXAMPLE = new URL('../../examples/connections.yaml', import.meta.url).pathname;
  const env = {
    RINGFENCE_CONNECTIONS: EXAMPLE,
    RETELL_API_KEY: 'test-api-key',
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: '12345',
  };

  it('previews a call through Twilio', async () => {
    expect(await run(['preview', 'twilio', '--to', '+14155550123', '--json'], env)).toBe(0);
    const { method, url, headers, body } = json() as Record<string, unknown>;
    expect([method, url]).toEqual([
      'POST',
      `https://api.twilio.com/2010-04-01/Accounts/${env.TWILIO_ACCOUNT_SID}/Calls.json`,
    ]);
    expect(headers).toMatchObject({ authorization: 'Basic ***' });
    const form = new URLSearchParams(body as string);
    expect([form.get('To'), form.get('From')]).toEqual(['+14155550123', '+14155550100']);
    expect(form.get('StatusCallback')).toMatch(/^https:\/\/calls\.example\.com\/webhooks\/twilio\?/);
  });

  it('verifies a webhook of Twilio for the URL at which it arrived, by a published signature', async () => {
    const form = new URLSearchParams([
      ['CallSid', 'CA1234567890ABCDE'],
      ['Caller', '+14158675309'],
      ['Digits', '1234'],
      ['From', '+14158675309'],
      ['To', '+18005551212'],
    ]);
    const headers = {
      'X-Twilio-Signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
      'Content-Type': 'application/x-www-form-urlencoded',
    };
    const files = [
      '--headers',
      written('twilio.json', JSON.stringify(headers)),
      '--body',
      written('twilio', form.toString()),
    ];
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
    expect(await run(['verify', 'twilio', ...files, '--url', url, '--json'], env)).toBe(0);
    expect(json()).toMatchObject({ valid: true });
    out = '';
    expect(await run(['verify', 'twilio', ...files, '--json'], env)).toBe(2);
    expect(json()).toEqual({ valid: false, reason: 'invalid_signature' });
  });

  it('previews a call through Retell', async () => {
    const call = ['--to', '+14155550123', '--agent', 'agent_of_mine'];
    expect(await run(['preview', 'retell', ...call, '--json'], env)).toBe(0);
    expect(json()).toMatchObject({
      method: 'POST',
      url: 'https://api.retellai.com/v2/create-phone-call',
      headers: { authorization: 'Bearer ***' },
      body: { to_number: '+14155550123', from_number: '+14155550100', override_agent_id: 'agent_of_mine' },
    });
  });

  it('verifies a webhook of Retell, by a published signature', async () => {
    const signature = 'v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e';
    const headers = written('retell.json', JSON.stringify({ 'X-Retell-Signature': signature }));
    const files = ['--headers', headers, '--body', written('retell', '{"event":"call_ended"}')];
    expect(await run(['verify', 'retell', ...files, '--at', '2023-11-14T22:13:20Z', '--json'], env)).toBe(0);
    expect(json()).toMatchObject({ valid: true, events: [] });
    out = '';
    expect(await run(['verify', 'retell', ...files, '--json'], env)).toBe(2);
    expect(json()).toEqual({ valid: false, reason: 'stale_signature' });
  });
});
