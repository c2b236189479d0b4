import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contactsApp } from '../support/harness/contacts-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { nextId } from '../support/factories/ids.ts';

let database: TestDatabase;
let app: FastifyInstance;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await contactsApp(database.pool);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

async function call(method: InjectOptions['method'], url: string, payload?: object, account = 'acme') {
  const response = await app.inject({ method: method!, url, headers: { account }, ...(payload ? { payload } : {}) });
  return { status: response.statusCode, body: response.json() };
}

async function newFolder(account = 'acme'): Promise<string> {
  const { status, body } = await call('POST', '/contacts/folders', { name: nextId('folder') }, account);
  expect(status).toBe(201);
  return body.data.id;
}

describe('folders', () => {
  it('are created, listed by name and deleted', async () => {
    const account = nextId('account');
    for (const name of ['b', 'a', 'c']) await call('POST', '/contacts/folders', { name }, account);
    const { body } = await call('GET', '/contacts/folders?limit=2', undefined, account);
    expect(body).toMatchObject({
      data: [{ name: 'a' }, { name: 'b' }],
      meta: { request_id: expect.any(String), ts: expect.any(String) },
      pagination: { total: 3, limit: 2, offset: 0, has_more: true },
    });
    const deleted = await call('DELETE', `/contacts/folders/${body.data[0].id}`, undefined, account);
    expect(deleted).toMatchObject({ status: 200, body: { data: { id: body.data[0].id, deleted: true } } });
    const left = await call('GET', '/contacts/folders?offset=1', undefined, account);
    expect(left.body).toMatchObject({ data: [{ name: 'c' }], pagination: { total: 2, has_more: false } });
  });

  it('have a name that no other folder of the account has', async () => {
    const name = nextId('folder');
    expect(await call('POST', '/contacts/folders', { name })).toMatchObject({ status: 201 });
    expect(await call('POST', '/contacts/folders', { name })).toMatchObject({
      status: 409,
      body: { error: { code: 'conflict', details: { field: 'name' } } },
    });
    expect(await call('POST', '/contacts/folders', { name }, 'other')).toMatchObject({ status: 201 });
  });

  it('take their contacts with them, but no campaign’s copy', async () => {
    const folder = await newFolder();
    await call('POST', '/contacts', { folder_id: folder, phone_number: '+14155550132', first_name: 'Ann' });
    const { rows } = await database.pool.query<{ id: string }>(
      `insert into campaigns (id, account, name, agent_id, spec, folder_id, status, total, pending)
       values (gen_random_uuid(), 'acme', 'c', 'a', '{"timezone": "UTC", "start_time": null, "end_time": null, "working_days": [1], "blackout_dates": [], "policy": []}', $1, 'active', 1, 1) returning id`,
      [folder],
    );
    expect(await call('DELETE', `/contacts/folders/${folder}`)).toMatchObject({ status: 200 });
    const contacts = await database.pool.query('select from contacts where folder_id = $1', [folder]);
    expect(contacts.rowCount).toBe(0);
    const copies = await database.pool.query('select first_name from campaign_contacts where campaign_id = $1', [
      rows[0]!.id,
    ]);
    expect(copies.rows).toEqual([{ first_name: 'Ann' }]);
  });

  it('of others do not exist', async () => {
    const folder = await newFolder('other');
    const missing = { status: 404, body: { error: { code: 'not_found' } } };
    expect(await call('DELETE', `/contacts/folders/${folder}`)).toMatchObject(missing);
    expect(await call('GET', `/contacts?folder_id=${folder}`)).toMatchObject(missing);
    expect(await call('POST', '/contacts', { folder_id: folder, phone_number: '+14155550132' })).toMatchObject(missing);
    expect(await call('DELETE', `/contacts/folders/${folder}`, undefined, 'other')).toMatchObject({ status: 200 });
  });
});

describe('contacts', () => {
  it('are added once and then updated; what is left out stays', async () => {
    const folder_id = await newFolder();
    const added = await call('POST', '/contacts', {
      folder_id,
      phone_number: '(415) 555-0132 ext. 8',
      default_country: 'us',
      first_name: 'Ann',
      email: 'ann@example.com',
      custom_fields: { plan: 'gold', city: 'Rome' },
    });
    expect(added).toMatchObject({
      status: 201,
      body: {
        data: {
          folder_id,
          phone_number: '+14155550132',
          extension: '8',
          first_name: 'Ann',
          last_name: null,
          custom_fields: { plan: 'gold', city: 'Rome' },
        },
      },
    });
    const updated = await call('POST', '/contacts', {
      folder_id,
      phone_number: '+14155550132',
      extension: '8',
      last_name: 'Lee',
      custom_fields: { plan: 'silver' },
    });
    expect(updated).toMatchObject({
      status: 200,
      body: {
        data: {
          id: added.body.data.id,
          first_name: 'Ann',
          last_name: 'Lee',
          email: 'ann@example.com',
          custom_fields: { plan: 'silver', city: 'Rome' },
        },
      },
    });
  });

  it('without a folder go to the account’s default folder, made on demand', async () => {
    const account = nextId('account');
    const numbers = ['+14155550132', '+14155550133', '+14155550134'];
    await Promise.all(numbers.map((phone_number) => call('POST', '/contacts', { phone_number }, account)));
    expect((await call('GET', '/contacts/folders', undefined, account)).body.data).toMatchObject([{ name: 'default' }]);
    const { body } = await call('GET', '/contacts?limit=2&offset=1', undefined, account);
    expect(body.pagination).toEqual({
      total: 3,
      total_is_exact: true,
      limit: 2,
      offset: 1,
      has_more: false,
      next_cursor: null,
    });
    const all = await call('GET', '/contacts', undefined, account);
    expect(all.body.data.map(({ phone_number }: { phone_number: string }) => phone_number).sort()).toEqual(numbers);
  });

  it('give a campaign that awaits its copy the folder as it was', async () => {
    const folder_id = await newFolder();
    await call('POST', '/contacts', { folder_id, phone_number: '+14155550132', first_name: 'Ann' });
    const { rows } = await database.pool.query<{ id: string }>(
      `insert into campaigns (id, account, name, agent_id, spec, folder_id, status, total, pending)
       values (gen_random_uuid(), 'acme', 'c', 'a', '{"timezone": "UTC", "start_time": null, "end_time": null, "working_days": [1], "blackout_dates": [], "policy": []}', $1, 'active', 1, 1) returning id`,
      [folder_id],
    );
    await call('POST', '/contacts', { folder_id, phone_number: '+14155550132', first_name: 'Anne' });
    await call('POST', '/contacts', { folder_id, phone_number: '+14155550133', first_name: 'Bo' });
    const copies = await database.pool.query('select first_name from campaign_contacts where campaign_id = $1', [
      rows[0]!.id,
    ]);
    expect(copies.rows).toEqual([{ first_name: 'Ann' }]);
  });

  it.each([
    [{ phone_number: '+14155550132', nickname: 'A' }, 'nickname'],
    [{ phone_number: '4155550132' }, 'phone_number'],
    [{ phone_number: 14155550132 }, 'phone_number'],
    [{}, 'phone_number'],
    [{ phone_number: '+14155550132', timezone: 'Mars/Olympus' }, 'timezone'],
    [{ phone_number: '+14155550132', email: 'ann' }, 'email'],
    [{ phone_number: '+14155550132', default_country: 'UK' }, 'default_country'],
    [{ phone_number: '+14155550132', folder_id: 'x' }, 'folder_id'],
    [{ phone_number: '+14155550132', custom_fields: { a: ['b'] } }, 'custom_fields.a'],
  ])('are refused by field: %j', async (contact, field) => {
    expect(await call('POST', '/contacts', contact)).toMatchObject({
      status: 422,
      body: { error: { code: 'validation_error', details: { field } } },
    });
  });

  it.each(['limit=0', 'limit=101', 'offset=-1', 'folder_id=x', 'page=2'])('are not listed with ?%s', async (query) => {
    expect(await call('GET', `/contacts?${query}`)).toMatchObject({ status: 422 });
  });
});
