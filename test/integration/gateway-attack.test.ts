/** Every route that the gateway has, against what strangers and careless callers send. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { KEYS, openGateway, type TestGateway, WEBHOOK_SECRET } from '../support/harness/gateway.ts';
import { fieldName, filled, type Operation, operationsOf, withText } from '../support/probes/openapi.ts';
import { personalDataIn } from '../support/probes/personal-data.ts';
import { SMALLEST_BODIES } from '../support/factories/smallest-bodies.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const person = {
  phone_number: '+14155550101',
  first_name: 'Givenname1',
  last_name: 'Familyname1',
  email: 'person1@example.test',
};
const withPerson = { contacts: [person] };
/** For each route that takes JSON, a body that it takes. */
const BODIES: Readonly<Record<string, object>> = {
  ...SMALLEST_BODIES,
  'POST /api/public/v1/batch-calls': { ...SMALLEST_BODIES['POST /api/public/v1/batch-calls'], ...withPerson },
  'POST /api/public/v1/batch-calls/forecast': withPerson,
  'POST /api/public/v1/contacts': person,
};
/** It only thinks of what it is sent. */
const ADDS_ONCE = 'POST /api/public/v1/batch-calls/{id}/contacts';
const STORES_NOTHING = 'POST /api/public/v1/batch-calls/forecast';
/** In each a word that is found again wherever it was stored. */
const ATTACKS = [
  `'; drop table campaigns; --probe`,
  `probe" or "1"="1`,
  `probe\\'; select pg_sleep(60)`,
  `$1 probe %s %n {{probe}} \${probe}`,
  'probe\r\nX-Injected: yes\r\n\r\nHTTP/1.1 200 OK',
  'probe\0end',
  'probe\ud800end',
  'probe\u202egnp.exe\u200b\ufeff.',
  'probe e\u0301 \u00e9 😀',
  '<script>probe</script>',
];

/** The campaigns that were told anything at all. */
const told: string[] = [];
const notYet = async (id: string) => {
  told.push(id);
  return { acknowledged: false } as const;
};

let gateway: TestGateway;
let operations: Operation[];
/** What the account `acme` has, by the names of the parameters that mean it. */
let own: Readonly<Record<string, string>>;
let folderId: string;
let contactId: string;

beforeAll(async () => {
  gateway = await openGateway({
    bodyLimit: 65_536,
    requestsPerMinute: 1_000_000,
    campaigns: {
      pause: notYet,
      resume: notYet,
      cancel: notYet,
      edit: async (id) => {
        told.push(id);
        return { status: 'active', waiting_for: null, until: null, edited_at: '2026-03-18T12:00:00.000Z' };
      },
    },
  });
  operations = await operationsOf(gateway.app);
  const post = async (path: string, body: unknown) => (await gateway.send({ method: 'POST', path, body })).body.data;
  const campaign = await post('/batch-calls', BODIES['POST /api/public/v1/batch-calls']);
  const contacts = await gateway.send({ path: `/batch-calls/${campaign.id}/contacts` });
  const callId = `${campaign.id}.1.1`;
  await gateway.db.pool.query(
    `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
     values ($1, $2, 1, 1, 'truedy', '', now())`,
    [callId, campaign.id],
  );
  folderId = (await post('/contacts/folders', { name: 'Ours' })).id;
  contactId = (await post('/contacts', { ...person, folder_id: folderId })).id;
  await post('/suppressions', { phone_number: person.phone_number });
  own = {
    contact_id: String(contacts.body.items[0]!.contact_id),
    call_id: callId,
    phone_number: person.phone_number,
    name: 'truedy',
    campaign: campaign.id,
  };
});
afterAll(() => gateway.close());

/** `{id}` means whatever its path is about. */
const ownIds = ({ path }: Operation) => ({ ...own, id: path.includes('/folders/') ? folderId : own.campaign! });
const needKey = () => operations.filter(({ needsKey }) => needsKey);

interface Attack {
  readonly key?: string | null;
  readonly ids?: Readonly<Record<string, string>>;
  readonly body?: string | object;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(operation: Operation, { key = KEYS.write, ids, body, query, headers }: Attack = {}) {
  const isUpload = operation.path.endsWith('/import');
  const payload = body ?? BODIES[operation.name] ?? (isUpload ? 'phone\n+14155550102\n' : undefined);
  const reply = await gateway.app.inject({
    method: operation.method,
    url:
      filled(operation, { ...ownIds(operation), ...ids }) + (query ? `?${new URLSearchParams(query).toString()}` : ''),
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(isUpload ? { 'content-type': 'text/csv' } : {}),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  });
  const { error } = reply.json<{
    error?: { code: string; message: string; details: { field?: string; issues?: { field: string }[] } };
  }>();
  return { status: reply.statusCode, headers: reply.headers, text: reply.body, error };
}

/** The names of those for which `isWrong` holds, so that a failure says which. */
async function wrong(list: readonly Operation[], isWrong: (operation: Operation) => Promise<string | false>) {
  const found: string[] = [];
  for (const operation of list) {
    const what = await isWrong(operation);
    if (what !== false) found.push(`${operation.name}: ${what}`);
  }
  return found;
}

describe('a request without a key', () => {
  it('gets no further than 401, on every route but the probes and the webhooks', async () => {
    const open = operations.filter(({ needsKey }) => !needsKey).map(({ name }) => name);
    expect(open).toEqual(['GET /healthz', 'GET /readyz', 'POST /webhooks/{connection}']);
    expect(needKey().length).toBeGreaterThan(15);
    const answered = await wrong(needKey(), async (operation) => {
      const { status, error } = await send(operation, { key: null, body: '{' });
      return status === 401 && error?.code === 'unauthorized' ? false : `${status}`;
    });
    expect(answered).toEqual([]);
  });
});

describe('a key that may only read', () => {
  it('changes nothing, on every route', async () => {
    const before = await everything();
    const writing = needKey().filter(({ method }) => method !== 'GET');
    const answered = await wrong(writing, async (operation) => {
      const { status, error } = await send(operation, { key: KEYS.read });
      return status === 403 && error?.code === 'forbidden' ? false : `${status}`;
    });
    expect(answered).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it('reads, on every route', async () => {
    const reading = needKey().filter(({ method }) => method === 'GET');
    const answered = await wrong(reading, async (operation) => {
      const { status } = await send(operation, { key: KEYS.read });
      return status === 200 ? false : `${status}`;
    });
    expect(answered).toEqual([]);
  });
});

/** Connections belong to no account, and several may use one. */
const SHARED_LISTS = [`${API_ROOT}/connections`];
const SHARED = `${API_ROOT}/connections/{name}`;

describe('what belongs to another account', () => {
  it('is in no list', async () => {
    const lists = needKey().filter(
      ({ method, path, parameters }) =>
        method === 'GET' && parameters.every((p) => p.in === 'query') && !SHARED_LISTS.includes(path),
    );
    expect(lists.length).toBeGreaterThan(3);
    const found = await wrong(lists, async (operation) => {
      const [ours, theirs] = [await send(operation), await send(operation, { key: KEYS.other })];
      const total = ({ text }: { text: string }) =>
        (JSON.parse(text) as { pagination: { total: number } }).pagination.total;
      return total(ours) > 0 && total(theirs) === 0 ? false : `${total(ours)} of ours, ${total(theirs)} of theirs`;
    });
    expect(found).toEqual([]);
  });

  it('does not exist, on every route with an id in its path', async () => {
    const before = await everything();
    const withIds = operations.filter(({ needsKey, path }) => needsKey && path.includes('{') && path !== SHARED);
    expect(withIds.length).toBeGreaterThan(8);
    const found = await wrong(withIds, async (operation) => {
      const { status, error } = await send(operation, { key: KEYS.other });
      return status === 404 && error?.code === 'not_found' ? false : `${status}`;
    });
    expect(found).toEqual([]);
    expect(told).toEqual([]);
    expect(await everything()).toEqual(before);
    // Their owner is answered something else, so it was not the path that nobody knows. What deletes comes last.
    const deletingLast = withIds.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
    const ours = deletingLast.filter(({ name }) => name !== 'DELETE /api/public/v1/contacts/folders/{id}');
    const lost = await wrong(ours, async (operation) => {
      const { status } = await send(operation);
      return status === 404 ? '404' : false;
    });
    expect(lost).toEqual([]);
  });

  it('does not exist in a body or a query either', async () => {
    const before = await everything();
    const idOf = (name: string) => (name.endsWith('folder_id') ? folderId : contactId);
    const tries = needKey().flatMap((operation) => [
      ...(operation.textFields ?? [])
        .filter(({ isId }) => isId)
        .map((field) => {
          const id = idOf(fieldName(field));
          const base =
            fieldName(field) === 'contact_folder_id'
              ? { name: 'Theirs', agent_id: 'agent-1', contact_source: 'folder' }
              : BODIES[operation.name]!;
          return [operation, { body: withText(base, field, id) }] as const;
        }),
      ...operation.parameters
        .filter((parameter) => parameter.in === 'query' && parameter.isId)
        .map(({ name }) => [operation, { query: { [name]: idOf(name) } }] as const),
    ]);
    expect(tries.length).toBeGreaterThan(4);
    for (const [operation, attack] of tries) {
      const theirs = await send(operation, { ...attack, key: KEYS.other });
      expect([operation.name, attack, theirs.status]).toEqual([operation.name, attack, expect.toBeOneOf([404, 422])]);
    }
    expect(await everything()).toEqual(before);
    for (const [operation, attack] of tries) {
      const { status } = await send(operation, attack);
      expect([operation.name, attack, status]).toEqual([operation.name, attack, expect.toBeOneOf([200, 201])]);
    }
  });
});

describe('a body that is none', () => {
  const DEPTH = 15_000;
  const deep = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
  const json = { 'content-type': 'application/json' };

  it.each<[what: string, attack: Attack, statuses: number[]]>([
    ['no JSON', { body: '{"name": ', headers: json }, [400]],
    ['of another type', { body: 'name=x', headers: { 'content-type': 'text/plain' } }, [415]],
    ['of a type that does not exist', { body: '{}', headers: { 'content-type': 'x' } }, [415]],
    [
      'XML with entities',
      {
        body: '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
        headers: { 'content-type': 'application/xml' },
      },
      [415],
    ],
    ['too large', { body: JSON.stringify({ name: 'x'.repeat(70_000) }), headers: json }, [413]],
    ['nested without end', { body: deep, headers: { ...json, 'x-idempotency-key': 'deep' } }, [422]],
    ['after a prototype', { body: '{"__proto__": {"scope": "write"}}', headers: json }, [400]],
    ['after a constructor', { body: '{"constructor": {"prototype": {"scope": "write"}}}', headers: json }, [400, 422]],
    [
      'full of unknown names',
      {
        body: JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`f${n}`, 1]))),
        headers: json,
      },
      [422],
    ],
    ['with a name as long as itself', { body: JSON.stringify({ ['x'.repeat(60_000)]: 1 }), headers: json }, [422]],
  ])('%s: refused in few words, on every route', async (_, attack, statuses) => {
    const taking = operations.filter(({ textFields }) => textFields !== null);
    expect(taking.map(({ name }) => name).toSorted()).toEqual(Object.keys(BODIES).toSorted());
    const answered = await wrong(taking, async (operation) => {
      const { status, text } = await send(operation, attack);
      return statuses.includes(status) && text.length < 4_000 ? false : `${status}, ${text.length} characters`;
    });
    expect(answered).toEqual([]);
    expect(({} as { scope?: string }).scope).toBeUndefined();
  });

  it('nested without end in any field: refused, and the field named', async () => {
    for (const operation of operations) {
      for (const field of operation.textFields ?? []) {
        if (field.isName) continue;
        const body = JSON.stringify(withText(BODIES[operation.name]!, field, 'DEEP')).replace('"DEEP"', deep);
        const { status, error } = await send(operation, { body, headers: { ...json, 'x-idempotency-key': 'deep' } });
        expect([operation.name, fieldName(field), status]).toEqual([operation.name, fieldName(field), 422]);
        expect(error!.details.field).toContain(field.path[0]);
      }
    }
  });

  it('signed by the provider, and nested without end: no event', async () => {
    for (const body of [deep, `{"event":"call.ended","data":${deep}}`, `{"event":${deep}}`]) {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${timestamp}.${body}`).digest('hex');
      const reply = await gateway.app.inject({
        method: 'POST',
        url: '/webhooks/truedy',
        headers: { ...json, 'x-truedy-timestamp': timestamp, 'x-truedy-signature': signature },
        payload: body,
      });
      expect(reply.statusCode).toBeLessThan(500);
    }
  });
});

describe('a text that means to be more than a text', () => {
  it('in any field of any body is refused by the name of the field, or stored as it is', async () => {
    let stored = 0;
    let attempts = 0;
    for (const operation of operations) {
      for (const field of operation.textFields ?? []) {
        for (const [number, attack] of ATTACKS.entries()) {
          const text = attack.replace('probe', `probe${stored}x${number}`);
          // Somebody else each time: a campaign takes nobody twice.
          const somebody = { phone_number: '+14155550101', extension: String(1_000 + attempts++) };
          const body = operation.name === ADDS_ONCE ? { contacts: [somebody] } : BODIES[operation.name]!;
          const { status, error } = await send(operation, { body: withText(body, field, text) });
          const where = `${operation.name} ${fieldName(field)} ${JSON.stringify(text)}`;
          if (status < 300) {
            expect([where, await isStored(text)]).toEqual([where, operation.name !== STORES_NOTHING]);
            stored += 1;
          } else {
            expect([where, status]).toEqual([where, 422]);
            expect(error!.details.field, where).toContain(field.path[0]);
            expect([where, await isStored(text)]).toEqual([where, false]);
          }
        }
      }
    }
    expect(stored).toBeGreaterThan(30);
    // A thousand requests.
  }, 300_000);

  it('in any parameter of any route is refused, or finds nothing', async () => {
    for (const operation of operations) {
      for (const { name, in: place } of operation.parameters) {
        for (const text of ATTACKS.filter((attack) => !/\p{Surrogate}/u.test(attack))) {
          const { status, error, headers } = await send(operation, {
            ...(place === 'path' ? { ids: { [name]: text } } : {}),
            ...(place === 'query' ? { query: { [name]: text } } : {}),
            ...(place === 'header' ? { headers: { [name]: text } } : {}),
          });
          const where = `${operation.name} ${name} ${JSON.stringify(text)}`;
          expect(headers, where).not.toHaveProperty('x-injected');
          if (place === 'path') expect([where, status]).toEqual([where, 404]);
          else if (status >= 300) {
            // Headers are described in small letters, and named as people write them.
            expect([where, status, error!.details.field?.toLowerCase()]).toEqual([where, 422, name]);
          }
        }
      }
    }
  });

  it('that is no text at all is refused', async () => {
    for (const path of ['%ED%A0%80', '%FF', '%', '%00']) {
      for (const url of [
        `/batch-calls/${path}`,
        `/batch-calls/${own.campaign}/calls/${path}/events`,
        `/batch-calls?agent_id=${path}`,
      ]) {
        const { status } = await gateway.send({ path: url });
        expect([url, status < 500]).toEqual([url, true]);
      }
    }
  });

  it('as an instant that only some calendars know is taken as one or refused', async () => {
    for (const scheduled_at of [
      '2099-01-01T00:00:00+23:59',
      '2099-01-01T00:00:00-23:59',
      `2099-01-01T00:00:00.${'1'.repeat(300)}Z`,
      '9999-12-31T23:59:59-23:59',
      '0000-01-01T00:00:00Z',
    ]) {
      const body = { ...BODIES['POST /api/public/v1/batch-calls'], schedule_type: 'scheduled', scheduled_at };
      const { status, body: answer } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
      expect([scheduled_at, status]).toEqual([scheduled_at, expect.toBeOneOf([201, 422])]);
      if (status === 201 && Date.parse(scheduled_at) > Date.now()) {
        expect(answer.data.until).toBe(new Date(scheduled_at).toISOString());
      }
    }
  });
});

describe('a forged webhook', () => {
  it('costs no query and no look at Temporal', async () => {
    const query = vi.spyOn(gateway.db.pool, 'query');
    const connect = vi.spyOn(gateway.db.pool, 'connect');
    try {
      const body = JSON.stringify({ id: 'forged-1', event: 'call.ended', data: { call_id: 'provider-call-1' } });
      const now = Math.floor(Date.now() / 1000);
      const signed = (secret: string, at: number) => ({
        'content-type': 'application/json',
        'x-truedy-timestamp': String(at),
        'x-truedy-signature': createHmac('sha256', secret).update(`${at}.${body}`).digest('hex'),
      });
      for (const headers of [
        signed('whsec_guessed', now),
        signed(WEBHOOK_SECRET, now - 301),
        signed(WEBHOOK_SECRET, now + 301),
      ]) {
        const reply = await gateway.app.inject({ method: 'POST', url: '/webhooks/truedy', headers, payload: body });
        expect(reply.statusCode).toBe(401);
      }
      expect([query.mock.calls, connect.mock.calls]).toEqual([[], []]);
      expect(gateway.temporal.signalled).toEqual([]);
      // The same bytes with the right signature do cost some, so the spies were looking.
      const headers = signed(WEBHOOK_SECRET, now);
      await gateway.app.inject({ method: 'POST', url: '/webhooks/truedy', headers, payload: body });
      expect(query.mock.calls.length + connect.mock.calls.length).toBeGreaterThan(0);
    } finally {
      query.mockRestore();
      connect.mockRestore();
    }
  });
});

// Last: it reads what all of the above has left.
describe('the log of all this', () => {
  it('holds no person, no key, no secret and nothing that was sent', () => {
    expect(gateway.log.length).toBeGreaterThan(500);
    expect(gateway.log.flatMap(personalDataIn)).toEqual([]);
    for (const secret of [...Object.values(KEYS), WEBHOOK_SECRET, 'probe', 'forged-1', NOBODY, 'Reminders']) {
      expect(gateway.log.filter((line) => line.includes(secret))).toEqual([]);
    }
    expect(gateway.log.filter((line) => /"level":(?:50|60)/.test(line))).toEqual([]);
  });
});

const STORED = ['campaigns', 'campaign_contacts', 'contacts', 'contact_folders', 'suppressions'] as const;

/** Whether a row somewhere holds exactly this text, as a value or as a name. */
async function isStored(text: string): Promise<boolean> {
  const [word = ''] = /probe\w*/.exec(text) ?? [];
  for (const table of STORED) {
    const { rows } = await gateway.db.pool.query<{ row: object }>(
      `select to_jsonb(t) as row from ${table} t where t::text like '%' || $1 || '%'`,
      [word],
    );
    if (rows.some(({ row }) => holds(row, text))) return true;
  }
  return false;
}

function holds(value: unknown, text: string): boolean {
  if (typeof value !== 'object' || value === null) return value === text;
  return Object.entries(value).some(([name, inner]) => name === text || holds(inner, text));
}

/** How many rows there are, and when they were last changed. */
async function everything(): Promise<unknown> {
  const { rows } = await gateway.db.pool.query(
    `select ${STORED.map((table) => `(select array_agg(t::text order by t::text) from ${table} t) as ${table}`).join(', ')}`,
  );
  return rows;
}
