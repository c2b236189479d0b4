/** Repeats of writes under their idempotency keys, on two gateways with one database. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CommandOptions } from '../../client/campaign-control.ts';
import { deleteOldKeys } from '../../db/idempotency.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { KeyLimits } from '../../gateway/http/idempotent-writes.ts';
import { KEYS, openGateway, type ApiCall, type ApiReply, type TestGateway } from '../support/harness/gateway.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { nextId } from '../support/factories/ids.ts';
import { SMALLEST_BODIES } from '../support/factories/smallest-bodies.ts';
import { filled, type Operation, operationsOf } from '../support/probes/openapi.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const AT = new Date(NOW).toISOString();
const SILENT = { leaseMs: 300, extendEveryMs: 3_600_000 };

/** Commands that reached Temporal, as `pause ID`, and the ids of their updates. */
const sent: { readonly command: string; readonly updateId: string | undefined }[] = [];
/** What the next command waits for before it is answered, if anything. */
let held: Promise<void> | null = null;

/** Holds the next command until the returned function is called. */
function hold(): () => void {
  let release = () => {};
  held = new Promise((resolve) => (release = resolve));
  return release;
}
/** What the next command fails with, if anything. */
let failure: RingfenceError | null = null;

async function take(command: string, options: CommandOptions | undefined): Promise<void> {
  sent.push({ command, updateId: options?.updateId });
  const until = held;
  held = null;
  await until;
  const error = failure;
  failure = null;
  if (error) throw error;
}

const campaigns = {
  async pause(id: string, options?: CommandOptions) {
    await take(`pause ${id}`, options);
    const live = [`${id}.1.${sent.length}`];
    return { acknowledged: true as const, status: 'paused' as const, paused_at: AT, live, unknown: [] };
  },
  async resume(id: string, options?: CommandOptions) {
    await take(`resume ${id}`, options);
    return { acknowledged: true as const, status: 'active' as const, resumed_at: AT };
  },
  async cancel(id: string, options?: CommandOptions) {
    await take(`cancel ${id}`, options);
    return { acknowledged: true as const, status: 'active' as const, cancel_requested_at: AT };
  },
  async edit(id: string, _change: unknown, options?: CommandOptions) {
    await take(`edit ${id}`, options);
    return { status: 'active' as const, waiting_for: null, until: null, edited_at: AT };
  },
};

let db: TestDatabase;
/** Loses its claims soon, as if it had died. */
let silent: TestGateway;
let first: TestGateway;
let second: TestGateway;
const opened: TestGateway[] = [];

async function open(keyLimits: Partial<KeyLimits> = {}): Promise<TestGateway> {
  const gateway = await openGateway(
    { campaigns, restartWorkflow: async () => 'started', clock: () => NOW, keyLimits },
    db,
  );
  opened.push(gateway);
  return gateway;
}

beforeAll(async () => {
  db = await createTestDatabase();
  [silent, first, second] = [await open(SILENT), await open(), await open()];
});
afterAll(async () => {
  for (const { app } of opened) await app.close();
  await db.drop();
});

const rows = async (sql: string, values: unknown[] = []) => (await db.pool.query(sql, values)).rows;
const keyed = (key: string, more: Record<string, string> = {}) => ({ 'x-idempotency-key': key, ...more });
const isReplay = ({ headers }: ApiReply) => headers['idempotency-replayed'] === 'true';
const withoutMeta = ({ status, body: { data, error } }: ApiReply) => ({ status, data, error });
const CREATE = SMALLEST_BODIES[`POST ${API_ROOT}/batch-calls`]!;

async function newCampaign(): Promise<string> {
  const { body } = await first.send({ method: 'POST', path: '/batch-calls', body: CREATE });
  return body.data.id;
}

/** A contact that waits in a campaign. */
async function newContact(): Promise<{ id: string; contact_id: string }> {
  const id = await newCampaign();
  const [contact] = await rows('select contact_id from campaign_contacts where campaign_id = $1', [id]);
  return { id, contact_id: contact.contact_id };
}

async function newFolder(): Promise<string> {
  const body = { name: nextId('folder') };
  return (await first.send({ method: 'POST', path: '/contacts/folders', body })).body.data.id;
}

/** Ends a campaign as its workflow would. */
const end = (id: string) =>
  rows(`update campaigns set status = 'completed', completed = total, pending = 0 where id = $1`, [id]);

/** Everything that is recorded, except the keys. */
async function everything(): Promise<unknown> {
  const tables = ['campaigns', 'campaign_contacts', 'contacts', 'contact_folders', 'suppressions'];
  return Promise.all(tables.map((table) => rows(`select * from ${table} order by 1, 2, 3`)));
}

const csv = { 'content-type': 'text/csv' };
const importInto = async (gateway: TestGateway, key: string, file: string, headers: Record<string, string> = csv) =>
  gateway.send({ method: 'POST', path: '/contacts/import', body: file, headers: keyed(key, headers) });

type Prepared = Pick<ApiCall, 'body' | 'headers'> & { readonly params?: Readonly<Record<string, string>> };

/** For each write of the API, a request that does something. */
const WRITES: Readonly<Record<string, () => Promise<Prepared>>> = {
  'POST /batch-calls': async () => ({ body: CREATE }),
  'PATCH /batch-calls/{id}': async () => ({ params: { id: await newCampaign() }, body: { max_concurrent_calls: 3 } }),
  'DELETE /batch-calls/{id}': async () => {
    const id = await newCampaign();
    await end(id);
    return { params: { id } };
  },
  'POST /batch-calls/{id}/pause': async () => ({ params: { id: await newCampaign() } }),
  'POST /batch-calls/{id}/resume': async () => ({ params: { id: await newCampaign() } }),
  'POST /batch-calls/{id}/cancel': async () => ({ params: { id: await newCampaign() } }),
  'POST /batch-calls/{id}/contacts': async () => ({
    params: { id: await newCampaign() },
    body: { contacts: [{ phone_number: '+14155550111' }] },
  }),
  'DELETE /batch-calls/{id}/contacts/{contact_id}': async () => ({ params: await newContact() }),
  'POST /batch-calls/{id}/contacts/{contact_id}/call-at': async () => ({
    params: await newContact(),
    body: { at: '2036-03-20T14:30:00Z' },
  }),
  'POST /batch-calls/{id}/restart': async () => {
    const id = await newCampaign();
    await rows(
      `update campaigns set status = 'interrupted', interrupted_from = 'active', interrupted_reason = 'terminated',
              interrupted_at = now() where id = $1`,
      [id],
    );
    return { params: { id } };
  },
  'POST /contacts': async () => ({ body: { phone_number: '+14155550101', folder_id: await newFolder() } }),
  'POST /contacts/folders': async () => ({ body: { name: nextId('folder') } }),
  'DELETE /contacts/folders/{id}': async () => ({ params: { id: await newFolder() } }),
  'POST /contacts/import': async () => ({ body: 'phone\n+14155550101\n+14155550102\n', headers: csv }),
  'POST /suppressions': async () => ({ body: { phone_number: '+14155550107' } }),
  'DELETE /suppressions/{phone_number}': async () => {
    await first.send({ method: 'POST', path: '/suppressions', body: { phone_number: '+14155550108' } });
    return { params: { phone_number: '+14155550108' } };
  },
};
/** Takes a POST and changes nothing. */
const CHANGES_NOTHING = `POST ${API_ROOT}/batch-calls/forecast`;

async function writesOf(gateway: TestGateway): Promise<readonly Operation[]> {
  const operations = await operationsOf(gateway.app);
  return operations.filter(({ needsKey, method, name }) => needsKey && method !== 'GET' && name !== CHANGES_NOTHING);
}

const shortName = ({ name }: Operation) => name.replace(API_ROOT, '');

function sendTo(gateway: TestGateway, operation: Operation, { params = {}, ...request }: Prepared, key: string) {
  const path = filled(operation, params).replace(API_ROOT, '');
  const headers = keyed(key, request.headers);
  return gateway.send({ ...request, method: operation.method as 'POST', path, headers });
}

describe('every write of the API', () => {
  it('takes the header, as its description says', async () => {
    const operations = await writesOf(first);
    expect(operations.map(shortName).sort()).toEqual(Object.keys(WRITES).sort());
    const taking = operations.filter(({ parameters }) => parameters.some(({ name }) => name === 'x-idempotency-key'));
    expect(taking).toEqual(operations);
  });

  it('is carried out once, and a repeat at another gateway gets the first answer', async () => {
    for (const operation of await writesOf(first)) {
      const name = shortName(operation);
      const request = await WRITES[name]!();
      const key = nextId('once');
      const answer = await sendTo(first, operation, request, key);
      expect([name, answer.status, isReplay(answer)]).toEqual([name, expect.toBeOneOf([200, 201]), false]);

      const before = [await everything(), sent.length];
      const repeat = await sendTo(second, operation, request, key);
      expect([name, isReplay(repeat)]).toEqual([name, true]);
      expect(withoutMeta(repeat), name).toEqual(withoutMeta(answer));
      expect(JSON.stringify(repeat.body.data)).toBe(JSON.stringify(answer.body.data));
      expect(repeat.body.meta).not.toEqual(answer.body.meta);
      expect([await everything(), sent.length], name).toEqual(before);
    }
  });

  it('is refused under the key of another request, and does nothing', async () => {
    const operations = await writesOf(first);
    for (const [index, operation] of operations.entries()) {
      const key = nextId('other');
      await sendTo(first, operation, await WRITES[shortName(operation)]!(), key);
      const other = operations[(index + 1) % operations.length]!;
      const request = await WRITES[shortName(other)]!();
      const before = [await everything(), sent.length];
      const { status, body } = await sendTo(second, other, request, key);
      const name = `${shortName(other)} after ${shortName(operation)}`;
      expect([name, status, body.error?.code]).toEqual([name, 422, 'idempotency_mismatch']);
      expect(body.error.details.field).toBe('X-Idempotency-Key');
      expect([await everything(), sent.length], name).toEqual(before);
    }
  });

  it('is refused with a key that is none, and with a key that may only read, which claim nothing', async () => {
    for (const operation of await writesOf(first)) {
      const request = await WRITES[shortName(operation)]!();
      const { status } = await sendTo(first, operation, request, 'ü');
      expect([operation.name, status]).toEqual([operation.name, 422]);
      const path = filled(operation, request.params ?? {}).replace(API_ROOT, '');
      const key = nextId('read');
      const headers = keyed(key, request.headers);
      const read = await first.send({ ...request, method: operation.method as 'POST', path, headers, key: KEYS.read });
      expect([operation.name, read.status]).toEqual([operation.name, 403]);
      expect(await rows('select 1 from idempotency_keys where key = $1', [key])).toEqual([]);
    }
  });
});

describe('a repeat', () => {
  const pauseOf = (id: string, key: string, more: Partial<ApiCall> = {}): ApiCall => ({
    method: 'POST',
    path: `/batch-calls/${id}/pause`,
    headers: keyed(key),
    ...more,
  });

  it('names the calls that the first answer named, after the campaign has ended and after it was deleted', async () => {
    const id = await newCampaign();
    const answer = await first.send(pauseOf(id, 'moved-on'));
    expect(answer.body.data.live).toHaveLength(1);
    await end(id);
    expect(withoutMeta(await second.send(pauseOf(id, 'moved-on')))).toEqual(withoutMeta(answer));
    await first.send({ method: 'DELETE', path: `/batch-calls/${id}` });
    expect(withoutMeta(await second.send(pauseOf(id, 'moved-on')))).toEqual(withoutMeta(answer));
  });

  it('may write the id in capitals, and the fields in another order with other white space', async () => {
    const id = await newCampaign();
    const one = await first.send(pauseOf(id, 'capitals'));
    expect(withoutMeta(await first.send(pauseOf(id.toUpperCase(), 'capitals')))).toEqual(withoutMeta(one));

    const edit = (body: string) =>
      first.send({
        method: 'PATCH',
        path: `/batch-calls/${id}`,
        body,
        headers: keyed('order', { 'content-type': 'application/json' }),
      });
    await edit('{"max_concurrent_calls": 3, "max_calls_per_day": 50}');
    expect(isReplay(await edit('{ "max_calls_per_day":50,\n"max_concurrent_calls":3 }'))).toBe(true);
    expect((await edit('{"max_concurrent_calls": 3}')).body.error.code).toBe('idempotency_mismatch');
  });

  it('of another account is another request', async () => {
    const folder = {
      method: 'POST',
      path: '/contacts/folders',
      body: { name: 'Shared' },
      headers: keyed('acc'),
    } as const;
    const ours = await first.send(folder);
    const theirs = await first.send({ ...folder, key: KEYS.other });
    expect([theirs.status, isReplay(theirs)]).toEqual([201, false]);
    expect(theirs.body.data.id).not.toBe(ours.body.data.id);
  });

  it('waits for the first, at either gateway, and one of them does it', async () => {
    const id = await newCampaign();
    const release = hold();
    const before = sent.length;
    const asked = [first, second, first, second, second].map((gateway) => gateway.send(pauseOf(id, 'together')));
    await vi.waitFor(() => expect(sent.length).toBe(before + 1));
    // The others have looked more than once.
    await pause(200);
    release();
    const answers = await Promise.all(asked);
    expect(new Set(answers.map((answer) => JSON.stringify(withoutMeta(answer)))).size).toBe(1);
    expect(answers.filter(isReplay)).toHaveLength(4);
    expect(sent.length).toBe(before + 1);
  });

  it('gets 409 with Retry-After if that takes too long, and another request 422 at once', async () => {
    const impatient = await open({ waitMs: 50 });
    const id = await newCampaign();
    const release = hold();
    const asked = second.send(pauseOf(id, 'long'));
    await vi.waitFor(() => expect(sent.at(-1)?.command).toBe(`pause ${id}`));
    const early = await impatient.send(pauseOf(id, 'long'));
    expect([early.status, early.body.error.code, early.headers['retry-after']]).toEqual([
      409,
      'request_in_progress',
      '5',
    ]);
    const other = await impatient.send({ method: 'POST', path: `/batch-calls/${id}/resume`, headers: keyed('long') });
    expect(other.body.error.code).toBe('idempotency_mismatch');
    release();
    expect((await asked).status).toBe(200);
    expect(isReplay(await impatient.send(pauseOf(id, 'long')))).toBe(true);
  });

  it('takes over from a gateway that is silent, and sends the command under the same id', async () => {
    const id = await newCampaign();
    const release = hold();
    const asked = silent.send(pauseOf(id, 'silent'));
    await vi.waitFor(() => expect(sent.at(-1)?.command).toBe(`pause ${id}`));
    const answer = await second.send(pauseOf(id, 'silent'));
    expect([answer.status, isReplay(answer)]).toEqual([200, false]);
    const ids = sent.filter(({ command }) => command === `pause ${id}`).map(({ updateId }) => updateId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);

    // It wakes up. The answer of the one that took over stands.
    release();
    await asked;
    expect(withoutMeta(await first.send(pauseOf(id, 'silent')))).toEqual(withoutMeta(answer));
  });

  it('takes over from a gateway that is silent in its transaction, which commits nothing then', async () => {
    const lock = await db.pool.connect();
    await lock.query('begin');
    await lock.query('lock table contact_folders in share row exclusive mode');
    const folder = {
      method: 'POST',
      path: '/contacts/folders',
      body: { name: 'Twice' },
      headers: keyed('tx'),
    } as const;
    const asked = silent.send(folder);
    await vi.waitFor(async () => expect(await rows(`select 1 from idempotency_keys where key = 'tx'`)).toHaveLength(1));
    const [claim] = await rows(`select holder from idempotency_keys where key = 'tx'`);
    const repeat = second.send(folder);
    await vi.waitFor(async () => {
      const [now] = await rows(`select holder from idempotency_keys where key = 'tx'`);
      expect(now.holder).not.toBe(claim.holder);
    });
    await lock.query('commit');
    lock.release();
    const [lost, answer] = await Promise.all([asked, repeat]);
    expect([lost.status, lost.body.error.code]).toEqual([409, 'request_in_progress']);
    expect(answer.status).toBe(201);
    expect(await rows(`select id from contact_folders where account = 'acme' and name = 'Twice'`)).toEqual([
      { id: answer.body.data.id },
    ]);
    expect(isReplay(await first.send(folder))).toBe(true);
  });

  it('is not refused as long as the first is executed, however long its lease is', async () => {
    // A busy machine may be late with many extensions before the lease ends.
    const patient = await open({ leaseMs: 2_000, extendEveryMs: 70 });
    const id = await newCampaign();
    const release = hold();
    const before = sent.length;
    const asked = patient.send(pauseOf(id, 'extended'));
    await vi.waitFor(() => expect(sent.length).toBe(before + 1));
    const [{ held_until: until }] = await rows(`select held_until from idempotency_keys where key = 'extended'`);
    const repeat = second.send(pauseOf(id, 'extended'));
    // The lease that it was claimed with has ended, and the repeat has looked since.
    await vi.waitFor(async () => {
      const [{ passed }] = await rows(`select now() > $1::timestamptz + interval '700 ms' as passed`, [until]);
      expect(passed).toBe(true);
    });
    release();
    expect(withoutMeta(await repeat)).toEqual(withoutMeta(await asked));
    expect(sent.length).toBe(before + 1);
  });
});

describe('an answer', () => {
  const command = (id: string, key: string, name = 'pause') =>
    second.send({ method: 'POST', path: `/batch-calls/${id}/${name}`, headers: keyed(key) });

  it.each<[string, RingfenceError, number]>([
    ['5xx', new RingfenceError('temporal_unavailable', 'Temporal is away.'), 503],
    ['500', new RingfenceError('internal', 'It broke.'), 500],
    ['429', new RingfenceError('rate_limit_exceeded', 'Too many.', { details: { retry_after_s: 2 } }), 429],
    ['with Retry-After', new RingfenceError('conflict', 'In use.', { details: { retry_after_s: 2 } }), 409],
  ])('%s lets the key go: a repeat carries the same command out', async (_, error, status) => {
    const id = await newCampaign();
    const key = nextId('let-go');
    failure = error;
    expect((await command(id, key)).status).toBe(status);
    const answer = await command(id, key);
    expect([answer.status, isReplay(answer)]).toEqual([200, false]);
    const ids = sent.filter((one) => one.command === `pause ${id}`).map(({ updateId }) => updateId);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    expect(isReplay(await command(id, key))).toBe(true);
  });

  it('5xx lets the key go also to another request, which is another command', async () => {
    const id = await newCampaign();
    failure = new RingfenceError('temporal_unavailable', 'Temporal is away.');
    await command(id, 'gone');
    expect((await command(id, 'gone', 'resume')).status).toBe(200);
    expect(new Set(sent.slice(-2).map(({ updateId }) => updateId)).size).toBe(2);
    expect((await command(id, 'gone')).body.error.code).toBe('idempotency_mismatch');
  });

  it('that refuses is kept: a repeat is refused although it is possible now', async () => {
    const id = await newCampaign();
    await end(id);
    const refused = await command(id, 'kept-409');
    expect([refused.status, refused.body.error.code]).toEqual([409, 'wrong_state']);
    await rows(`update campaigns set status = 'active' where id = $1`, [id]);
    const repeat = await command(id, 'kept-409');
    expect([isReplay(repeat), withoutMeta(repeat)]).toEqual([true, withoutMeta(refused)]);
    expect((await command(id, 'kept-409', 'resume')).body.error.code).toBe('idempotency_mismatch');
  });

  it('422 is kept for its request, and the key is free for the corrected one', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    const create = (body: object) => second.send({ method: 'POST', path: '/batch-calls', body, headers: keyed('fix') });
    const wrong = { ...CREATE, contact_ids: [nobody] };
    const refused = await create(wrong);
    expect([refused.status, isReplay(refused)]).toEqual([422, false]);
    expect(isReplay(await create(wrong))).toBe(true);
    expect((await create(CREATE)).status).toBe(201);
    expect((await create(wrong)).body.error.code).toBe('idempotency_mismatch');
  });

  it('is kept for a day, and that of a creation for ever', async () => {
    const id = await newCampaign();
    await command(id, 'a-day');
    const creation = { method: 'POST', path: '/batch-calls', body: CREATE, headers: keyed('for-ever') } as const;
    await second.send(creation);
    const [{ kept }] = await rows(
      `select kept_until > now() + interval '23 hours 59 minutes' as kept from idempotency_keys where key = 'a-day'`,
    );
    expect(kept).toBe(true);
    await deleteOldKeys(db.pool, 1_000);
    expect(isReplay(await command(id, 'a-day'))).toBe(true);

    await rows(`update idempotency_keys set kept_until = kept_until - interval '1 day'`);
    await deleteOldKeys(db.pool, 1_000);
    const again = await command(id, 'a-day');
    expect([again.status, isReplay(again)]).toEqual([200, false]);
    const ids = sent.filter((one) => one.command === `pause ${id}`).map(({ updateId }) => updateId);
    expect(new Set(ids).size).toBe(2);
    expect(isReplay(await second.send(creation))).toBe(true);
  });
});

describe('an import under a key', () => {
  const FILE = 'phone,first_name\n+14155550111,Ann\n+14155550112,Bea\n';
  const countOf = async () => (await rows(`select count(*)::integer as count from contacts`))[0].count as number;

  it('with another file is refused, and with the same file imports nothing again', async () => {
    const answer = await importInto(first, 'file', FILE);
    expect(answer.body.data).toMatchObject({ imported: 2 });
    const before = await everything();
    const repeat = await importInto(second, 'file', FILE);
    expect([isReplay(repeat), withoutMeta(repeat)]).toEqual([true, withoutMeta(answer)]);
    const other = await importInto(second, 'file', FILE.replace('Bea', 'Eve'));
    expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_mismatch']);
    expect(await everything()).toEqual(before);
  });

  it('sent twice at once imports once', async () => {
    const file = 'phone\n+14155550121\n+14155550122\n';
    const before = await countOf();
    const answers = await Promise.all(
      [first, second, second].map((gateway) => importInto(gateway, 'file-at-once', file)),
    );
    expect(answers.map(({ body }) => body.data.imported)).toEqual([2, 2, 2]);
    expect(answers.filter(isReplay)).toHaveLength(2);
    expect(await countOf()).toBe(before + 2);
  });

  it('counts the options of a form, in any order', async () => {
    const form = (...fields: readonly [string, string][]) =>
      [
        ...fields.map(([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
        `--b\r\ncontent-disposition: form-data; name="file"; filename="f.csv"\r\n\r\nphone\n4155550131\n\r\n--b--\r\n`,
      ].join('');
    const type = { 'content-type': 'multipart/form-data; boundary=b' };
    const country = ['default_country', 'US'] as const;
    const overwrite = ['overwrite_existing', 'true'] as const;
    const send = (...fields: readonly (readonly [string, string])[]) =>
      importInto(second, 'form', form(...(fields as [string, string][])), type);
    expect((await send(country, overwrite)).body.data).toMatchObject({ imported: 1 });
    expect(isReplay(await send(overwrite, country))).toBe(true);
    expect((await send(country)).body.error.code).toBe('idempotency_mismatch');
  });

  it('that was refused in the middle of the file leaves the key to the corrected file', async () => {
    const broken = await importInto(second, 'broken', 'phone\n"+14155550141\n');
    expect([broken.status, broken.body.error.code]).toEqual([422, 'unparsable_file']);
    expect((await importInto(second, 'broken', 'phone\n+14155550141\n')).body.data).toMatchObject({ imported: 1 });
  });
});
