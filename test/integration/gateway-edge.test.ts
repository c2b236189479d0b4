import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noNamespace } from '../../client/temporal/temporal-errors.ts';
import { openPool } from '../../db/pool.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';

const person = { phone_number: '+14155550132', first_name: 'Adalbert', email: 'adalbert@example.com' };
const body = { name: 'Reminders', agent_id: 'agent-1', contacts: [person] };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ bodyLimit: 4_096 });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.temporal.away = false;
});

describe('keys', () => {
  it.each([
    ['no key', {}],
    ['another scheme', { authorization: `Basic ${KEYS.write}` }],
    ['an unknown key', { authorization: 'Bearer write-key-of-acme-2' }],
    ['a key in another case', { authorization: `Bearer ${KEYS.write.toUpperCase()}` }],
    ['an endless key', { authorization: `Bearer ${'x'.repeat(600)}` }],
  ])('%s: 401, before anything of the request is looked at', async (_, headers) => {
    const reply = await gateway.send({ method: 'POST', path: '/batch-calls', body: '{', key: null, headers });
    expect([reply.status, reply.body.error.code]).toEqual([401, 'unauthorized']);
    expect(reply.headers['www-authenticate']).toBe('Bearer');
  });

  it('read with the scope "read", and change nothing with it', async () => {
    expect((await gateway.send({ path: '/batch-calls', key: KEYS.read })).status).toBe(200);
    const reply = await gateway.send({ method: 'POST', path: '/batch-calls', body, key: KEYS.read });
    expect([reply.status, reply.body.error.code]).toEqual([403, 'forbidden']);
  });

  it('open nothing once they are revoked', async () => {
    const own = await openGateway();
    try {
      await own.db.pool.query('update api_keys set revoked_at = now()');
      expect((await own.send({ path: '/batch-calls' })).status).toBe(401);
    } finally {
      await own.close();
    }
  });

  it('are kept by their hash alone', async () => {
    const { rows } = await gateway.db.pool.query('select api_keys::text as row from api_keys');
    for (const key of Object.values(KEYS)) expect(JSON.stringify(rows)).not.toContain(key);
  });
});

describe('refusals', () => {
  const json = { 'content-type': 'application/json' };

  it.each([
    ['malformed JSON', { method: 'POST', body: '{"name": "Adal', headers: json }, 400, 'bad_request'],
    ['an empty body', { method: 'POST', body: '', headers: json }, 400, 'bad_request'],
    ['no body', { method: 'POST' }, 422, 'validation_error'],
    ['a body that is a list', { method: 'POST', body: [] }, 422, 'validation_error'],
    [
      'another content type',
      { method: 'POST', body: 'name=x', headers: { 'content-type': 'text/plain' } },
      415,
      'bad_request',
    ],
    ['a body too large', { method: 'POST', body: { name: 'x'.repeat(5_000) } }, 413, 'payload_too_large'],
  ] as const)('%s', async (_, request, status, code) => {
    const reply = await gateway.send({ path: '/batch-calls', ...request });
    expect([reply.status, reply.body.error.code]).toEqual([status, code]);
    expect(reply.body).toMatchObject({
      error: { message: expect.any(String), details: expect.any(Object) },
      meta: { request_id: expect.any(String), ts: expect.any(String) },
    });
    expect(reply.text).not.toContain('Adal');
  });

  it.each(['/nowhere', `/batch-calls/%zz`, '/batch-calls/1/2/3'])(
    'an address that does not exist: %s',
    async (path) => {
      const reply = await gateway.send({ path });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.status).toBeLessThan(500);
      expect(reply.body.error.code).toMatch(/not_found|bad_request/);
    },
  );

  it('list every wrong field of a body', async () => {
    const wrong = { ...body, name: '', timezone: 'EDT', max_retry_attempts: 99 };
    const reply = await gateway.send({ method: 'POST', path: '/batch-calls', body: wrong });
    const issues = reply.body.error.details.issues as { field: string }[];
    expect(issues.map(({ field }) => field)).toEqual(['name', 'timezone', 'max_retry_attempts']);
  });

  it('say 500 and nothing else when the fault is here, and keep people out of the log', async () => {
    const own = await openGateway();
    try {
      await own.db.pool.query(`alter table campaign_contacts add check (phone_number = 'nobody')`);
      const reply = await own.send({ method: 'POST', path: '/batch-calls', body });
      expect([reply.status, reply.body.error.code]).toEqual([500, 'internal']);
      expect(reply.body.error.message).not.toMatch(/check|constraint|nobody/);
      const log = own.log.join('');
      expect(log).toContain('"code":"23514"');
      expect(log).not.toMatch(/4155550132|Adalbert/);
    } finally {
      await own.close();
    }
  });
});

describe('logs', () => {
  it('hold the route, the status and the time, and nobody’s data', async () => {
    gateway.log.length = 0;
    const created = await gateway.send({ method: 'POST', path: '/batch-calls', body });
    await gateway.send({ path: `/batch-calls/${created.body.data.id}/contacts?limit=7` });
    await gateway.send({ path: '/batch-calls?agent_id=Adalbert&status=x' });
    const lines = gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      {
        method: 'POST',
        route: '/api/public/v1/batch-calls',
        status: 201,
        reqId: expect.any(String),
        ms: expect.any(Number),
      },
      { method: 'GET', route: '/api/public/v1/batch-calls/:id/contacts', status: 200 },
      { method: 'GET', route: '/api/public/v1/batch-calls', status: 422 },
    ]);
    expect(gateway.log.join('')).not.toMatch(/4155550132|Adalbert|adalbert|write-key|limit=7/);
  });
});

describe('health', () => {
  const probe = async (path: string, from: TestGateway = gateway) => {
    const reply = await from.app.inject({ url: path });
    return { status: reply.statusCode, body: reply.json<{ error?: { code: string; details: unknown } }>() };
  };

  it('is ready while PostgreSQL and Temporal answer', async () => {
    expect((await probe('/healthz')).status).toBe(200);
    expect(await probe('/readyz')).toMatchObject({ status: 200, body: { data: { zone_data: ZONE_DATA_VERSION } } });
  });

  it('is up but not ready while Temporal is away, and says which', async () => {
    gateway.temporal.away = true;
    expect((await probe('/healthz')).status).toBe(200);
    expect(await probe('/readyz')).toMatchObject({
      status: 503,
      body: { error: { code: 'temporal_unavailable', details: { postgresql: true, temporal: false } } },
    });
  });

  it('is not ready for a namespace that Temporal does not have, and names the setting', async () => {
    const refused = noNamespace('of-nobody', null);
    const own = await openGateway({ pingTemporal: () => Promise.reject(refused) });
    try {
      expect(await probe('/readyz', own)).toMatchObject({
        status: 503,
        body: { error: { code: 'temporal_unavailable', message: `Not ready. ${refused.message}` } },
      });
    } finally {
      await own.close();
    }
  });

  it('is up but not ready while PostgreSQL is away; the API answers 503', async () => {
    const pool = openPool(`postgres://nobody@127.0.0.1:${await closedPort()}/none`);
    const own = await openGateway({ pool });
    try {
      expect((await probe('/healthz', own)).status).toBe(200);
      expect(await probe('/readyz', own)).toMatchObject({
        status: 503,
        body: { error: { code: 'database_unavailable', details: { postgresql: false, temporal: true } } },
      });
      const reply = await own.send({ path: '/batch-calls' });
      expect([reply.status, reply.body.error.code]).toEqual([503, 'database_unavailable']);
      expect(reply.headers['retry-after']).toBeDefined();
    } finally {
      await own.close();
      await pool.end();
    }
  });

  it('reads on while PostgreSQL takes no writes; what would write is answered with 503', async () => {
    const pool = openPool(`${gateway.db.url}?options=${encodeURIComponent('-c default_transaction_read_only=on')}`);
    const own = await openGateway({ pool });
    try {
      expect((await own.send({ path: '/batch-calls' })).status).toBe(200);
      const refused = await own.send({ method: 'POST', path: '/batch-calls', body });
      expect([refused.status, refused.body.error.code]).toEqual([503, 'database_unavailable']);
      expect(refused.headers['retry-after']).toBeDefined();
    } finally {
      await own.close();
      await pool.end();
    }
  });
});

describe('a campaign that Temporal has forgotten', () => {
  it('is still read; a command says that its workflow is not found, and the way out', async () => {
    const gone = () => Promise.reject(new RingfenceError('not_found', 'There is no such workflow.'));
    const own = await openGateway({
      campaigns: { pause: gone, resume: gone, cancel: gone, edit: gone },
      readWorkflowStatus: async () => ({ kind: 'not_found' }),
    });
    try {
      const { id } = (await own.send({ method: 'POST', path: '/batch-calls', body })).body.data;
      const refused = await own.send({ method: 'POST', path: `/batch-calls/${id}/pause` });
      expect([refused.status, refused.body.error.code]).toEqual([409, 'wrong_state']);
      expect(refused.body.error.message).toMatch(/for a minute.*restart or cancel it/);
      expect((await own.send({ path: `/batch-calls/${id}` })).body.data).toMatchObject({ id, pending: 1 });
    } finally {
      await own.close();
    }
  });
});

describe('/openapi.json', () => {
  it('describes every route of the API, and what its body may hold', async () => {
    const document = (await gateway.app.inject({ url: '/openapi.json' })).json<{
      openapi: string;
      paths: Record<string, Record<string, { security?: unknown; requestBody?: { content: Record<string, unknown> } }>>;
    }>();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/public/v1/batch-calls',
        '/api/public/v1/batch-calls/{id}',
        '/api/public/v1/batch-calls/{id}/contacts',
        '/api/public/v1/batch-calls/{id}/pause',
        '/api/public/v1/batch-calls/{id}/resume',
        '/api/public/v1/batch-calls/{id}/cancel',
        '/api/public/v1/contacts',
        '/api/public/v1/contacts/folders',
        '/api/public/v1/contacts/import',
        '/webhooks/{connection}',
        '/healthz',
        '/readyz',
      ]),
    );
    const post = document.paths['/api/public/v1/batch-calls']?.post;
    expect(post?.security).toEqual([{ key: [] }]);
    expect(post?.requestBody?.content['application/json']).toMatchObject({
      schema: {
        required: ['name', 'agent_id'],
        additionalProperties: false,
        properties: { max_concurrent_calls: { default: 10, minimum: 1 }, contact_source: { enum: expect.any(Array) } },
      },
    });
  });
});

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

describe('a flood', () => {
  it('is one caller’s, however it writes "Bearer"', async () => {
    const gateway = await openGateway({ requestsPerMinute: 3 });
    try {
      const letters = 'bearer'.split('');
      const spellings = Array.from({ length: 64 }, (_, bits) =>
        letters.map((letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter)).join(''),
      );
      const statuses = [];
      for (const scheme of spellings) {
        const headers = { authorization: `${scheme} ${KEYS.write}` };
        statuses.push((await gateway.send({ path: '/batch-calls', key: null, headers })).status);
      }
      expect(statuses).toEqual([200, 200, 200, ...Array.from({ length: 61 }, () => 429)]);
    } finally {
      await gateway.close();
    }
  });

  it('is answered with 429 and when to come back, key by key', async () => {
    const gateway = await openGateway({ requestsPerMinute: 3 });
    try {
      const statuses: number[] = [];
      for (let request = 0; request < 5; request++)
        statuses.push((await gateway.send({ path: '/batch-calls' })).status);
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
      const refused = await gateway.send({ path: '/batch-calls' });
      expect(refused.body.error.code).toBe('rate_limit_exceeded');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(refused.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '0' });
      expect((await gateway.send({ path: '/batch-calls', key: KEYS.other })).status).toBe(200);
      const forged = [];
      for (let request = 0; request < 4; request++) {
        forged.push((await gateway.send({ path: '/batch-calls', key: 'not-a-key-of-anybody' })).status);
      }
      expect(forged).toEqual([401, 401, 401, 429]);
      // All of them came from one address. This key has not been seen before.
      expect((await gateway.send({ path: '/batch-calls', key: KEYS.read })).status).toBe(200);
    } finally {
      await gateway.close();
    }
  });
});
