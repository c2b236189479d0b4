import { describe, expect, it } from 'vitest';
import { GatewayConfig } from '../../../gateway/config.ts';
import { readConfig, WorkerConfig } from '../../../worker/config.ts';

const smallest = { DATABASE_URL: 'postgres://ringfence@127.0.0.1/ringfence' };

const NOT_A_URL =
  'must be a URL such as postgres://user:password@host:5432/database. In a password write %23 for #, %3F for ?, %2F for / and %40 for @';

describe("the gateway's settings", () => {
  it('need only a database', () => {
    expect(readConfig(GatewayConfig, smallest)).toMatchObject({
      RINGFENCE_HOST: '127.0.0.1',
      RINGFENCE_PORT: 8080,
      RINGFENCE_TASK_QUEUE: 'ringfence',
      RINGFENCE_BODY_LIMIT: 10_485_760,
    });
  });

  it.each([
    'postgresql://ringfence:p%23ss@db.example.com:6432/ringfence?application_name=calls',
    'postgres://ringfence@/ringfence?host=/run/postgresql',
    '/run/postgresql ringfence',
  ])('take the database %s', (DATABASE_URL) => {
    expect(readConfig(GatewayConfig, { DATABASE_URL })).toMatchObject({ DATABASE_URL });
  });

  it.each<[what: string, list: string | undefined, proxies: string[]]>([
    ['nobody unless it is set', undefined, []],
    ['nobody where it is empty', '', []],
    [
      'addresses and networks',
      '10.0.0.1, 192.168.0.0/16,2001:db8::/32',
      ['10.0.0.1', '192.168.0.0/16', '2001:db8::/32'],
    ],
  ])('trust %s to name the address of a client', (_, list, proxies) => {
    const read = readConfig(GatewayConfig, { ...smallest, RINGFENCE_TRUSTED_PROXIES: list });
    expect(read.RINGFENCE_TRUSTED_PROXIES).toEqual(proxies);
  });

  it('count as not set where they are empty: a port would be any free one', () => {
    const empty = { RINGFENCE_PORT: '', RINGFENCE_DB_POOL: '', LOG_LEVEL: '', RINGFENCE_API_KEY: '' };
    expect(readConfig(GatewayConfig, { ...smallest, ...empty })).toEqual(readConfig(GatewayConfig, smallest));
    const blank = { RINGFENCE_PORT: ' ', LOG_LEVEL: '\t' };
    expect(readConfig(GatewayConfig, { ...smallest, ...blank })).toEqual(readConfig(GatewayConfig, smallest));
  });

  it.each([
    ['DATABASE_URL is not set', { DATABASE_URL: '' }],
    [`DATABASE_URL: ${NOT_A_URL}`, { DATABASE_URL: 'postgres://ringfence:pa#ss@127.0.0.1/ringfence' }],
    [`DATABASE_URL: ${NOT_A_URL}`, { DATABASE_URL: '127.0.0.1:5432/ringfence' }],
    [`DATABASE_URL: ${NOT_A_URL}`, { DATABASE_URL: 'https://127.0.0.1/ringfence' }],
    [
      'DATABASE_URL: names a file that cannot be read (ENOENT)',
      { DATABASE_URL: 'postgres://127.0.0.1/ringfence?sslrootcert=/of/nobody.pem' },
    ],
    ['RINGFENCE_PORT: must be at most 65535', { RINGFENCE_PORT: '70000' }],
    ['RINGFENCE_PORT: must be a number', { RINGFENCE_PORT: 'http' }],
    ['RINGFENCE_PORT: must be a whole number', { RINGFENCE_PORT: '80.5' }],
    ['RINGFENCE_DB_POOL: must be at least 2', { RINGFENCE_DB_POOL: '1' }],
    ['RINGFENCE_TASK_QUEUE: must be at most 200 characters', { RINGFENCE_TASK_QUEUE: 'q'.repeat(1_000) }],
    ['LOG_LEVEL: must be one of trace, debug, info, warn, error, silent', { LOG_LEVEL: 'loud' }],
    [
      'RINGFENCE_TRUSTED_PROXIES: must be an IP address or a network such as 10.0.0.0/8',
      { RINGFENCE_TRUSTED_PROXIES: '10.0.0.0/8, proxy, another' },
    ],
  ])('are refused in words: %s', (words, wrong) => {
    expect(() => readConfig(GatewayConfig, { ...smallest, ...wrong })).toThrow(`Correct the environment: ${words}.`);
  });

  it('of a worker are refused in words', () => {
    const wrong = { ...smallest, RINGFENCE_DIALS_PER_SECOND: '0' };
    expect(() => readConfig(WorkerConfig, wrong)).toThrow('RINGFENCE_DIALS_PER_SECOND: must be above 0');
  });

  it.each(['localhost:9464', '9464', '127.0.0.1', '127.0.0.1:99999', '1.2.3:9464', '::1:9464'])(
    'refuse the address of metrics that Temporal cannot listen at: %s',
    (RINGFENCE_METRICS) => {
      expect(() => readConfig(WorkerConfig, { ...smallest, RINGFENCE_METRICS })).toThrow(
        'Correct the environment: RINGFENCE_METRICS: must be an IP address and a port',
      );
    },
  );

  it.each(['127.0.0.1:9464', '[::1]:9464', '0.0.0.0:0'])('take the address of metrics %s', (RINGFENCE_METRICS) => {
    expect(readConfig(WorkerConfig, { ...smallest, RINGFENCE_METRICS })).toMatchObject({ RINGFENCE_METRICS });
  });

  it.each([
    ['DATABASE_URL', { DATABASE_URL: '' }],
    ['DATABASE_URL', { DATABASE_URL: undefined }],
    ['RINGFENCE_PORT', { RINGFENCE_PORT: '70000' }],
    ['RINGFENCE_PORT', { RINGFENCE_PORT: 'http' }],
    ['RINGFENCE_API_KEY', { RINGFENCE_API_KEY: 'short' }],
    ['RINGFENCE_API_KEY', { RINGFENCE_API_KEY: 'a key with blanks in it' }],
    ['RINGFENCE_BODY_LIMIT', { RINGFENCE_BODY_LIMIT: '0' }],
    ['RINGFENCE_TRUSTED_PROXIES', { RINGFENCE_TRUSTED_PROXIES: 'proxy.example.com' }],
    ['RINGFENCE_TRUSTED_PROXIES', { RINGFENCE_TRUSTED_PROXIES: '10.0.0.1, 10.0.0.0/33' }],
    ['RINGFENCE_TRUSTED_PROXIES', { RINGFENCE_TRUSTED_PROXIES: '0.0.0.0/0' }],
    ['RINGFENCE_TRUSTED_PROXIES', { RINGFENCE_TRUSTED_PROXIES: '::/0' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
  ])('are refused with the name of the variable: %s', (name, wrong) => {
    expect(() => readConfig(GatewayConfig, { ...smallest, ...wrong })).toThrow(name);
  });
});
