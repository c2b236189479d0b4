import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { answerError } from '../../../gateway/errors.ts';
import { limitRate } from '../../../gateway/rate-limit.ts';

const KNOWN = 'the-only-key-there-is';
/** As many callers as the gateway remembers. */
const REMEMBERED = 5_000;

let app: FastifyInstance;
afterEach(() => app.close());

async function limited(requestsPerMinute: number): Promise<{ lookUps: () => number }> {
  let lookUps = 0;
  app = Fastify();
  app.setErrorHandler(answerError);
  await limitRate(app, { requestsPerMinute });
  app.addHook('onRequest', async (request, reply) => {
    lookUps += 1;
    const known = request.headers.authorization === `Bearer ${KNOWN}`;
    await request.tellKey(known);
    if (!known) return reply.code(401).send({});
  });
  app.get('/', async () => ({}));
  return { lookUps: () => lookUps };
}

async function ask(key: string | null, remoteAddress = '192.0.2.1') {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` };
  return app.inject({ url: '/', headers, remoteAddress });
}

const statuses = async (keys: readonly (string | null)[], address?: string) => {
  const found: number[] = [];
  for (const key of keys) found.push((await ask(key, address)).statusCode);
  return found;
};

describe('keys that are made up', () => {
  it('are looked up no more, when an address has tried as many as one caller may ask', async () => {
    const { lookUps } = await limited(3);
    const madeUp = Array.from({ length: 20 }, (_, number) => `made-up-${number}`);
    expect(await statuses(madeUp)).toEqual([401, 401, 401, ...Array.from({ length: 17 }, () => 429)]);
    expect(lookUps()).toBe(3);
    const refused = await ask('made-up-20');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '0' });
    expect(refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });

  it('do not shut out a key that was right before, nor another address', async () => {
    await limited(3);
    expect(await statuses([KNOWN, 'a', 'b', 'c', 'd', KNOWN])).toEqual([200, 401, 401, 401, 429, 200]);
    expect(await statuses([KNOWN], '192.0.2.2')).toEqual([200]);
  });

  it('count together where their addresses are of one IPv6 network', async () => {
    await limited(2);
    const found = [];
    for (const host of ['1', '2', '3']) found.push(...(await statuses([`key-${host}`], `2001:db8:1:2::${host}`)));
    expect(found).toEqual([401, 401, 429]);
    expect(await statuses(['key'], '2001:db8:1:3::1')).toEqual([401]);
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
});
