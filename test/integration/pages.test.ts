/** Lists read page by page, while others add to them and remove from them. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Pagination } from '../../domain/api/campaign-responses.ts';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { nextId } from '../support/factories/ids.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ requestsPerMinute: 100_000 });
});
afterAll(() => gateway.close());

const query = (sql: string, values: unknown[] = []) => gateway.db.pool.query<Record<string, string>>(sql, values);
const numberOf = (n: number) => `+1212555${String(n).padStart(4, '0')}`;

async function pageOf(path: string) {
  const { status, body } = await gateway.send({ path });
  expect(status, JSON.stringify(body.error)).toBe(200);
  return { items: body.items, pagination: body.pagination as Pagination };
}

/** A list with items in it, and how it changes. Each item is known by a name. */
interface List {
  readonly path: string;
  readonly nameOf: (item: Readonly<Record<string, unknown>>) => string;
  /** Adds an item, wherever in the list it comes to stand. */
  readonly add: (n: number) => Promise<unknown>;
  readonly remove: (name: string) => Promise<unknown>;
}

async function folder(name: string): Promise<string> {
  const { body } = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name } });
  return body.data.id;
}

async function campaign(more: object = {}): Promise<string> {
  const contacts = [{ phone_number: '+14155550132' }];
  const body = { name: 'c', agent_id: 'agent', contacts, ...more };
  const { body: created } = await gateway.send({ method: 'POST', path: '/batch-calls', body });
  return created.data.id;
}

async function campaigns(filter: string, more: object, status?: string): Promise<List> {
  return {
    path: `/batch-calls?${filter}`,
    nameOf: ({ id }) => String(id),
    // Several at each instant, which are told apart by their ids.
    add: async (n) => {
      const id = await campaign(more);
      await query('update campaigns set status = coalesce($2, status), created_at = $3::timestamptz where id = $1', [
        id,
        status,
        `2026-03-18T12:00:00.00000${Math.floor(n / 4) % 10}Z`,
      ]);
    },
    remove: (id) => query('delete from campaigns where id = $1', [id]),
  };
}

const LISTS: Readonly<Record<string, () => Promise<List>>> = {
  campaigns: () => campaigns('', {}),
  'campaigns in a status': () => campaigns('status=paused', {}, 'paused'),
  'campaigns of an agent': () => campaigns('agent_id=agent-7', { agent_id: 'agent-7' }),
  'campaigns of an agent in a status': () =>
    campaigns('agent_id=agent-8&status=paused', { agent_id: 'agent-8' }, 'paused'),
  "a campaign's contacts": async () => campaignContacts(''),
  "a campaign's contacts in a bucket": async () => campaignContacts('?status=skipped'),
  "a folder's contacts": async () => {
    const folder_id = await folder(nextId('folder'));
    return contacts(`/contacts?folder_id=${folder_id}`, () => folder_id);
  },
  'contacts of all folders': async () => {
    const folders = await Promise.all([1, 2, 3].map(() => folder(nextId('folder'))));
    return contacts('/contacts', (n) => folders[n % 3]!);
  },
  folders: async () => ({
    path: '/contacts/folders',
    nameOf: ({ name }) => String(name),
    // Before, between and behind those that are there.
    add: (n) => folder(`${['ö', 'Z', '%', '😀', 'b'][(n * 7) % 5]} ${n} ${nextId('name')}`),
    remove: (name) => query('delete from contact_folders where name = $1', [name]),
  }),
  suppressions: async () => ({
    path: '/suppressions',
    nameOf: ({ phone_number }) => String(phone_number),
    add: (n) => gateway.send({ method: 'POST', path: '/suppressions', body: { phone_number: numberOf(n) } }),
    remove: (number) => gateway.send({ method: 'DELETE', path: `/suppressions/${number}` }),
  }),
  'events of a call': async () => {
    const id = await campaign();
    const callId = `${id}.1.1`;
    await query(
      `insert into calls (id, campaign_id, seq, attempt, connection, request) values ($1, $2, 1, 1, 'truedy', '')`,
      [callId, id],
    );
    return {
      path: `/batch-calls/${id}/calls/${callId}/events`,
      nameOf: ({ event_id, provider }) => `${String(event_id)} of ${String(provider)}`,
      // Several at each instant, some of them under one id of two providers; and some of them contradict the call.
      add: (n) =>
        query(
          `insert into call_events (connection, event_id, call_id, contradicts, kind, occurred_at, received_at, raw)
           values ($1, $2, $3, $4, 'billed', now(), $5, '')`,
          [
            n % 2 === 0 ? 'truedy' : 'other',
            `event ${Math.floor(n / 2)} of ${id}`,
            n % 3 === 0 ? null : callId,
            n % 3 === 0 ? callId : null,
            `2026-03-18T12:00:00.00000${Math.floor(n / 5) % 10}Z`,
          ],
        ),
      remove: (name) => query(`delete from call_events where event_id || ' of ' || connection = $1`, [name]),
    };
  },
};

async function campaignContacts(filter: string): Promise<List> {
  const id = await campaign();
  await query('delete from campaign_contacts where campaign_id = $1', [id]);
  return {
    path: `/batch-calls/${id}/contacts${filter}`,
    nameOf: ({ phone_number }) => String(phone_number),
    add: (n) =>
      query(
        `insert into campaign_contacts (campaign_id, seq, contact_id, phone_number, bucket)
         values ($1, $2, gen_random_uuid(), $3, 'skipped'),
                ($1, $2 + 1, gen_random_uuid(), $4, $5)`,
        [id, 2 * n + 1, numberOf(2 * n), numberOf(2 * n + 1), filter === '' ? 'completed' : 'pending'],
      ),
    remove: (number) =>
      query('delete from campaign_contacts where campaign_id = $1 and phone_number = $2', [id, number]),
  };
}

function contacts(path: string, folderOf: (n: number) => string): List {
  return {
    path,
    nameOf: ({ folder_id, phone_number }) => `${String(phone_number)} in ${String(folder_id)}`,
    add: (n) =>
      gateway.send({
        method: 'POST',
        path: '/contacts',
        body: { folder_id: folderOf(n), phone_number: numberOf(n) },
      }),
    remove: (name) => query(`delete from contacts where phone_number || ' in ' || folder_id = $1`, [name]),
  };
}

const withQuery = (path: string, more: string) => `${path}${path.includes('?') ? '&' : '?'}${more}`;

/** Reads a list to its end. */
async function walk(
  { path, nameOf }: List,
  limit: number,
  afterPage: (names: string[]) => Promise<void> = async () => {},
) {
  const names: string[] = [];
  let cursor = '';
  for (;;) {
    const { items, pagination } = await pageOf(withQuery(path, `limit=${limit}${cursor}`));
    names.push(...items.map(nameOf));
    expect(pagination.has_more).toBe(pagination.next_cursor !== null);
    if (pagination.next_cursor === null) return names;
    expect(items).toHaveLength(limit);
    await afterPage(items.map(nameOf));
    cursor = `&cursor=${pagination.next_cursor}`;
  }
}

const ITEMS = 40;

describe.each(Object.entries(LISTS))('%s', (_, made) => {
  it('come once each and all of them, whatever comes and goes between two pages', async () => {
    const list = await made();
    for (let n = 0; n < ITEMS; n += 1) await list.add(n);
    const before = await walk(list, 100);
    expect(new Set(before).size).toBe(before.length);
    expect(before.length).toBeGreaterThanOrEqual(ITEMS);

    const gone = new Set<string>();
    let added = ITEMS;
    const read = await walk(list, 7, async (page) => {
      // The last item of the page, behind which the next one begins; one of an earlier page; one that is still to come.
      const ahead = before[before.indexOf(page.at(-1)!) + 3];
      for (const name of [page.at(-1)!, page[1]!, ...(ahead === undefined ? [] : [ahead])]) {
        await list.remove(name);
        gone.add(name);
      }
      if (added < 2 * ITEMS) for (let n = 0; n < 3; n += 1) await list.add((added += 1));
    });
    expect(new Set(read).size).toBe(read.length);
    const stayed = before.filter((name) => !gone.has(name));
    expect(stayed.length).toBeGreaterThan(5);
    expect(read.filter((name) => stayed.includes(name))).toEqual(stayed);
  });

  it('come in the same order with offset, which has a cursor to go on with', async () => {
    const list = await made();
    for (let n = 100; n < 110; n += 1) await list.add(n);
    const all = await walk(list, 100);
    const { items, pagination } = await pageOf(withQuery(list.path, 'limit=3&offset=4'));
    expect(items.map(list.nameOf)).toEqual(all.slice(4, 7));
    expect(pagination).toMatchObject({ limit: 3, offset: 4, has_more: true });
    const next = await pageOf(withQuery(list.path, `limit=2&cursor=${pagination.next_cursor}`));
    expect(next.items.map(list.nameOf)).toEqual(all.slice(7, 9));
    expect(next.pagination).toMatchObject({ limit: 2, offset: 0 });
  });
});

describe('a cursor', () => {
  let lists: List[];
  beforeAll(async () => {
    lists = await Promise.all(Object.values(LISTS).map((made) => made()));
    for (const list of lists) for (let n = 200; n < 204; n += 1) await list.add(n);
  });
  const cursorOf = async ({ path }: List) =>
    (await pageOf(withQuery(path, 'limit=2'))).pagination.next_cursor ?? expect.fail('has one page only');
  const refusal = (field: string, message: string) => ({
    status: 422,
    body: { error: { code: 'validation_error', details: { field }, message: expect.stringContaining(message) } },
  });

  it('of another list, or of the same list with another filter, is refused with the way out', async () => {
    const cursors = await Promise.all(lists.map(cursorOf));
    for (const [at, { path }] of lists.entries()) {
      for (const [from, cursor] of cursors.entries()) {
        const reply = await gateway.send({ path: withQuery(path, `cursor=${cursor}`) });
        if (at === from) expect(reply.status).toBe(200);
        else expect(reply).toMatchObject(refusal('cursor', 'leave cursor out to begin with the first page'));
      }
    }
  });

  it('of another campaign or folder is refused too', async () => {
    for (const make of [LISTS["a campaign's contacts"]!, LISTS["a folder's contacts"]!]) {
      const [one, other] = await Promise.all([make(), make()]);
      for (let n = 300; n < 304; n += 1) await one.add(n);
      const reply = await gateway.send({ path: withQuery(other.path, `cursor=${await cursorOf(one)}`) });
      expect(reply).toMatchObject(refusal('cursor', 'with the same path and filters'));
    }
  });

  it('that was altered or made up is refused, whatever it is', async () => {
    const list = lists[0]!;
    const cursor = await cursorOf(list);
    const altered = Array.from(cursor, (character, index) => {
      const other = character === 'A' ? 'B' : 'A';
      return cursor.slice(0, index) + other + cursor.slice(index + 1);
    });
    const madeUp = [
      '',
      'x',
      '%00',
      'null',
      '%F0%9F%98%80',
      'A'.repeat(100),
      `${cursor}A`,
      `${cursor}%0A`,
      cursor.slice(1),
    ];
    for (const text of [...altered, ...madeUp, 'A'.repeat(10_000)]) {
      const reply = await gateway.send({ path: withQuery(list.path, `cursor=${text}`) });
      expect(reply, text).toMatchObject(refusal('cursor', 'cursor must be the next_cursor'));
    }
    const twice = await gateway.send({ path: withQuery(list.path, `cursor=${cursor}&cursor=${cursor}`) });
    expect(twice).toMatchObject(refusal('cursor', 'cursor must be the next_cursor'));
  });

  it('does not go with an offset', async () => {
    for (const list of lists) {
      const reply = await gateway.send({ path: withQuery(list.path, `offset=1&cursor=${await cursorOf(list)}`) });
      expect(reply).toMatchObject(refusal('offset', 'leave offset out'));
    }
  });

  it('holds no phone number', async () => {
    for (const list of lists)
      expect(Buffer.from(await cursorOf(list), 'base64url').toString()).not.toContain('1212555');
  });
});

describe('an offset', () => {
  it.each(['10001', '1000000000', '1e9', '99999999999999999999999', '-1', 'x'])(
    'of %s is refused before anything is read',
    async (offset) => {
      const asked = vi.spyOn(gateway.db.pool, 'query');
      for (const made of Object.values(LISTS)) {
        const { path } = await made();
        asked.mockClear();
        const reply = await gateway.send({ path: withQuery(path, `offset=${offset}`) });
        expect(asked.mock.calls.filter(([sql]) => !JSON.stringify(sql).includes('from api_keys'))).toEqual([]);
        expect(reply).toMatchObject({
          status: 422,
          body: {
            error: {
              code: 'validation_error',
              details: { field: 'offset' },
              message: expect.stringContaining('send the next_cursor of a page as cursor'),
            },
          },
        });
      }
      asked.mockRestore();
    },
  );

  it('of ten thousand is taken', async () => {
    for (const made of Object.values(LISTS)) {
      const { path } = await made();
      expect((await pageOf(withQuery(path, 'offset=10000'))).pagination).toMatchObject({
        offset: 10_000,
        next_cursor: null,
      });
    }
  });
});

describe('the counter of a folder', () => {
  it('follows additions, repeats, imports and removals', async () => {
    const folder_id = await folder(nextId('folder'));
    const total = async () => (await pageOf(`/contacts?folder_id=${folder_id}`)).pagination;
    const add = (n: number) =>
      gateway.send({ method: 'POST', path: '/contacts', body: { folder_id, phone_number: numberOf(n) } });
    await add(500);
    await add(501);
    await add(501);
    expect(await total()).toMatchObject({ total: 2, total_is_exact: true });
    for (const overwrite of ['true', 'false']) {
      await gateway.send({
        method: 'POST',
        path: `/contacts/import?folder_id=${folder_id}&overwrite_existing=${overwrite}`,
        body: `phone_number\n${[501, 502, 503, 503].map(numberOf).join('\n')}\n`,
        headers: { 'content-type': 'text/csv' },
      });
      expect(await total()).toMatchObject({ total: 4 });
    }
    await query('delete from contacts where folder_id = $1 and phone_number = any($2)', [
      folder_id,
      [numberOf(500), numberOf(503)],
    ]);
    expect(await total()).toMatchObject({ total: 2 });
    const all = await query(
      'select sum(contacts) as counted, (select count(*) from contacts) as there from contact_folders',
    );
    expect(all.rows[0]!.counted).toBe(all.rows[0]!.there);
  });
});
