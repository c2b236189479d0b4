import { readFileSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ringfence } from '../../client/index.ts';
import type { ImportResponse } from '../../domain/api/contact-responses.ts';
import { contactsApp } from '../support/harness/contacts-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { nextId } from '../support/factories/ids.ts';

let database: TestDatabase;
let app: FastifyInstance;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await contactsApp(database.pool);
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

type Body = NonNullable<RequestInit['body']>;

interface Contact {
  readonly phone_number: string;
  readonly first_name: string | null;
  readonly custom_fields: Record<string, string>;
}

async function newFolder(): Promise<string> {
  const response = await app.inject({ method: 'POST', url: '/contacts/folders', payload: { name: nextId('folder') } });
  return response.json().data.id;
}

async function contactsIn(folder: string): Promise<Contact[]> {
  const { rows } = await database.pool.query<Contact>('select * from contacts where folder_id = $1 order by seq', [
    folder,
  ]);
  return rows;
}

interface Answer {
  readonly data: ImportResponse;
  readonly error: { readonly code: string; readonly message: string };
}

async function send(query: Record<string, string>, body: Body, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/contacts/import?${new URLSearchParams(query).toString()}`, {
    method: 'POST',
    body,
    headers,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

const sendCsv = (query: Record<string, string>, body: Body) => send(query, body, { 'content-type': 'text/csv' });

function connectToApp(): Socket {
  return connect((app.server.address() as AddressInfo).port, '127.0.0.1');
}

function head(folder: string, length: number): string {
  return `POST /contacts/import?folder_id=${folder} HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ncontent-length: ${length}\r\n\r\n`;
}

/** Every connection is idle: nothing was left in a transaction or in the middle of a copy. */
/** Also where the client has gone already, and the gateway is still to hear of it. */
async function expectNothingOpen(): Promise<void> {
  const open = async () => {
    const { rows } = await database.pool.query<{ open: number }>(
      `select count(*)::integer as open from pg_stat_activity
       where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`,
    );
    return rows[0]!.open;
  };
  await expect.poll(open).toBe(0);
}

const CASES = new URL('../cases/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('csv.json', CASES), 'utf8')) as {
  cases: { file: string; imported: number; skipped?: number; errors?: number; status?: number }[];
};

describe('POST /contacts/import', () => {
  it.each(cases)('$file', async ({ file, imported, skipped, errors, status }) => {
    const folder_id = await newFolder();
    const answer = await sendCsv({ folder_id, default_country: 'US' }, readFileSync(new URL(`csv/${file}`, CASES)));
    if (status === undefined)
      expect(answer).toMatchObject({ status: 200, body: { data: { imported, skipped, errors } } });
    else expect(answer).toMatchObject({ status, body: { error: { code: 'unparsable_file' } } });
    expect(await contactsIn(folder_id)).toHaveLength(imported);
  });

  it('keeps the first row of each person, in the order of the file, with everything it says', async () => {
    const folder_id = await newFolder();
    const file = [
      'phone,extension,first_name,last_name,email,timezone,custom_note',
      '+14155550133,,Bo,,,,',
      String.raw`+14155550132,7,"A\n\t\\n",O'Neil,a@example.com,america/new_york,"tab` +
        '\t' +
        String.raw`and ""quotes"" \N \."`,
      '+14155550132,,Other,,,,',
      '+14155550132,7,Again,,,,',
    ].join('\n');
    const answer = await sendCsv({ folder_id }, file);
    expect(answer.body.data).toEqual({ imported: 3, updated: 0, skipped: 1, errors: 0, error_details: [] });
    expect(await contactsIn(folder_id)).toMatchObject([
      { phone_number: '+14155550133', extension: '', first_name: 'Bo', last_name: null, custom_fields: {} },
      {
        phone_number: '+14155550132',
        extension: '7',
        first_name: String.raw`A\n\t\\n`,
        last_name: "O'Neil",
        email: 'a@example.com',
        timezone: 'America/New_York',
        custom_fields: { note: String.raw`tab` + '\t' + String.raw`and "quotes" \N \.` },
      },
      { phone_number: '+14155550132', extension: '', first_name: 'Other' },
    ]);
  });

  it('skips people who are there already, or overwrites what the file says of them', async () => {
    const folder_id = await newFolder();
    await sendCsv({ folder_id }, 'phone,first_name,plan,city\n+14155550132,Ann,gold,Rome\n');
    const file = 'phone,first_name,last_name,plan,city\n+14155550132,,Lee,silver,\n+14155550133,Bo,,,\n';
    expect((await sendCsv({ folder_id }, file)).body.data).toMatchObject({ imported: 1, updated: 0, skipped: 1 });
    expect(await contactsIn(folder_id)).toMatchObject([{ first_name: 'Ann', custom_fields: { plan: 'gold' } }, {}]);
    expect((await sendCsv({ folder_id, overwrite_existing: 'true' }, file)).body.data).toMatchObject({
      imported: 0,
      updated: 2,
      skipped: 0,
    });
    expect(await contactsIn(folder_id)).toMatchObject([
      { first_name: 'Ann', last_name: 'Lee', custom_fields: { plan: 'silver', city: 'Rome' } },
      { first_name: 'Bo' },
    ]);
  });

  it('counts every error and lists the first thousand', async () => {
    const folder_id = await newFolder();
    const answer = await sendCsv({ folder_id }, `phone\n${'911\n'.repeat(1_500)}+14155550132\n`);
    expect(answer.body.data).toMatchObject({ imported: 1, errors: 1_500, error_details_omitted: 500 });
    expect(answer.body.data.error_details).toHaveLength(1_000);
    expect(answer.body.data.error_details[0]).toEqual({ row: 2, phone: '911', reason: 'invalid_phone' });
  });

  it('takes a form whose fields stand before its file', async () => {
    const folder_id = await newFolder();
    const form = new FormData();
    form.set('folder_id', folder_id);
    form.set('default_country', 'US');
    // Larger than a body of the API's other routes may be.
    form.set('file', new Blob([`phone\n(415) 555-0132\n${'\n'.repeat(3 << 20)}`]), 'contacts.csv');
    expect(await send({}, form)).toMatchObject({ status: 200, body: { data: { imported: 1 } } });
    expect(await contactsIn(folder_id)).toHaveLength(1);
  });

  it.each<[what: string, parts: [name: string, value: string | Blob][], code: string, message: RegExp]>([
    [
      'a field after the file',
      [
        ['file', new Blob(['phone\n+14155550132\n'])],
        ['default_country', 'US'],
      ],
      'bad_request',
      /last part/,
    ],
    [
      'two files',
      [
        ['file', new Blob(['phone\n+14155550132\n'])],
        ['file', new Blob(['phone\n'])],
      ],
      'bad_request',
      /one file/,
    ],
    ['no file', [['default_country', 'US']], 'bad_request', /no file/],
    [
      'an unknown field',
      [
        ['country', 'US'],
        ['file', new Blob(['phone\n'])],
      ],
      'validation_error',
      /unknown field country/,
    ],
    [
      'a wrong field',
      [
        ['overwrite_existing', 'maybe'],
        ['file', new Blob(['phone\n'])],
      ],
      'validation_error',
      /true or false/,
    ],
  ])('refuses a form with %s', async (_, parts, code, message) => {
    const folder_id = await newFolder();
    const form = new FormData();
    for (const [name, value] of parts) form.append(name, value);
    const answer = await send({ folder_id }, form);
    expect(answer.body.error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await contactsIn(folder_id)).toEqual([]);
    await expectNothingOpen();
  });

  it.each([
    ['an unknown folder', { folder_id: '7b7a4c52-0c34-4d4f-8a4f-3f6a2f9ce111' }, 404, 'not_found'],
    ['a folder id that is none', { folder_id: 'x' }, 422, 'validation_error'],
    ['an unknown option', { country: 'US' }, 422, 'validation_error'],
    ['an unknown country', { default_country: 'UK' }, 422, 'validation_error'],
  ])('refuses %s', async (_, query, status, code) => {
    expect(await sendCsv(query as Record<string, string>, 'phone\n+14155550132\n')).toMatchObject({
      status,
      body: { error: { code } },
    });
  });

  it('refuses a body that is no file', async () => {
    const answer = await send({}, JSON.stringify({ contacts: [] }), { 'content-type': 'application/json' });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } });
  });

  it('answers a client whose long file is refused at its beginning, and reads no more of it', async () => {
    const folder_id = await newFolder();
    const beginning = 'phone,first_name\n+14155550132,"A"nn\n';
    const line = Buffer.from('+14155550132,Ann\n'.repeat(4_000));
    let sent = 0;
    async function* bytes() {
      yield Buffer.from(beginning);
      // Ends by itself where everything is read.
      for (; sent < 500_000_000; sent += line.length) yield line;
    }
    const { port } = app.server.address() as AddressInfo;
    const { contacts } = new Ringfence({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'unused' });
    const upload = contacts.import(bytes(), { folder_id });
    await expect(upload).rejects.toMatchObject({ code: 'unparsable_file', field: 'file' });
    expect(sent).toBeLessThan(64_000_000);
    await expectNothingOpen();
  });

  it('imports nothing of an upload that is cut off', async () => {
    const folder_id = await newFolder();
    const socket = connectToApp();
    socket.write(`${head(folder_id, 100_000)}phone\n+14155550132\n`);
    await expect
      .poll(
        async () =>
          (
            await database.pool.query(
              `select from pg_stat_activity where datname = current_database() and query like 'copy imported_rows%'`,
            )
          ).rowCount,
      )
      .toBe(1);
    socket.destroy();
    await expectNothingOpen();
    expect(await contactsIn(folder_id)).toEqual([]);
  });

  it('imports nothing of a form that is cut off', async () => {
    const folder_id = await newFolder();
    const form = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nphone\n+14155550132\n';
    const answer = await send({ folder_id }, form, { 'content-type': 'multipart/form-data; boundary=x' });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } });
    expect(await contactsIn(folder_id)).toEqual([]);
    await expectNothingOpen();
  });

  it('runs two imports of an account at once, tells its next to wait, and takes those of others', async () => {
    const folder_id = await newFolder();
    const open: ReadableStreamDefaultController<Uint8Array>[] = [];
    const upload = (phone: string) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(Buffer.from(`phone\n${phone}\n`));
          open.push(controller);
        },
      });
    const running = ['+14155550132', '+14155550133'].map((phone) => sendCsv({ folder_id }, upload(phone)));
    await expect
      .poll(
        async () =>
          (
            await database.pool.query(
              `select from pg_stat_activity where datname = current_database() and query like 'copy imported_rows%' and state = 'active'`,
            )
          ).rowCount,
      )
      .toBe(2);
    const third = await sendCsv({ folder_id }, 'phone\n+14155550134\n');
    expect(third).toMatchObject({ status: 429, body: { error: { code: 'rate_limit_exceeded' } } });
    const ofAnother = await send({}, 'phone\n+14155550135\n', { 'content-type': 'text/csv', account: 'other' });
    expect(ofAnother).toMatchObject({ status: 200, body: { data: { imported: 1 } } });
    for (const controller of open) controller.close();
    expect(await Promise.all(running)).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(await contactsIn(folder_id)).toHaveLength(2);
  });

  it('copies a folder for the campaigns that await it before it changes', async () => {
    const folder_id = await newFolder();
    await sendCsv({ folder_id }, 'phone,first_name\n+14155550132,Ann\n');
    const { rows } = await database.pool.query<{ id: string }>(
      `insert into campaigns (id, account, name, agent_id, spec, folder_id, status, total, pending)
       values (gen_random_uuid(), 'acme', 'c', 'a', '{"timezone": "UTC", "start_time": null, "end_time": null, "working_days": [1], "blackout_dates": [], "policy": []}', $1, 'active', 1, 1) returning id`,
      [folder_id],
    );
    await sendCsv({ folder_id, overwrite_existing: 'true' }, 'phone,first_name\n+14155550132,Anne\n+14155550133,Bo\n');
    const copies = await database.pool.query('select first_name from campaign_contacts where campaign_id = $1', [
      rows[0]!.id,
    ]);
    expect(copies.rows).toEqual([{ first_name: 'Ann' }]);
  });

  it('reads no further while the database does not answer', async () => {
    const folder_id = await newFolder();
    let sent = 0;
    const endless = new Readable({
      read() {
        sent += 1 << 16;
        this.push(Buffer.from(`${sent === 1 << 16 ? 'phone\n' : ''}+14155550132\n`.padEnd(1 << 16, '\n')));
      },
    });
    const blocker = await database.pool.connect();
    try {
      await blocker.query('begin');
      await blocker.query('lock table contact_folders in access exclusive mode');
      const answer = sendCsv({ folder_id }, Readable.toWeb(endless) as ReadableStream);
      const settled = answer.catch(() => null);
      // Reading stops when every buffer on the way is full.
      let before = -1;
      await expect
        .poll(
          () => {
            const still = sent === before && sent > 0;
            before = sent;
            return still;
          },
          { interval: 300 },
        )
        .toBe(true);
      expect(sent).toBeLessThan(32 << 20);
      endless.destroy();
      await blocker.query('rollback');
      await settled;
    } finally {
      blocker.release();
    }
    await expectNothingOpen();
  });
});
