import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Carrier } from '../../../providers/carrier.ts';
import type { CallProvider } from '../../../providers/port.ts';
import { RingfenceError } from '../../../domain/engine/errors.ts';
import { assertAllowed } from '../../../domain/contacts/allowed-numbers.ts';
import { connectionNamed, connectionsFromEnv } from '../../../providers/connections/connections.ts';
import { callToPlace } from '../../support/factories/call-to-place.ts';

const folder = mkdtempSync(join(tmpdir(), 'connections-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = 'sk_live_nobody_may_see_this';
const ENV = { KEY: SECRET, HOOK: 'whsec_1' };
const FILE = join(folder, 'connections.yaml');

function connections(text: string | Buffer, env: Readonly<Record<string, string>> = ENV) {
  writeFileSync(FILE, text);
  return connectionsFromEnv({ ...env, RINGFENCE_CONNECTIONS: FILE });
}

function errorOf(act: () => unknown): RingfenceError {
  try {
    act();
  } catch (error) {
    if (error instanceof RingfenceError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Line, field and message of everything that is wrong. */
function problems(text: string | Buffer, env = ENV): [number, string, string][] {
  const { code, message, details } = errorOf(() => connections(text, env));
  expect(code).toBe('misconfigured');
  const told = details.problems as { line: number; field: string; message: string }[];
  for (const each of told) {
    expect(message).toContain([`${FILE}:${each.line}:`, each.field, each.message].filter(Boolean).join(' '));
  }
  expect(JSON.stringify([message, details])).not.toContain(SECRET);
  return told.map(({ line, field, message }) => [line, field, message]);
}

const REQUIRED = `    provider: truedy
    base_url: https://api.example.com/v1
    api_key: env:KEY
    webhook_secrets: env:HOOK
    countries: [US, CA]
    number_types: [mobile]
`;
const withField = (field: string) => `connections:\n  main:\n${REQUIRED}${field === '' ? '' : `    ${field}\n`}`;

describe('a carrier of the program that reads the file', () => {
  const acme: Carrier = {
    name: 'acme',
    settings: z.strictObject({ api_key: z.string(), region: z.enum(['eu', 'us']) }),
    secrets: ['api_key'],
    callsPerSecond: 5,
    create: (settings) => ({ name: 'acme', ...(settings as object) }) as unknown as CallProvider,
  };
  const file = (region: string) =>
    `connections:\n  main: {provider: acme, api_key: "env:KEY", region: ${region}, countries: [US], number_types: [mobile]}\n`;
  const read = (text: string, own: readonly Carrier[]) => {
    writeFileSync(FILE, text);
    return connectionsFromEnv({ ...ENV, RINGFENCE_CONNECTIONS: FILE }, own);
  };

  test('may be named in it, with secrets by reference', () => {
    const [connection] = read(file('eu'), [acme]);
    expect(connection).toMatchObject({ name: 'main', provider: 'acme', callsPerSecond: 5 });
    expect(connection?.open()).toEqual({ name: 'acme', api_key: SECRET, region: 'eu' });
  });

  test('has its fields checked as those of a built-in one, and is unknown to other programs', () => {
    expect(errorOf(() => read(file('uk'), [acme])).message).toMatch(/:2: connections\.main\.region/);
    expect(errorOf(() => read(file('eu'), [])).message).toContain('must be one of the carriers truedy, twilio, retell');
  });
});

describe('a connections file', () => {
  test('in YAML, with every common field', () => {
    const text = withField(`calls_per_second: 2.5
    look_up_after_seconds: 90.5
    look_ups_per_minute: 120
    accounts: [default]
    agents: [agent_1, agent_2]
    max_concurrent_calls: 30
    caller_numbers: ["+14155550100"]
    webhook_base_url: https://calls.example.com/`);
    expect(connections(text)).toMatchObject([
      {
        name: 'main',
        provider: 'truedy',
        callsPerSecond: 2.5,
        maxConcurrentCalls: 30,
        lookUpAfterMs: 90_500,
        lookUpsPerMinute: 120,
        countries: ['US', 'CA'],
        numberTypes: ['mobile'],
        accounts: ['default'],
        agents: ['agent_1', 'agent_2'],
        callerNumbers: ['+14155550100'],
        webhookUrl: 'https://calls.example.com/webhooks/main',
        missingSecrets: [],
      },
    ]);
  });

  test('in JSON, indented with tabs; what may be left out is unrestricted, and the rate is that of the carrier', () => {
    const fields = {
      provider: 'truedy',
      base_url: 'https://api.example.com/v1',
      api_key: 'env:KEY',
      webhook_secrets: ['env:HOOK'],
      countries: ['us'],
      number_types: ['mobile'],
    };
    expect(connections(JSON.stringify({ connections: { main: fields } }, null, '\t'))).toMatchObject([
      {
        name: 'main',
        callsPerSecond: null,
        maxConcurrentCalls: null,
        lookUpAfterMs: 180_000,
        lookUpsPerMinute: 60,
        countries: ['US'],
        accounts: null,
        agents: null,
        callerNumbers: null,
        webhookUrl: null,
      },
    ]);
  });

  test('in which a connection has the fields of another, but for those that it states', () => {
    const text = `${withField('').replace('main:', 'main: &main')}  canada:\n    countries: [CA]\n    <<: *main\n`;
    expect(connections(text)).toMatchObject([
      { name: 'main', countries: ['US', 'CA'] },
      { name: 'canada', provider: 'truedy', countries: ['CA'], numberTypes: ['mobile'] },
    ]);
    expect(problems(`${text}  third:\n    <<: *nobody\n`)).toEqual([
      [13, '', expect.stringContaining('write the values out')],
    ]);
    expect(problems(text.replace('[mobile]', '[cell]'))).toEqual([
      [8, 'connections.main.number_types.0', expect.any(String)],
      [9, 'connections.canada.number_types.0', expect.any(String)],
    ]);
  });

  test('keeps the country Norway', () => {
    const [connection] = connections(withField('').replace('[US, CA]', '[NO]'));
    expect(connection!.countries).toEqual(['NO']);
  });

  test('names everything at fault at once, by line', () => {
    const text = `connections:
  Main:
    provider: truedy
    base_url: http://api.example.com
    api_key: ${SECRET}
    webhook_secrets: [env:HOOK, ${SECRET}]
    calls_per_second: 0
    look_up_after_seconds: 0.5
    look_ups_per_minute: 9
    max_concurrent_calls: 0
    countries: [US, Canada]
    number_types: [cell]
    webhook_base_url: http://calls.example.com
    max_duration_seconds: long
    colour: ${SECRET}
    toString: ${SECRET}
  other:
    provider: carrier-pigeon
  third: {provider: truedy}
`;
    expect(problems(text)).toEqual([
      [2, 'connections.Main', expect.stringContaining('small letters')],
      [4, 'connections.Main.base_url', expect.stringContaining('https')],
      [5, 'connections.Main.api_key', expect.stringContaining('write env:NAME')],
      [6, 'connections.Main.webhook_secrets', expect.stringContaining('write env:NAME')],
      [7, 'connections.Main.calls_per_second', 'must be above 0'],
      [8, 'connections.Main.look_up_after_seconds', 'must be at least 1'],
      [9, 'connections.Main.look_ups_per_minute', 'must be at least 10'],
      [10, 'connections.Main.max_concurrent_calls', 'must be above 0'],
      [11, 'connections.Main.countries.1', expect.stringContaining('two-letter')],
      [12, 'connections.Main.number_types.0', expect.stringContaining('must be one of mobile')],
      [13, 'connections.Main.webhook_base_url', expect.stringContaining('https URL')],
      [14, 'connections.Main.max_duration_seconds', expect.any(String)],
      [15, 'connections.Main.colour', expect.stringContaining('correct its spelling')],
      [16, 'connections.Main.toString', expect.stringContaining('correct its spelling')],
      [17, 'connections.other.countries', expect.stringContaining('is missing')],
      [17, 'connections.other.number_types', expect.stringContaining('is missing')],
      [18, 'connections.other.provider', expect.stringContaining('one of the carriers truedy')],
      [19, 'connections.third.countries', expect.stringContaining('is missing')],
      [19, 'connections.third.number_types', expect.stringContaining('is missing')],
      [19, 'connections.third.base_url', expect.stringContaining('is missing')],
      [19, 'connections.third.api_key', expect.stringContaining('is missing')],
      [19, 'connections.third.webhook_secrets', expect.stringContaining('is missing')],
    ]);
  });

  test.each([
    ['country', 'countries'],
    ['apikey', 'api_key'],
    ['calls_per_seconds', 'calls_per_second'],
    ['Webhook_Secret', 'webhook_secrets'],
    ['max_duration', 'max_duration_seconds'],
    ['agent', 'agents'],
  ])('names the field that a misspelt one means: %s', (misspelt, meant) => {
    expect(problems(withField(`${misspelt}: 1`)).map(([, field, message]) => [field, message])).toEqual([
      [`connections.main.${misspelt}`, `is not a known field: write ${meant}, or remove it`],
    ]);
  });

  test('refuses a request time-out with which no worker could dial', () => {
    expect(problems(withField('request_timeout_seconds: 16'))).toEqual([
      [9, 'connections.main.request_timeout_seconds', 'must be at most 15'],
    ]);
  });

  test('says in words what a value must be, beside a connection that has none', () => {
    const text = `${withField('max_duration_seconds: "90"\n    webhook_secrets: []')
      .replace('    webhook_secrets: env:HOOK\n', '')
      .replace('api_key: env:KEY', 'api_key: [env:KEY]')}  empty:\n  list: [1]\n`;
    expect(problems(text)).toEqual([
      [5, 'connections.main.api_key', 'must be a text: put a number in quotes'],
      [8, 'connections.main.max_duration_seconds', 'must be a number, without quotes'],
      [9, 'connections.main.webhook_secrets', 'must have at least 1 item'],
      [10, 'connections.empty', 'must be the fields of a connection'],
      [11, 'connections.list', 'must be the fields of a connection'],
    ]);
  });

  test.each([
    ['a secret as a number', withField('').replace('env:KEY', '1234567'), 5],
    ['a secret under a list', withField('').replace('env:KEY', `\n      - ${SECRET}`), 5],
    ['a reference without a name', withField('').replace('env:KEY', '"env:"'), null],
  ])('takes no secret that stands in it: %s', (_name, text, line) => {
    if (line === null) {
      expect(errorOf(() => connections(text)[0]!.open()).message).toContain('write env:NAME or file:PATH');
      return;
    }
    expect(problems(text)).toEqual([[line, 'connections.main.api_key', expect.stringContaining('a secret written')]]);
  });

  test.each([
    ['a field twice', withField('countries: [US]'), 9, 'the same field stands twice'],
    ['a tab', 'connections:\n  main:\n\tprovider: truedy\n', 3, 'tab'],
    ['an open bracket', `connections:\n  main:\n    api_key: [${SECRET}\n`, 4, ''],
    ['TwiML with a colon', withField('twiml: <Response><Say>Note: hi</Say></Response>'), 9, 'put it in quotes'],
    ['a space after env:', withField('').replace('env:KEY', 'env: KEY'), 5, 'remove the space'],
    ['a backslash', withField('').replace('env:KEY', '"file:C:\\secrets\\key"'), 5, 'single quotes'],
    ['a field without a colon', withField('').replace('provider: truedy', 'provider'), 3, 'colon is missing'],
    ['a sign that YAML reserves', withField('agents: [@x]'), 9, 'put it in quotes'],
    ['JSON without a comma', '{"a": 1 "b": 2}', 1, 'a comma is missing'],
    ['an unexpected sign', `connections: }${SECRET}`, 1, ''],
    ['an alias of nothing', `connections: *${SECRET}`, 1, ''],
    ['nothing', '', 1, ''],
    ['a list', `- ${SECRET}`, 1, ''],
    ['no connection', 'connections: {}', 1, 'at least one'],
    ['a text in place of a connection', `connections:\n  main: ${SECRET}`, 2, 'fields of a connection'],
    ['another field beside them', `${withField('')}defaults: 1`, 9, 'correct its spelling'],
    ['a name that JavaScript reserves', withField('').replace('main', '__proto__'), 2, 'small letters'],
    ['text that is not UTF-8', Buffer.from(withField('# Größe'), 'latin1'), 1, 'not UTF-8'],
    ['text in UTF-16', Buffer.from(`\uFEFF${withField('')}`, 'utf16le'), 1, 'not UTF-8'],
  ])('that contains %s: is refused by line', (_name, text, line, message) => {
    const [first] = problems(text);
    expect(first).toEqual([line, expect.any(String), expect.stringContaining(message)]);
  });

  test('that is not there: names the variable', () => {
    const error = errorOf(() => connectionsFromEnv({ RINGFENCE_CONNECTIONS: join(folder, 'none.yaml') }));
    expect(error).toMatchObject({ code: 'misconfigured', field: 'RINGFENCE_CONNECTIONS' });
    expect(error.message).toContain('ENOENT');
  });
});

describe('secrets', () => {
  const preview = (text: string, env: Readonly<Record<string, string>> = ENV) => {
    const provider = connections(text, env)[0]!.open();
    const call = callToPlace({ callId: '00000000-0000-4000-8000-00000000000a-1-1' });
    return provider.preview(provider.freeze(call), call.callId);
  };

  test('come from the environment, and are masked', () => {
    expect(preview(withField(''))).toMatchObject({
      url: 'https://api.example.com/v1/calls',
      headers: { authorization: 'Bearer ***' },
    });
  });

  test('come from a file beside the connections file, without its last line break', () => {
    writeFileSync(join(folder, 'key'), `${SECRET}\n`);
    const text = withField('').replace('env:KEY', 'file:key');
    expect(preview(text, { HOOK: 'whsec_1' })).toMatchObject({ headers: { authorization: 'Bearer ***' } });
  });

  test.each([
    ['a variable that is not set', 'env:NONE', 'api_key is env:NONE, and the variable is not set'],
    ['a file that is not there', 'file:none', 'api_key is file:none, and the file cannot be read (ENOENT)'],
    ['a secret after env:', `env:${SECRET}-`, 'api_key must name a variable'],
  ])('that are missing leave the other connections usable: %s', (_name, reference, message) => {
    const other = withField('').replace('connections:\n', '').replace('main', 'other');
    const [main, second] = connections(`${withField('').replace('env:KEY', reference)}${other}`);
    expect(main!.missingSecrets).toHaveLength(1);
    const error = errorOf(() => main!.open());
    expect(error).toMatchObject({ code: 'misconfigured', field: 'api_key' });
    expect(error.message).toContain(message);
    expect(error.message + main!.missingSecrets.join()).not.toContain(SECRET);
    expect(second!.open().name).toBe('truedy');
  });

  test.each([
    ['one', 'env:HOOK'],
    ['one of a list', '[env:GOOD, env:HOOK]'],
  ])('that cannot be right leave the other connections usable, and are not repeated: %s', (_name, hooks) => {
    const text = withField('').replace('env:HOOK', hooks);
    const other = withField('').replace('connections:\n', '').replace('main', 'other').replace('env:HOOK', 'env:GOOD');
    const [main, second] = connections(`${text}${other}`, { KEY: SECRET, HOOK: `${SECRET}!`, GOOD: 'whsec_1' });
    expect(main!.missingSecrets).toEqual(['env:HOOK']);
    const error = errorOf(() => main!.open());
    expect(error).toMatchObject({ code: 'misconfigured', field: 'webhook_secrets' });
    expect(error.message).toContain('webhook_secrets is env:HOOK, and its value is wrong: it must start with whsec_');
    expect(error.message).not.toContain(SECRET);
    expect(second!.open().name).toBe('truedy');
  });
});

describe('a file', () => {
  test.each(['', '[1, 2]', 'text'])('without connections is told what it must contain: %j', (text) => {
    expect(problems(text)).toEqual([[1, '', expect.stringMatching(/^must contain "connections:"/)]]);
  });

  test('whose caller number YAML reads as a number is told so', () => {
    expect(problems(withField('caller_numbers: [+14155550100]'))).toEqual([
      [expect.any(Number), 'connections.main.caller_numbers.0', 'must be a text: put a number in quotes'],
    ]);
  });
});

describe('URLs', () => {
  test('of webhooks are written as a carrier is told them, and signs them', () => {
    const [main] = connections(withField('webhook_base_url: https://Calls.Example.com:443/in/'));
    expect(main!.webhookUrl).toBe('https://calls.example.com/in/webhooks/main');
  });

  test('of webhooks that contain the path of the connection already are refused: it would stand there twice', () => {
    const text = (url: string) => withField(`webhook_base_url: ${url}`);
    expect(problems(text('https://calls.example.com/in/webhooks/main/'))).toEqual([
      [9, 'connections.main.webhook_base_url', expect.stringContaining('remove /webhooks/main from its end')],
    ]);
    const [main] = connections(text('https://calls.example.com/webhooks'));
    expect(main!.webhookUrl).toBe('https://calls.example.com/webhooks/webhooks/main');
  });

  test.each([
    ['base_url', (url: string) => withField('').replace('https://api.example.com/v1', url)],
    ['webhook_base_url', (url: string) => withField(`webhook_base_url: ${url}`)],
  ])('with a password are refused, because they are shown: %s', (field, text) => {
    const path = `connections.main.${field}`;
    expect(problems(text(`https://user:${SECRET}@calls.example.com`))).toEqual([
      [expect.any(Number), path, expect.stringContaining('must contain no user and no password')],
    ]);
  });
});

describe('without a file', () => {
  const env = {
    TRUEDY_BASE_URL: 'http://simulator:8080',
    TRUEDY_API_KEY: SECRET,
    TRUEDY_WEBHOOK_SECRETS: 'whsec_1',
  };

  test('the variables TRUEDY_* are one connection, for every country and the usual kinds of numbers', () => {
    const [connection, ...more] = connectionsFromEnv(env);
    expect(more).toEqual([]);
    expect(connection).toMatchObject({ name: 'truedy', provider: 'truedy', countries: null, numberTypes: null });
    expect(connection!.open().name).toBe('truedy');
    assertAllowed([connection!], '+442079460958', '--to');
    expect(() => assertAllowed([connection!], '+881651234567', '--to')).toThrow(/kind satellite/);
  });

  test('which variables say when and how often calls are looked up, and a repeated request fits either way', () => {
    const [usual] = connectionsFromEnv(env);
    expect(usual).toMatchObject({ lookUpAfterMs: 180_000, lookUpsPerMinute: 60 });
    const [stated] = connectionsFromEnv({ ...env, TRUEDY_LOOK_UP_AFTER: '2.5', TRUEDY_LOOK_UPS_PER_MINUTE: '600' });
    expect(stated).toMatchObject({ lookUpAfterMs: 2_500, lookUpsPerMinute: 600, madeFor: usual!.madeFor });
  });

  test('which variables may restrict to countries and kinds', () => {
    const named = { ...env, TRUEDY_COUNTRIES: 'us, CA', TRUEDY_NUMBER_TYPES: 'mobile,satellite' };
    const [connection] = connectionsFromEnv(named);
    expect(connection).toMatchObject({ countries: ['US', 'CA'], numberTypes: ['mobile', 'satellite'] });
    const [unset] = connectionsFromEnv({ ...env, TRUEDY_COUNTRIES: '', TRUEDY_NUMBER_TYPES: '' });
    expect(unset).toMatchObject({ countries: null, numberTypes: null });
  });

  test.each([
    ['TRUEDY_COUNTRIES', 'US,'],
    ['TRUEDY_COUNTRIES', 'USA'],
    ['TRUEDY_NUMBER_TYPES', 'mobiles'],
    ['TRUEDY_LOOK_UP_AFTER', '0.5'],
    ['TRUEDY_LOOK_UPS_PER_MINUTE', 'many'],
    ['TRUEDY_BASE_URL', 'http://api.example.com'],
    ['TRUEDY_WEBHOOK_SECRETS', 'whsec_1,secret'],
    ['TRUEDY_MAX_DURATION', '0'],
    ['TRUEDY_REQUEST_TIMEOUT', '16'],
  ])('a mistake in %s (%s) is named', (name, value) => {
    const error = errorOf(() => connectionsFromEnv({ ...env, [name]: value })[0]!.open());
    expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining(`${name}: `) as string });
  });

  test('and without them there is no connection', () => {
    expect(errorOf(() => connectionsFromEnv({}))).toMatchObject({
      code: 'misconfigured',
      field: 'RINGFENCE_CONNECTIONS',
    });
  });

  test('another name is not found, and the known ones are listed', () => {
    const error = errorOf(() => connectionNamed(connectionsFromEnv(env), 'twilio'));
    expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('truedy') as string });
  });
});

describe('the numbers that a connection allows', () => {
  const [usual] = connections(withField('').replace('[mobile]', '[mobile, voip]'));
  const [landlines] = connections(withField('').replace('[mobile]', '[fixed_line]'));
  const [satellites] = connections(withField('').replace('CA]', '"001"]').replace('[mobile]', '[mobile, satellite]'));
  const verdict = (connection = usual!, number = '') => {
    try {
      assertAllowed([connection], number, '--to');
      return 'allowed';
    } catch (error) {
      if (!(error instanceof RingfenceError)) throw error;
      expect(error.field).toBe('--to');
      expect(error.message).not.toContain(number);
      return error.code;
    }
  };

  test.each([
    ['a US number, of which nobody knows whether it is mobile', '+14155550123', 'allowed'],
    ['a Canadian number', '+16135550123', 'allowed'],
    ['a number of Jamaica, beside the US under +1', '+18765550123', 'country_not_allowed'],
    ['a British mobile number', '+447400123456', 'country_not_allowed'],
    ['a British premium-rate number', '+449012345678', 'country_not_allowed'],
    ['a US premium-rate number', '+19005550123', 'number_type_not_allowed'],
    ['a US toll-free number', '+18005550123', 'number_type_not_allowed'],
    ['a US personal number', '+15005550006', 'number_type_not_allowed'],
    ['an area code that does not exist', '+19995550123', 'number_type_not_allowed'],
    ['Inmarsat', '+870773123456', 'number_type_not_allowed'],
    ['Iridium', '+881612345678', 'number_type_not_allowed'],
    ['Thuraya', '+8821612345678', 'number_type_not_allowed'],
    ['an international network', '+883510001234567', 'country_not_allowed'],
    ['an international toll-free number', '+80012345678', 'number_type_not_allowed'],
    ['an international shared-cost number', '+80812345678', 'number_type_not_allowed'],
    ['a country code that does not exist', '+9991234567', 'number_type_not_allowed'],
  ])('%s', (_name, number, expected) => {
    expect(verdict(usual, number)).toBe(expected);
  });

  test('a US number passes for fixed_line too, and a satellite where both its kind and "001" are named', () => {
    expect(verdict(landlines, '+14155550123')).toBe('allowed');
    expect(verdict(satellites, '+881612345678')).toBe('allowed');
    expect(verdict(satellites, '+14155550123')).toBe('allowed');
    expect(verdict(satellites, '+883510001234567')).toBe('number_type_not_allowed');
  });
});

describe('examples/connections.yaml', () => {
  const file = new URL('../../../examples/connections.yaml', import.meta.url).pathname;

  test('is valid, and names each connection after its carrier', () => {
    const read = connectionsFromEnv({ RINGFENCE_CONNECTIONS: file });
    expect(read.map(({ name }) => name)).toEqual(read.map(({ provider }) => provider));
  });

  test('contains no secret, and opens with the variables that it names', () => {
    const names = [...readFileSync(file, 'utf8').matchAll(/env:([A-Z_]+)/g)].map(([, name]) => name!);
    const env = Object.fromEntries(names.map((name) => [name, VALUES[name]]));
    for (const connection of connectionsFromEnv({ ...env, RINGFENCE_CONNECTIONS: file })) {
      expect(connection.missingSecrets).toEqual([]);
      expect(connection.open().name).toBe(connection.provider);
    }
  });
});

const VALUES: Readonly<Record<string, string>> = {
  TRUEDY_API_KEY: SECRET,
  TRUEDY_WEBHOOK_SECRET: 'whsec_1',
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: SECRET,
  RETELL_API_KEY: SECRET,
};
