/** What a request may cost the others: how large it may be, and how much is done of it in one turn of the event loop. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findContacts } from '../../db/campaigns.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { filled, type Operation, operationsOf } from '../support/probes/openapi.ts';
import { turnsDuring } from '../support/probes/turns.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const KIB = 1_024;
/** Bytes of the largest body, by operation; all others are as small as the last. */
const LIMITS: Readonly<Record<string, number>> = {
  'POST /api/public/v1/batch-calls': 10 * KIB * KIB,
  'POST /api/public/v1/batch-calls/{id}/contacts': 10 * KIB * KIB,
  'POST /api/public/v1/batch-calls/forecast': 10 * KIB * KIB,
  'POST /api/public/v1/contacts': KIB * KIB,
};
const SMALL = 64 * KIB;

let gateway: TestGateway;
let operations: Operation[];
beforeAll(async () => {
  gateway = await openGateway({ requestsPerMinute: 1_000_000 });
  operations = await operationsOf(gateway.app);
});
afterAll(() => gateway.close());

async function sendBytes({ method, path }: { readonly method: string; readonly path: string }, payload: string) {
  const reply = await gateway.app.inject({
    method: method as 'POST',
    url: path,
    headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json' },
    payload,
  });
  const { error } = reply.json<{ error: { code: string; message: string; details: Record<string, unknown> } }>();
  return { status: reply.statusCode, text: reply.body, error };
}

describe('a body', () => {
  it('is refused for its size where it is larger than what the route has use for', async () => {
    const writing = operations.filter(
      ({ needsKey, method, path }) => needsKey && method !== 'GET' && !path.endsWith('/import'),
    );
    expect(writing.length).toBeGreaterThan(8);
    for (const operation of writing) {
      const limit = LIMITS[operation.name] ?? SMALL;
      const path = filled(operation, { id: NOBODY, contact_id: NOBODY, call_id: 'x', phone_number: '+14155550101' });
      const sized = (bytes: number) => sendBytes({ ...operation, path }, `{"x":"${'x'.repeat(bytes - 8)}"}`);
      const { status, error } = await sized(limit + 1);
      expect([operation.name, status, error.details.limit]).toEqual([operation.name, 413, limit]);
      expect([operation.name, (await sized(limit)).status]).not.toEqual([operation.name, 413]);
    }
  });
});

describe('while a large request is answered', () => {
  const person = (n: number) => ({
    phone_number: `+1415555${String(n).padStart(4, '0')}`,
    timezone: 'America/New_York',
    custom_fields: { order: `A-${n}` },
  });
  const contacts = Array.from({ length: 10_000 }, (_, n) => person(n));

  it('others have their turn after every hundred contacts that are read, hashed and recorded', async () => {
    let status = 0;
    const turns = await turnsDuring(async () => {
      const body = { name: 'Many', agent_id: 'agent-1', contacts };
      ({ status } = await gateway.send({
        method: 'POST',
        path: '/batch-calls',
        body,
        headers: { 'x-idempotency-key': 'many' },
      }));
    });
    expect(status).toBe(201);
    expect(turns).toBeGreaterThanOrEqual(3 * 99);
  });

  it('others have their turn after every hundred contacts of a forecast', async () => {
    let status = 0;
    const turns = await turnsDuring(async () => {
      ({ status } = await gateway.send({ method: 'POST', path: '/batch-calls/forecast', body: { contacts } }));
    });
    expect(status).toBe(200);
    expect(turns).toBeGreaterThanOrEqual(2 * 99);
  });

  it('others have their turn after every two hundred steps of a long forecast', async () => {
    let answer: unknown;
    const turns = await turnsDuring(async () => {
      const body = { contact_count: 100_000_000, max_concurrent_calls: 1, call_seconds: 1 };
      answer = (await gateway.send({ method: 'POST', path: '/batch-calls/forecast', body })).body.data;
    });
    expect(answer).toMatchObject({ outcome: 'beyond_five_years' });
    expect(turns).toBeGreaterThanOrEqual((2 * 366 * 5) / 200);
  });

  it('others have their turn after every hundred rows of an import, also of rows that are all wrong', async () => {
    const body = `phone,timezone\n${'+14155550101,Nowhere/Land\n'.repeat(10_000)}`;
    let answer: unknown;
    const turns = await turnsDuring(async () => {
      answer = (
        await gateway.send({ method: 'POST', path: '/contacts/import', body, headers: { 'content-type': 'text/csv' } })
      ).body.data;
    });
    expect(answer).toMatchObject({ imported: 0, errors: 10_000 });
    expect(turns).toBeGreaterThanOrEqual(99);
  });
});

describe('contacts as large as any', () => {
  const fields = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`field_${n}`, 'x'.repeat(2_000)]));
  const ids: string[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 100; n += 1) {
      const body = { phone_number: `+1415555${4_000 + n}`, custom_fields: n === 0 ? fields : {} };
      const { data } = (await gateway.send({ method: 'POST', path: '/contacts', body })).body;
      ids.push((data as { id: string }).id);
    }
  });

  it('come into a campaign by their ids with nothing passing through the gateway but who they are', async () => {
    const known = await findContacts(gateway.db.pool, 'acme', ids.slice(0, 1));
    const stated = { timezone: null, region: null, not_before: null };
    expect(known).toEqual([{ contact_id: ids[0], phone_number: '+14155554000', extension: null, ...stated }]);
    const { status, body } = await gateway.send({
      method: 'POST',
      path: '/batch-calls',
      body: {
        name: 'By id',
        agent_id: 'agent-1',
        contact_ids: [ids[1], ids[0]],
        contacts: [{ phone_number: '+14155554000' }, { phone_number: '+14155554999' }],
      },
    });
    expect(status).toBe(201);
    const { rows } = await gateway.db.pool.query(
      'select seq::integer, phone_number, custom_fields from campaign_contacts where campaign_id = $1 order by seq',
      [(body.data as { id: string }).id],
    );
    expect(rows).toEqual([
      { seq: 1, phone_number: '+14155554001', custom_fields: {} },
      { seq: 2, phone_number: '+14155554000', custom_fields: fields },
      { seq: 3, phone_number: '+14155554999', custom_fields: {} },
    ]);
  });

  it('are listed five in each turn of the event loop', async () => {
    let listed: unknown;
    const turns = await turnsDuring(async () => {
      listed = (await gateway.send({ path: '/contacts?limit=100' })).body.data;
    });
    expect(listed).toHaveLength(100);
    expect((listed as { custom_fields: object }[])[0]!.custom_fields).toEqual(fields);
    expect(turns).toBeGreaterThanOrEqual(20);
  });
});

describe('a form', () => {
  it.each([
    ['parts', Array.from({ length: 5_000 }, (_, n) => [`f${n}`, 'x'] as const)],
    ['a long field', [['default_country', 'x'.repeat(2_000_000)] as const]],
  ])('of too many or too large %s is refused', async (_, fields) => {
    const boundary = 'boundary';
    const parts = fields.map(
      ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const file = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\ncontent-type: text/csv\r\n\r\nphone\n+14155550102\r\n--${boundary}--\r\n`;
    const { status, text } = await gateway.send({
      method: 'POST',
      path: '/contacts/import',
      body: parts.join('') + file,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    });
    expect([status, text.length]).toEqual([expect.toBeOneOf([400, 413, 422]), expect.any(Number)]);
    expect(text.length).toBeLessThan(4_000);
  });
});
