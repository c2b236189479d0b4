import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { type ApiKey, hashKey } from '../../../db/api-keys.ts';
import { authenticate } from '../../../gateway/http/auth.ts';
import { answerError } from '../../../gateway/http/errors.ts';
import { limitRate } from '../../../gateway/http/rate-limit.ts';

const KNOWN = 'the-only-key-there-is';
/** As many callers as the gateway remembers. */
const REMEMBERED = 5_000;

let app: FastifyInstance;
afterEach(() => app.close());

interface Limited {
  /** How many hashes each query asked for. */
  readonly queries: number[];
  readonly known: Set<string>;
}

async function limited(requestsPerMinute: number, { trustProxy }: { trustProxy?: string[] } = {}): Promise<Limited> {
  const queries: number[] = [];
  const known = new Set([KNOWN]);
  app = Fastify(trustProxy ? { trustProxy } : {});
  app.setErrorHandler(answerError);
  const findKeys = async (hashes: readonly Buffer[]): Promise<ApiKey[]> => {
    queries.push(hashes.length);
    // A query takes more than one turn of the event loop, as over a network.
    await new Promise((resolve) => setImmediate(resolve));
    return [...known].flatMap((key) => {
      const hash = hashKey(key);
      const isAsked = hashes.some((asked) => asked.equals(hash));
      return isAsked ? [{ id: key, account: 'acme', name: 'test', scope: 'write' as const, hash }] : [];
    });
  };
  app.addHook('onRequest', authenticate({ findKeys, limits: await limitRate(app, { requestsPerMinute }) }));
  app.get('/', async () => ({}));
  app.post('/stop', { config: { stopsCalls: true } }, async () => ({}));
  return { queries, known };
}

const bearer = (key: string) => `Bearer ${key}`;

async function ask(authorization: string | null, remoteAddress = '192.0.2.1', headers: Record<string, string> = {}) {
  return app.inject({
    url: '/',
    headers: { ...(authorization === null ? {} : { authorization }), ...headers },
    remoteAddress,
  });
}

const statuses = async (authorizations: readonly (string | null)[], address?: string) => {
  const found: number[] = [];
  for (const authorization of authorizations) found.push((await ask(authorization, address)).statusCode);
  return found;
};
const madeUp = (count: number) => Array.from({ length: count }, (_, number) => bearer(`made-up-${number}`));

describe('a right key', () => {
  it('has one count, however its header is written', async () => {
    await limited(3);
    const spellings = ['Bearer ', 'bearer ', 'BEARER ', 'bEaReR ', 'Bearer  ', 'beareR   '];
    expect(await statuses(spellings.map((scheme) => scheme + KNOWN))).toEqual([200, 200, 200, 429, 429, 429]);
  });

  it('has one count, whatever addresses it comes from', async () => {
    await limited(2);
    const found = [];
    for (const host of ['1', '2', '3']) found.push(...(await statuses([bearer(KNOWN)], `192.0.2.${host}`)));
    expect(found).toEqual([200, 200, 429]);
  });

  it('costs no query beyond its count', async () => {
    const { queries } = await limited(2);
    await statuses(Array.from({ length: 10 }, () => bearer(KNOWN)));
    expect(queries).toHaveLength(2);
  });

  it('is told its count, and when to come back', async () => {
    await limited(1);
    expect((await ask(bearer(KNOWN))).headers).toMatchObject({ 'ratelimit-limit': '1', 'ratelimit-remaining': '0' });
    const refused = await ask(bearer(KNOWN));
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });

  it('stops calls when its other requests are spent', async () => {
    await limited(1);
    expect(await statuses([bearer(KNOWN), bearer(KNOWN)])).toEqual([200, 429]);
    const stop = () => app.inject({ method: 'POST', url: '/stop', headers: { authorization: bearer(KNOWN) } });
    expect([(await stop()).statusCode, (await stop()).statusCode]).toEqual([200, 429]);
  });
});

describe('keys that are made up', () => {
  it('are refused with 429, when an address has tried as many as one key may ask', async () => {
    await limited(3);
    expect(await statuses(madeUp(20))).toEqual([401, 401, 401, ...Array.from({ length: 17 }, () => 429)]);
    const refused = await ask(bearer('made-up-20'));
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '0' });
    expect(refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });

  it('do not shut out a right key of the same address that was not seen before', async () => {
    await limited(3);
    await statuses(madeUp(20));
    expect(await statuses([bearer(KNOWN), bearer('made-up')])).toEqual([200, 429]);
  });

  it('share queries: a flood of them takes one query at a time, and a right key among them two', async () => {
    const { queries } = await limited(3);
    const first = madeUp(200).map((authorization) => ask(authorization));
    const right = ask(bearer(KNOWN));
    const then = madeUp(200).map((authorization) => ask(authorization));
    expect((await right).statusCode).toBe(200);
    await Promise.all([...first, ...then]);
    expect(queries.reduce((sum, count) => sum + count)).toBe(401);
    expect(queries.length).toBeLessThan(20);
  });

  it('are counted when they were right before, and are right again when they are', async () => {
    const { known } = await limited(2);
    expect(await statuses([bearer(KNOWN)])).toEqual([200]);
    known.clear();
    expect(await statuses([bearer(KNOWN), bearer(KNOWN), bearer(KNOWN), bearer(KNOWN)])).toEqual([401, 401, 401, 429]);
    known.add(KNOWN);
    expect(await statuses(['a', 'b'].map(bearer))).toEqual([429, 429]);
  });

  it('count together where their addresses are of one IPv6 network', async () => {
    await limited(2);
    const found = [];
    for (const host of ['1', '2', '3']) {
      found.push(...(await statuses([bearer(`key-${host}`)], `2001:db8:1:2::${host}`)));
    }
    expect(found).toEqual([401, 401, 429]);
    expect(await statuses([bearer('key')], '2001:db8:1:3::1')).toEqual([401]);
  });
});

describe('X-Forwarded-For', () => {
  const PROXY = '10.1.2.3';
  const forwarded = async (addresses: readonly string[], from: string) => {
    const found: number[] = [];
    for (const [number, address] of addresses.entries()) {
      found.push((await ask(bearer(`made-up-${number}`), from, { 'x-forwarded-for': address })).statusCode);
    }
    return found;
  };
  const OTHERS = ['203.0.113.1', '203.0.113.2', '203.0.113.3'];
  const ONE = ['203.0.113.9', '198.51.100.1, 203.0.113.9', '203.0.113.9:4711'];

  it.each<[what: string, trusted: string[] | null, from: string, addresses: string[], statuses: number[]]>([
    ['is ignored without trusted proxies', null, PROXY, OTHERS, [401, 401, 429]],
    ['is ignored from elsewhere', ['10.0.0.0/8'], '192.0.2.7', OTHERS, [401, 401, 429]],
    ['names the client behind a trusted network', ['10.0.0.0/8'], PROXY, OTHERS, [401, 401, 401]],
    ['names the client behind a trusted address', ['10.1.2.3'], PROXY, OTHERS, [401, 401, 401]],
    [
      'names the client of an IPv4 proxy that is seen as IPv6',
      ['10.1.2.3'],
      '::ffff:10.1.2.3',
      OTHERS,
      [401, 401, 401],
    ],
    ['counts from its end, where the proxy writes', ['10.1.2.3'], PROXY, ONE, [401, 401, 429]],
    ['that names no address counts for the proxy', ['10.1.2.3'], PROXY, ['unknown', '_hidden', 'x'], [401, 401, 429]],
  ])('%s', async (_, trusted, from, addresses, expected) => {
    await limited(2, trusted ? { trustProxy: trusted } : {});
    expect(await forwarded(addresses, from)).toEqual(expected);
  });
});

describe('what the limit remembers', () => {
  it('is bounded: after very many callers the one that was silent longest is forgotten', async () => {
    await limited(1);
    expect(await statuses([null, null])).toEqual([401, 429]);
    for (let caller = 0; caller < REMEMBERED; caller += 1) await ask(null, `10.0.${caller >> 8}.${caller & 255}`);
    expect(await statuses([null])).toEqual([401]);
    expect(await statuses([null], `10.0.${(REMEMBERED - 1) >> 8}.${(REMEMBERED - 1) & 255}`)).toEqual([429]);
  });

  it('does not forget a right key because of many made-up ones', async () => {
    await limited(1);
    expect(await statuses([bearer(KNOWN), bearer(KNOWN)])).toEqual([200, 429]);
    for (let start = 0; start < REMEMBERED + 10; start += 1)
      await ask(bearer(`made-up-${start}`), `10.0.0.${start % 250}`);
    expect(await statuses([bearer(KNOWN)])).toEqual([429]);
  });
});
