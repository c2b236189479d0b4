/** The SDK against a stub server, over real connections. The waits between repeats are recorded and not waited out. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waiting } from '../../../client/http/repeats.ts';
import { Ringfence, RingfenceError, type RingfenceOptions } from '../../../client/index.ts';
import { API_ROOT } from '../../../domain/api/api-root.ts';
import { readDescription } from '../../../scripts/write-api-docs.ts';
import {
  dataAnswer,
  refusalAnswer,
  type StubAnswer,
  StubGateway,
  type StubRequest,
} from '../../support/fakes/stub-gateway.ts';

const waits: number[] = [];
const KEY = 'rf_key_of_the_test';
const ID = '1f4baf16-1540-4d91-9696-7f34b2f2cb77';
const CONTACT = '0b0a8f0e-6c0c-4c5e-8f3b-2f7e6f1f9a31';
const TERMS = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+12125550101' }] };
const BUSY = refusalAnswer(429, 'rate_limit_exceeded', { headers: { 'retry-after': '2' } });
const DONE = dataAnswer({ id: ID });

let stub: StubGateway;
beforeEach(() => {
  waits.length = 0;
  vi.spyOn(waiting, 'chance').mockReturnValue(0.5);
  vi.spyOn(waiting, 'pause').mockImplementation(async (ms, signal) => {
    waits.push(ms);
    await setImmediate(undefined, { signal });
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stub.close();
});

async function clientFor(
  answers: readonly StubAnswer[] | ((request: StubRequest) => StubAnswer),
  options: Partial<RingfenceOptions> = {},
): Promise<Ringfence> {
  stub = await StubGateway.listen(answers);
  return new Ringfence({ baseUrl: stub.baseUrl, apiKey: KEY, ...options });
}

const keysSent = () => stub.requests.map(({ headers }) => headers['x-idempotency-key']);
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error as RingfenceError,
  );

describe('every call', () => {
  const CALLS: readonly (readonly [name: string, call: (client: Ringfence) => Promise<unknown>, sent: string])[] = [
    ['campaigns.create', (r) => r.campaigns.create(TERMS), 'POST /batch-calls'],
    ['campaigns.get', (r) => r.campaigns.get(ID.toUpperCase()), `GET /batch-calls/${ID}`],
    [
      'campaigns.list',
      (r) => r.campaigns.list({ status: 'active', limit: 7 }),
      'GET /batch-calls?status=active&limit=7',
    ],
    ['campaigns.edit', (r) => r.campaigns.edit(ID, { max_calls_per_day: null }), `PATCH /batch-calls/${ID}`],
    ['campaigns.pause', (r) => r.campaigns.pause(ID), `POST /batch-calls/${ID}/pause`],
    ['campaigns.resume', (r) => r.campaigns.resume(ID), `POST /batch-calls/${ID}/resume`],
    ['campaigns.cancel', (r) => r.campaigns.cancel(ID), `POST /batch-calls/${ID}/cancel`],
    ['campaigns.restart', (r) => r.campaigns.restart(ID), `POST /batch-calls/${ID}/restart`],
    ['campaigns.delete', (r) => r.campaigns.delete(ID), `DELETE /batch-calls/${ID}`],
    [
      'campaigns.forecast',
      (r) => r.campaigns.forecast(ID, { call_seconds: 90 }),
      `GET /batch-calls/${ID}/forecast?call_seconds=90`,
    ],
    ['campaigns.forecast', (r) => r.campaigns.forecast({ contact_count: 5 }), 'POST /batch-calls/forecast'],
    ['campaigns.explain', (r) => r.campaigns.explain(ID, CONTACT), `GET /batch-calls/${ID}/contacts/${CONTACT}`],
    [
      'campaigns.contacts',
      (r) => r.campaigns.contacts(ID, { status: 'failed' }),
      `GET /batch-calls/${ID}/contacts?status=failed`,
    ],
    [
      'campaigns.addContacts',
      (r) => r.campaigns.addContacts(ID, { contacts: [{ phone_number: '+12125550101' }] }),
      `POST /batch-calls/${ID}/contacts`,
    ],
    [
      'campaigns.removeContact',
      (r) => r.campaigns.removeContact(ID, CONTACT),
      `DELETE /batch-calls/${ID}/contacts/${CONTACT}`,
    ],
    [
      'campaigns.callAt',
      (r) => r.campaigns.callAt(ID, CONTACT, new Date(0)),
      `POST /batch-calls/${ID}/contacts/${CONTACT}/call-at`,
    ],
    [
      'campaigns.callEvents',
      (r) => r.campaigns.callEvents(ID, `${ID}.1.1`),
      `GET /batch-calls/${ID}/calls/${ID}.1.1/events`,
    ],
    ['campaigns.progress', (r) => r.campaigns.progress(ID), `GET /batch-calls/${ID}`],
    ['connections.list', (r) => r.connections.list(), 'GET /connections'],
    ['connections.get', (r) => r.connections.get('clinic-us'), 'GET /connections/clinic-us'],
    ['contacts.create', (r) => r.contacts.create({ phone_number: '+12125550101' }), 'POST /contacts'],
    ['contacts.list', (r) => r.contacts.list({ folder_id: ID, offset: 5 }), `GET /contacts?folder_id=${ID}&offset=5`],
    [
      'contacts.import',
      (r) => r.contacts.import(Buffer.from('phone\n'), { folder_id: ID, overwrite_existing: true }),
      `POST /contacts/import?folder_id=${ID}&overwrite_existing=true`,
    ],
    ['folders.create', (r) => r.folders.create({ name: 'People' }), 'POST /contacts/folders'],
    ['folders.list', (r) => r.folders.list(), 'GET /contacts/folders'],
    ['folders.delete', (r) => r.folders.delete(ID), `DELETE /contacts/folders/${ID}`],
    ['suppressions.create', (r) => r.suppressions.create({ phone_number: '+12125550101' }), 'POST /suppressions'],
    ['suppressions.list', (r) => r.suppressions.list({ cursor: 'a&b' }), 'GET /suppressions?cursor=a%26b'],
    ['suppressions.delete', (r) => r.suppressions.delete('+12125550101'), 'DELETE /suppressions/%2B12125550101'],
  ];

  it.each(CALLS)('%s sends one request: %#', async (_, call, sent) => {
    const pagination = { total: 0, total_is_exact: true, limit: 50, offset: 0, has_more: false, next_cursor: null };
    const client = await clientFor([dataAnswer([], { pagination })]);
    await call(client);
    const [request, ...others] = stub.requests;
    expect(others).toEqual([]);
    expect(`${request!.method} ${request!.path}`).toBe(sent);
    expect(request!.headers.authorization).toBe(`Bearer ${KEY}`);
    // What changes something has a key, and nothing else has one.
    const writes = request!.method !== 'GET' && !sent.endsWith('/forecast');
    expect(request!.headers['x-idempotency-key'] !== undefined).toBe(writes);
  });

  it('covers every operation of the API', async () => {
    const { paths } = (await readDescription()) as { paths: Record<string, Record<string, { security?: unknown[] }>> };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security = [] }]) => security.length > 0)
        .map(([method]) => `${method.toUpperCase()} ${path.replace(API_ROOT, '')}`),
    );
    expect(operations).toContain('GET /batch-calls/{id}');
    const sent = CALLS.map(([, , request]) => request.split('?')[0]!);
    const covered = (operation: string) => {
      const pattern = new RegExp(`^${operation.replaceAll(/\{\w+\}/g, '(?!forecast$|import$|folders$)[^/]+')}$`);
      return sent.some((request) => pattern.test(request));
    };
    expect(operations.filter((operation) => !covered(operation))).toEqual([]);
  });

  it('covers every method of every resource', async () => {
    const client = await clientFor([DONE]);
    const methods = Object.entries(client).flatMap(([name, resource]) =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(resource))
        .filter((method) => method !== 'constructor')
        .map((method) => `${name}.${method}`),
    );
    const covered = new Set([...CALLS.map(([name]) => name), 'campaigns.untilOver']);
    expect(methods.filter((method) => !covered.has(method))).toEqual([]);
  });
});

describe('a request that is refused for a moment', () => {
  it('is repeated under one key with the same bytes, and the caller gets one answer', async () => {
    const client = await clientFor([BUSY, BUSY, 'break', DONE]);
    expect(await client.campaigns.create(TERMS)).toEqual({ id: ID });
    expect(stub.requests).toHaveLength(4);
    expect(new Set(keysSent()).size).toBe(1);
    expect(keysSent()[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(stub.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([TERMS, TERMS, TERMS, TERMS]);
    // Retry-After, and half of what the jitter may add.
    expect(waits).toEqual([2_250, 2_500, 1_000]);
  });

  it('has another key than the next call', async () => {
    const client = await clientFor([DONE]);
    await client.campaigns.pause(ID);
    await client.campaigns.pause(ID);
    await client.campaigns.pause(ID, { idempotencyKey: 'ours' });
    const [first, second, third] = keysSent();
    expect(first).not.toBe(second);
    expect(third).toBe('ours');
  });

  it.each([408, 500, 502, 503, 504])('is repeated after %i of whatever kind', async (status) => {
    const page = { status, headers: { 'content-type': 'text/html' }, body: '<html>' };
    const client = await clientFor([page, page, DONE]);
    await client.campaigns.get(ID);
    expect(stub.requests).toHaveLength(3);
  });

  it('is repeated as often as the call says, or else the client', async () => {
    const client = await clientFor([BUSY], { maxRetries: 1 });
    expect(await failureOf(client.campaigns.get(ID))).toMatchObject({ code: 'rate_limit_exceeded', retryAfter: 2 });
    expect(stub.requests).toHaveLength(2);
    await failureOf(client.campaigns.get(ID, { maxRetries: 0 }));
    expect(stub.requests).toHaveLength(3);
  });
});

describe('a request that is refused', () => {
  it.each([
    [400, 'bad_request'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [409, 'wrong_state'],
    [409, 'conflict'],
    [413, 'payload_too_large'],
    [422, 'validation_error'],
    [422, 'idempotency_mismatch'],
  ])('with %i %s is not repeated, and names its field', async (status, code) => {
    const answer = refusalAnswer(status, code, { details: { field: 'name' }, headers: { 'retry-after': '1' } });
    const client = await clientFor([answer, DONE]);
    const error = await failureOf(client.campaigns.create(TERMS));
    expect(error).toBeInstanceOf(RingfenceError);
    expect(error).toMatchObject({ code, status, field: 'name', retryAfter: 1, requestId: 'request-of-the-stub' });
    expect(stub.requests).toHaveLength(1);
  });

  it('for a key that no header can carry, or an id that is none, is not sent', async () => {
    const client = await clientFor([DONE]);
    // What a program without types may pass would be the same key for all its writes.
    for (const key of ['', 'a\nb', 'é', ' a', 'a ', ' ', 'a'.repeat(256), null, 5, {}]) {
      const options = { idempotencyKey: key as string };
      const calls = [client.campaigns.pause(ID, options), client.campaigns.delete(ID, options)];
      for (const call of calls) {
        expect(await failureOf(call)).toMatchObject({ code: 'validation_error', field: 'idempotencyKey' });
      }
    }
    for (const id of ['', '../contacts', `{${ID}}`]) {
      expect(await failureOf(client.campaigns.get(id))).toMatchObject({ code: 'not_found', field: 'id' });
      expect(await failureOf(client.folders.delete(id))).toMatchObject({ code: 'not_found', field: 'id' });
    }
    expect(await failureOf(client.campaigns.explain(ID, 'x'))).toMatchObject({ field: 'contact_id' });
    expect(stub.requests).toEqual([]);
  });

  it('for an id that is none rejects the promise of a list too, so that a call beside it is taken up', async () => {
    const { campaigns } = await clientFor([DONE]);
    const both = Promise.all([campaigns.get('none'), campaigns.contacts('none')]);
    expect(await failureOf(both)).toMatchObject({ code: 'not_found', field: 'id' });
    expect(await failureOf(campaigns.callEvents('none', 'call'))).toMatchObject({ field: 'id' });
    expect(stub.requests).toEqual([]);
  });

  it('for what JSON cannot express is not sent', async () => {
    const client = await clientFor([DONE]);
    const circular: Record<string, unknown> = { ...TERMS };
    circular.contacts = [circular];
    for (const terms of [circular, { ...TERMS, max_calls_per_day: 5n }]) {
      const call = client.campaigns.create(terms as unknown as typeof TERMS);
      expect(await failureOf(call)).toMatchObject({ code: 'validation_error', field: 'body' });
    }
    expect(stub.requests).toEqual([]);
  });

  it('for a date that is none names its field', async () => {
    const client = await clientFor(({ body }) =>
      body.includes('null') ? refusalAnswer(422, 'validation_error', { details: { field: 'at' } }) : DONE,
    );
    await client.campaigns.callAt(ID, CONTACT, new Date(0));
    expect(stub.requests[0]!.body).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
    expect(await failureOf(client.campaigns.callAt(ID, CONTACT, new Date(NaN)))).toMatchObject({ field: 'at' });
  });
});

describe('an answer that was cut off', () => {
  it.each([
    ['with the connection', { 'content-length': '500' }],
    ['by a proxy that ends it in order', {}],
  ])('%s is repeated under one key', async (_, headers) => {
    const half = { status: 201, headers, body: '{"data":{"id":', breaks: 'content-length' in headers };
    const client = await clientFor([half, DONE]);
    expect(await client.campaigns.create(TERMS)).toEqual({ id: ID });
    expect(stub.requests).toHaveLength(2);
    expect(new Set(keysSent()).size).toBe(1);
  });

  it('again and again says so', async () => {
    const client = await clientFor([{ body: '{' }], { maxRetries: 1 });
    expect(await failureOf(client.campaigns.pause(ID))).toMatchObject({
      code: 'api_unreachable',
      message: expect.stringContaining('was cut off (HTTP 200)'),
    });
  });
});

describe('numbers among the options of a call', () => {
  it.each([{ timeoutMs: Number.NaN }, { timeoutMs: 0 }, { maxRetries: Number.NaN }])(
    'are refused before anything is sent: %j',
    async (options) => {
      const client = await clientFor([BUSY]);
      for (const call of [
        client.campaigns.get(ID, options),
        client.contacts.import(Buffer.from('phone'), {}, options),
      ]) {
        expect(await failureOf(call)).toMatchObject({ code: 'misconfigured', field: Object.keys(options)[0] });
      }
      expect(stub.requests).toEqual([]);
    },
  );

  it.each([Infinity, 2 ** 31])('allow a time limit of %d ms, longer than any timer', async (timeoutMs) => {
    const client = await clientFor([DONE], { maxRetries: 0 });
    expect(await client.campaigns.get(ID, { timeoutMs })).toEqual({ id: ID });
  });
});

describe('through Temporal', () => {
  const temporalWith = (handle: object) => ({
    connection: { close: async () => {} },
    workflow: { getHandle: (workflowId: string) => ({ workflowId, ...handle }) },
    withDeadline: <T>(_deadline: unknown, act: () => Promise<T>) => act(),
  });
  const named = (name: string, facts: object) =>
    Object.assign(new Error('The campaign is ending.'), { name, ...facts });
  const refusing = temporalWith({
    executeUpdate: async () => {
      const cause = named('ApplicationFailure', { type: 'wrong_state' });
      throw named('WorkflowUpdateFailedError', { cause });
    },
  });

  it('a campaign whose workflow was ended from outside is not said to be active', async () => {
    const describedAs = (name: string) =>
      temporalWith({ query: async () => ({ status: 'active' }), describe: async () => ({ status: { name } }) });
    const interrupted = dataAnswer({ id: ID, status: 'interrupted' });
    const terminated = await clientFor([interrupted], { temporal: describedAs('TERMINATED') });
    expect(await terminated.campaigns.progress(ID)).toMatchObject({ status: 'interrupted' });
    await stub.close();
    const running = await clientFor([interrupted], { temporal: describedAs('RUNNING') });
    expect(await running.campaigns.progress(ID)).toMatchObject({ status: 'active' });
    expect(stub.requests).toEqual([]);
  });

  it('a refused command asks the gateway for its first answer, if the caller has chosen its key', async () => {
    const first = { acknowledged: true, status: 'active', cancel_requested_at: '2026-03-18T12:00:00.000Z' };
    const client = await clientFor([dataAnswer({ id: ID, ...first })], { temporal: refusing, maxRetries: 0 });
    expect(await client.campaigns.cancel(ID, { idempotencyKey: 'ours' })).toEqual(first);
    expect(keysSent()).toEqual(['ours']);
    expect(await failureOf(client.campaigns.cancel(ID))).toMatchObject({ code: 'wrong_state' });
    expect(stub.requests).toHaveLength(1);
    await stub.close();
    expect(await failureOf(client.campaigns.cancel(ID, { idempotencyKey: 'ours' }))).toMatchObject({
      code: 'wrong_state',
      message: 'The campaign is ending.',
    });
    stub = await StubGateway.listen([DONE]);
  });

  it('commands have one id for each command and key, and none that shows the key', async () => {
    const sent: string[] = [];
    const temporal = temporalWith({
      executeUpdate: async (_update: unknown, { updateId }: { updateId: string }) => {
        sent.push(updateId);
        return { status: 'paused' };
      },
    });
    const { campaigns } = await clientFor([DONE], { temporal });
    const options = { idempotencyKey: 'of-the-caller' };
    for (const command of ['pause', 'resume', 'cancel', 'pause'] as const) await campaigns[command](ID, options);
    await campaigns.pause(ID);
    const [pause, resume, cancel, again, other] = sent;
    // The workflow would answer a resume under the id of a pause with the acknowledgement of the pause.
    expect(new Set([pause, resume, cancel, other]).size).toBe(4);
    expect(again).toBe(pause);
    expect(sent.join(' ')).not.toContain('of-the-caller');
  });
});

describe('no answer', () => {
  it('says that nothing listens', async () => {
    const client = await clientFor([DONE], { maxRetries: 2 });
    const { baseUrl } = stub;
    await stub.close();
    const error = await failureOf(client.campaigns.get(ID));
    expect(error).toMatchObject({ code: 'api_unreachable', cause: { code: 'ECONNREFUSED' } });
    expect(error.message).toContain(`Nothing listens at ${baseUrl}`);
    expect(waits).toHaveLength(2);
    stub = await StubGateway.listen([DONE]);
  });

  it('within the time limit of a try is repeated, and says how long it took', async () => {
    // Long enough for the answer on a busy machine, where a try more may be needed.
    const client = await clientFor(['none', 'none', DONE], { timeoutMs: 100, maxRetries: 10 });
    expect(await client.campaigns.get(ID)).toEqual({ id: ID });
    expect(waits.length).toBeGreaterThanOrEqual(2);
    const silent = await failureOf((await clientFor(['none'])).campaigns.get(ID, { timeoutMs: 20, maxRetries: 1 }));
    expect(silent).toMatchObject({ code: 'api_unreachable', message: expect.stringContaining('within 0.02 s') });
  });

  it('from what does not speak HTTP says so', async () => {
    const other = createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const options = { baseUrl: `http://127.0.0.1:${port}`, apiKey: KEY, maxRetries: 0 };
    const error = await failureOf(new Ringfence(options).campaigns.get(ID));
    expect(error.message).toContain('speaks another protocol (HPE_INVALID_CONSTANT)');
    other.close();
    stub = await StubGateway.listen([DONE]);
    const tls = new Ringfence({ ...options, baseUrl: stub.baseUrl.replace('http:', 'https:') });
    expect((await failureOf(tls.campaigns.get(ID))).message).toContain('speaks another protocol');
  });
});

describe('a signal', () => {
  it.each(['of the call', 'of the client'])('%s ends a request with its reason', async (of) => {
    const controller = new AbortController();
    const { signal } = controller;
    const client = await clientFor(['none'], of === 'of the client' ? { signal } : {});
    const call = client.campaigns.get(ID, of === 'of the call' ? { signal } : {});
    await vi.waitFor(() => expect(stub.requests).toHaveLength(1));
    controller.abort(new Error('the caller has gone'));
    expect((await failureOf(call)).message).toBe('the caller has gone');
    expect(stub.requests).toHaveLength(1);
    expect((await failureOf(client.campaigns.get(ID, { signal }))).message).toBe('the caller has gone');
  });

  it('ends the wait before a repeat', async () => {
    const controller = new AbortController();
    vi.mocked(waiting.pause).mockImplementation((_ms, signal) => {
      controller.abort(new Error('enough'));
      return setImmediate(undefined, { signal });
    });
    const client = await clientFor([refusalAnswer(503, 'database_unavailable')]);
    const error = await failureOf(client.campaigns.get(ID, { signal: controller.signal }));
    expect(error.message).toBe('enough');
    expect(stub.requests).toHaveLength(1);
  });

  it('is not listened to after the call', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const client = await clientFor([DONE], { signal });
    await client.campaigns.get(ID);
    expect(removed.mock.calls).toEqual(added.mock.calls);
    expect(added).toHaveBeenCalled();
  });
});

describe('a list', () => {
  const items = Array.from({ length: 7 }, (_, index) => ({ id: index }));
  const pageOf: (request: StubRequest) => StubAnswer = ({ path }) => {
    const query = new URL(path, 'http://stub').searchParams;
    const from = Number(query.get('cursor') ?? query.get('offset') ?? 0);
    const data = items.slice(from, from + 3);
    const next = from + 3 < items.length ? String(from + 3) : null;
    const pagination = {
      total: 7,
      total_is_exact: true,
      limit: 3,
      offset: 0,
      has_more: next !== null,
      next_cursor: next,
    };
    return dataAnswer(data, { pagination });
  };

  it('is read page by page, with its filters', async () => {
    const client = await clientFor(pageOf);
    const page = await client.campaigns.list({ status: 'active', limit: 3, offset: 1 });
    expect(page.data).toEqual(items.slice(1, 4));
    expect(page.pagination).toMatchObject({ total: 7, has_more: true });
    const second = await page.next();
    expect(second!.data).toEqual(items.slice(4, 7));
    expect(await second!.next()).toBeNull();
    expect(stub.requests.map(({ path }) => path)).toEqual([
      '/batch-calls?status=active&limit=3&offset=1',
      '/batch-calls?status=active&limit=3&cursor=4',
    ]);
  });

  it('is iterated over, item by item and page by page', async () => {
    const client = await clientFor(pageOf);
    const seen: unknown[] = [];
    for await (const campaign of client.campaigns.list()) seen.push(campaign);
    expect(seen).toEqual(items);
    const sizes: number[] = [];
    for await (const page of client.contacts.list().pages()) sizes.push(page.data.length);
    expect(sizes).toEqual([3, 3, 1]);
    const rest: unknown[] = [];
    for await (const folder of await client.folders.list({ cursor: '3' })) rest.push(folder);
    expect(rest).toEqual(items.slice(3));
  });

  it('repeats the request for a page, and asks for no more of them than are read', async () => {
    let refused = false;
    const client = await clientFor((request) => {
      if (!refused && request.path.includes('cursor=3')) {
        refused = true;
        return BUSY;
      }
      return pageOf(request);
    });
    const seen: unknown[] = [];
    for await (const campaign of client.campaigns.list()) {
      seen.push(campaign);
      if (seen.length === 5) break;
    }
    expect(seen).toEqual(items.slice(0, 5));
    expect(stub.requests).toHaveLength(3);
  });
});

describe('an import', () => {
  const CSV = Buffer.from(`phone,first_name\n${'+12125550101,Ada\n'.repeat(1_000)}`);
  const RESULT = { imported: 1, updated: 0, skipped: 999, errors: 0, error_details: [] };
  async function* chunks(size = 1_000): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < CSV.length; at += size) yield CSV.subarray(at, at + size);
  }

  it.each([
    ['bytes', () => CSV],
    ['a stream', () => chunks()],
    ['a function that opens a stream', () => () => chunks()],
  ])('sends %s and tells its progress', async (_, file) => {
    const client = await clientFor([dataAnswer(RESULT)]);
    const told: number[] = [];
    const onProgress = ({ sentBytes }: { sentBytes: number }) => void told.push(sentBytes);
    expect(await client.contacts.import(file(), { default_country: 'US' }, { onProgress })).toEqual(RESULT);
    expect(stub.requests[0]).toMatchObject({ path: '/contacts/import?default_country=US', body: CSV.toString() });
    expect(stub.requests[0]!.headers['content-type']).toBe('text/csv');
    expect(told.at(-1)).toBe(CSV.length);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });

  it('is repeated under one key where the file can be read again', async () => {
    const client = await clientFor([BUSY, 'break', dataAnswer(RESULT)]);
    expect(await client.contacts.import(() => chunks())).toEqual(RESULT);
    expect(stub.requests.map(({ body }) => body.length)).toEqual([CSV.length, CSV.length, CSV.length]);
    expect(new Set(keysSent()).size).toBe(1);
  });

  it('of a stream is sent once', async () => {
    const client = await clientFor([BUSY, dataAnswer(RESULT)]);
    expect(await failureOf(client.contacts.import(chunks()))).toMatchObject({ code: 'rate_limit_exceeded' });
    expect(stub.requests).toHaveLength(1);
  });

  it('fails with what its stream fails with, and is not repeated', async () => {
    const client = await clientFor([dataAnswer(RESULT)]);
    let opened = 0;
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      opened += 1;
      yield CSV;
      throw new Error('the disk is gone');
    };
    expect((await failureOf(client.contacts.import(failing))).message).toBe('the disk is gone');
    expect(opened).toBe(1);
  });
});

describe('following a campaign', () => {
  const campaign = (status: string, more: object = {}) => dataAnswer({ id: ID, status, interrupted: null, ...more });

  it('ends with the campaign, and outlasts a gateway that is away', async () => {
    const away = refusalAnswer(503, 'database_unavailable');
    const client = await clientFor([campaign('active'), away, 'break', campaign('active'), campaign('completed')], {
      maxRetries: 0,
    });
    expect(await client.campaigns.untilOver(ID)).toMatchObject({ id: ID, status: 'completed' });
    expect(stub.requests).toHaveLength(5);
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
  });

  it('ends with an error where the campaign is interrupted or unknown', async () => {
    const interrupted = { reason: 'terminated', code: null, since: '2026-03-18T12:00:00.000Z' };
    const client = await clientFor([campaign('interrupted', { interrupted }), refusalAnswer(404, 'not_found')]);
    expect(await failureOf(client.campaigns.untilOver(ID))).toMatchObject({
      code: 'wrong_state',
      details: { reason: 'terminated' },
    });
    expect(await failureOf(client.campaigns.untilOver(ID))).toMatchObject({ code: 'not_found' });
  });
});
