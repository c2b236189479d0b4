/**
 * What a client written for Truedy's public API relies on, row by row, at a gateway with everything behind it: it may
 * change the base URL and nothing else.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nextId } from '../support/factories/ids.ts';
import { SystemHarness, HARNESS_API_KEY } from '../support/harness/system-harness.ts';

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly data: Row & readonly Row[];
    readonly meta: unknown;
    readonly pagination?: unknown;
    readonly error?: { readonly code: string; readonly message: string; readonly details: unknown };
  };
}
type Row = Readonly<Record<string, unknown>> & { readonly id: string };

const ALWAYS = { working_days: [1, 2, 3, 4, 5, 6, 7] };
const LATER = { schedule_type: 'scheduled', scheduled_at: '2036-03-20T09:00:00+01:00' };
const SOON = { interval: 50 };

let harness: SystemHarness;
beforeAll(async () => {
  // Slow enough for every call to go on until the tests are over.
  harness = await SystemHarness.start({ simulator: { timeScale: 0.01 } });
});
afterAll(() => harness.close());

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const isJson = body !== undefined && typeof body !== 'string' && !(body instanceof FormData);
  const reply = await fetch(`${harness.apiUrl}/api/public/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${HARNESS_API_KEY}`,
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : body }),
  });
  return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Reply['body'] };
}

const people = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ phone_number: `+1212555010${index}`, first_name: `Person${index}` }));

async function campaign(count: number, more: object = {}): Promise<Row> {
  const request = { name: 'Reminders', agent_id: nextId('agent'), contacts: people(count), ...ALWAYS, ...more };
  const { status, body } = await call('POST', '/batch-calls', request);
  expect(status).toBe(201);
  return body.data;
}

describe('campaigns', () => {
  it('POST /batch-calls: 201 with the same fields, and its counts; one campaign for one X-Idempotency-Key', async () => {
    const request = {
      name: 'Reminders',
      agent_id: 'agent-1',
      phone_number_ids: ['number-1'],
      phone_rotation_strategy: 'sequential',
      contact_source: 'csv',
      contacts: [
        { phone_number: '+12125550101', last_name: 'B', email: 'b@example.com', custom_fields: { day: 'Monday' } },
      ],
      ...LATER,
      timezone: 'Europe/Berlin',
      start_time: '09:00',
      end_time: '17:00',
      working_days: [1, 2],
      max_concurrent_calls: 3,
      max_calls_per_day: 50,
      retry_failed: true,
      max_retry_attempts: 2,
    };
    const key = { 'x-idempotency-key': nextId('truedy-client') };
    const first = await call('POST', '/batch-calls', request, key);
    const { contacts, ...stated } = request;
    expect(first.status).toBe(201);
    expect(first.body.data).toMatchObject({
      ...stated,
      status: 'scheduled',
      waiting_for: 'start',
      until: '2036-03-20T08:00:00.000Z',
      total_contacts: contacts.length,
      called: 0,
      completed: 0,
      failed: 0,
      pending: 1,
      in_progress: 0,
      retrying: 0,
      skipped: 0,
      placed_today: 0,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect(first.body.meta).toEqual({ request_id: expect.any(String), ts: expect.any(String) });
    const again = await call('POST', '/batch-calls', request, key);
    expect([again.status, again.body.data]).toEqual([201, first.body.data]);
    expect((await call('POST', '/batch-calls', { ...request, name: 'Others' }, key)).status).toBe(422);
  });

  it('POST /batch-calls: immediate, at any hour of a working day, ten at a time unless said otherwise', async () => {
    const { body } = await call('POST', '/batch-calls', { name: 'n', agent_id: 'a', contacts: people(1) });
    expect(body.data).toMatchObject({
      schedule_type: 'immediate',
      timezone: 'UTC',
      start_time: null,
      end_time: null,
      working_days: [1, 2, 3, 4, 5],
      max_concurrent_calls: 10,
      max_calls_per_day: null,
      retry_failed: false,
      max_retry_attempts: 0,
    });
  });

  it('GET /batch-calls: newest first, by agent and status, in pages of 1 to 100, 50 unless said otherwise', async () => {
    const agent_id = nextId('agent');
    const ids: string[] = [];
    for (let count = 1; count <= 3; count++) ids.unshift((await campaign(count, { agent_id, ...LATER })).id);
    const listed = async (query: string) => (await call('GET', `/batch-calls?agent_id=${agent_id}${query}`)).body;
    const all = await listed('');
    expect(all.data.map(({ id }) => id)).toEqual(ids);
    expect(all.pagination).toMatchObject({ total: 3, limit: 50, offset: 0, has_more: false });
    const page = await listed('&limit=1&offset=1');
    expect(page.data.map(({ id }) => id)).toEqual([ids[1]]);
    expect(page.pagination).toMatchObject({ total: 3, limit: 1, offset: 1, has_more: true });
    expect((await listed('&status=scheduled')).data).toHaveLength(3);
    expect((await listed('&status=completed')).pagination).toMatchObject({ total: 0 });
    for (const query of ['limit=0', 'limit=101', 'status=done', 'offset=-1']) {
      expect((await call('GET', `/batch-calls?${query}`)).status).toBe(422);
    }
  });

  it('GET /batch-calls/{id}: the campaign; 404 for no campaign', async () => {
    const { id } = await campaign(1, LATER);
    expect((await call('GET', `/batch-calls/${id}`)).body.data).toMatchObject({ id, name: 'Reminders', pending: 1 });
    const { status, body } = await call('GET', '/batch-calls/00000000-0000-4000-8000-000000000000');
    expect([status, body.error]).toEqual([
      404,
      { code: 'not_found', message: expect.any(String), details: { field: 'id' } },
    ]);
    expect((await call('GET', '/batch-calls/none')).status).toBe(404);
  });

  it('PATCH /batch-calls/{id}: limits, schedule and retry policy, on the running campaign', async () => {
    const { id } = await campaign(6, { max_concurrent_calls: 1 });
    await vi.waitFor(() => expect(harness.callsOf(id)).toHaveLength(1), SOON);
    const limits = { max_concurrent_calls: 3, max_calls_per_day: 5, max_retry_attempts: 2, retry_delay_minutes: 5 };
    const { status, body } = await call('PATCH', `/batch-calls/${id}`, limits);
    expect([status, body.data]).toMatchObject([200, { id, ...limits, retry_failed: true }]);
    await vi.waitFor(() => expect(harness.callsOf(id)).toHaveLength(3), SOON);
    const hours = { timezone: 'Asia/Kolkata', blackout_dates: everyDayNow() };
    expect((await call('PATCH', `/batch-calls/${id}`, hours)).body.data).toMatchObject(hours);
    await call('PATCH', `/batch-calls/${id}`, { max_concurrent_calls: 6 });
    await vi.waitFor(
      async () => expect((await call('GET', `/batch-calls/${id}`)).body.data.waiting_for).toBe('window'),
      SOON,
    );
    expect(harness.callsOf(id)).toHaveLength(3);
    const wrong = await call('PATCH', `/batch-calls/${id}`, { end_time: '17:00' });
    expect([wrong.status, wrong.body.error?.details]).toMatchObject([422, { field: 'start_time' }]);
  });

  it('POST /batch-calls/{id}/pause and /resume: placed calls go on, others are held; 409 from a wrong state', async () => {
    const { id } = await campaign(4, { max_concurrent_calls: 2 });
    await vi.waitFor(() => expect(harness.callsOf(id)).toHaveLength(2), SOON);
    expect((await call('POST', `/batch-calls/${id}/resume`)).body.error?.code).toBe('wrong_state');
    const paused = await call('POST', `/batch-calls/${id}/pause`);
    expect([paused.status, paused.body.data.status]).toEqual([200, 'paused']);
    await call('PATCH', `/batch-calls/${id}`, { max_concurrent_calls: 4 });
    expect((await call('POST', `/batch-calls/${id}/pause`)).status).toBe(409);
    expect(harness.callsOf(id)).toHaveLength(2);
    const resumed = await call('POST', `/batch-calls/${id}/resume`);
    expect(resumed.body.data).toMatchObject({ id, status: 'active', resumed_at: expect.any(String) });
    await vi.waitFor(() => expect(harness.callsOf(id)).toHaveLength(4), SOON);
  });

  it('POST /batch-calls/{id}/resume: back to scheduled where the start is ahead', async () => {
    const { id } = await campaign(1, LATER);
    expect((await call('POST', `/batch-calls/${id}/pause`)).body.data.status).toBe('paused');
    expect((await call('POST', `/batch-calls/${id}/resume`)).body.data.status).toBe('scheduled');
  });

  it('GET /batch-calls/{id}/contacts: who, how it stands, and the call; by status, in pages', async () => {
    const { id } = await campaign(3, { max_concurrent_calls: 1 });
    await vi.waitFor(() => expect(harness.callsOf(id)).toHaveLength(1), SOON);
    // What happened is written down in batches, at the latest when the campaign stands still.
    await call('POST', `/batch-calls/${id}/pause`);
    const of = async (query: string) => (await call('GET', `/batch-calls/${id}/contacts?${query}`)).body;
    await vi.waitFor(async () => expect((await of('status=in_progress')).data).toHaveLength(1), SOON);
    expect((await of('status=in_progress')).data[0]).toMatchObject({
      contact_id: expect.any(String),
      phone_number: '+12125550100',
      first_name: 'Person0',
      call_status: 'in_progress',
      call_id: expect.any(String),
      called_at: expect.any(String),
    });
    const waiting = await of('status=pending&limit=1&offset=1');
    expect(waiting.data).toMatchObject([{ phone_number: '+12125550102', call_id: null, called_at: null }]);
    expect(waiting.pagination).toMatchObject({ total: 2, limit: 1, offset: 1, has_more: false });
  });

  it('POST /batch-calls/{id}/cancel, then DELETE /batch-calls/{id}: only when it has ended', async () => {
    const { id } = await campaign(2, LATER);
    expect((await call('DELETE', `/batch-calls/${id}`)).body.error?.code).toBe('wrong_state');
    expect((await call('POST', `/batch-calls/${id}/cancel`)).status).toBe(200);
    await harness.result(id);
    expect((await call('GET', `/batch-calls/${id}`)).body.data).toMatchObject({ status: 'cancelled', skipped: 2 });
    expect((await call('DELETE', `/batch-calls/${id}`)).body.data).toEqual({ id, deleted: true });
    expect((await call('GET', `/batch-calls/${id}`)).status).toBe(404);
  });
});

describe('contacts', () => {
  it('POST and GET /contacts and /contacts/folders', async () => {
    const name = nextId('folder');
    const folder = (await call('POST', '/contacts/folders', { name })).body.data;
    const person = { folder_id: folder.id, phone_number: '+12125550120', first_name: 'Ada' };
    expect((await call('POST', '/contacts', person)).status).toBe(201);
    expect((await call('GET', `/contacts?folder_id=${folder.id}`)).body.data).toMatchObject([person]);
    const { data } = (await call('GET', '/contacts/folders?limit=100')).body;
    expect(data.map((entry) => entry.name)).toContain(name);
  });

  it('DELETE folder: with its contacts, never a running campaign’s copy', async () => {
    const folder = (await call('POST', '/contacts/folders', { name: nextId('folder') })).body.data;
    await call('POST', '/contacts', { folder_id: folder.id, phone_number: '+12125550121' });
    const source = { contacts: undefined, contact_source: 'folder', contact_folder_id: folder.id };
    const { id } = await campaign(0, { ...source, ...LATER });
    expect((await call('DELETE', `/contacts/folders/${folder.id}`)).status).toBe(200);
    expect((await call('GET', `/contacts?folder_id=${folder.id}`)).status).toBe(404);
    const copied = await call('GET', `/batch-calls/${id}/contacts`);
    expect(copied.body.data).toMatchObject([{ phone_number: '+12125550121', call_status: 'pending' }]);
  });

  it('POST /contacts/import: as the body or in a form, with what became of each row', async () => {
    const folder = (await call('POST', '/contacts/folders', { name: nextId('folder') })).body.data;
    const file = 'phone,first name\n(212) 555-0122,Ada\n555,Nobody\n';
    const path = `/contacts/import?folder_id=${folder.id}&default_country=US`;
    const imported = await call('POST', path, file, { 'content-type': 'text/csv' });
    expect(imported.body.data).toEqual({
      imported: 1,
      updated: 0,
      skipped: 0,
      errors: 1,
      error_details: [{ row: 3, phone: '555', reason: 'invalid_phone' }],
    });
    const form = new FormData();
    for (const [field, value] of Object.entries({
      folder_id: folder.id,
      default_country: 'US',
      overwrite_existing: 'true',
    })) {
      form.append(field, value);
    }
    form.append('file', new Blob(['phone,first name\n(212) 555-0122,Augusta\n']), 'contacts.csv');
    const updated = await call('POST', '/contacts/import', form);
    expect(updated.body.data).toMatchObject({ imported: 0, updated: 1, errors: 0 });
    const { data } = (await call('GET', `/contacts?folder_id=${folder.id}`)).body;
    expect(data).toMatchObject([{ phone_number: '+12125550122', first_name: 'Augusta' }]);
  });
});

describe('refusals', () => {
  it.each([
    ['no JSON', 400, 'bad_request', { body: '{', headers: { 'content-type': 'application/json' } }],
    ['no key', 401, 'unauthorized', { body: {}, headers: { authorization: 'Bearer nobody' } }],
    [
      'an unknown field',
      422,
      'validation_error',
      { body: { name: 'n', agent_id: 'a', contacts: people(1), calls: 1 } },
    ],
    ['no contacts', 422, 'validation_error', { body: { name: 'n', agent_id: 'a' } }],
  ])(
    'of %s: %i %s',
    async (_, status, code, { body, headers }: { body: unknown; headers?: Record<string, string> }) => {
      const reply = await call('POST', '/batch-calls', body, headers);
      expect([reply.status, reply.body.error?.code]).toEqual([status, code]);
      expect(reply.body.meta).toEqual({ request_id: expect.any(String), ts: expect.any(String) });
    },
  );
});

/** Today, and the days around it in every zone. */
function everyDayNow(): string[] {
  const day = (after: number) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
  return [-1, 0, 1].map(day);
}
