/** The limits of an account, on a real database. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requireRoomInCampaigns } from '../../db/account-limits.ts';
import { setAccount } from '../../db/accounts.ts';
import { inTransaction } from '../../db/pool.ts';
import { nextId } from '../support/factories/ids.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { captureCli, err, out, runCli } from '../support/harness/cli.ts';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';

captureCli();

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const accounts = (...args: string[]) => {
  vi.stubEnv('DATABASE_URL', gateway.db.url);
  return runCli('accounts', ...args);
};

async function show() {
  await accounts('show', 'acme', '--json');
  return JSON.parse(out) as { readonly used: Readonly<Record<string, number>> };
}

/** Campaigns with so many people each, all asked for at the same time. */
async function createAtOnce(campaigns: number, people: number) {
  const contacts = Array.from({ length: people }, (_, index) => fictitiousPerson(index));
  const requests = Array.from({ length: campaigns }, () =>
    gateway.send({
      method: 'POST',
      path: '/batch-calls',
      body: { name: nextId('Reminders'), agent_id: 'agent-1', contacts },
    }),
  );
  return Promise.all(requests);
}

const statusesOf = (answers: readonly { readonly status: number }[]) =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);

function importFile(people: number) {
  const rows = Array.from({ length: people }, (_, index) => fictitiousPerson(index).phone_number);
  return gateway.app.inject({
    method: 'POST',
    url: '/api/public/v1/contacts/import',
    headers: { authorization: 'Bearer write-key-of-acme-1', 'content-type': 'text/csv' },
    payload: ['phone_number', ...rows].join('\n'),
  });
}

describe('campaigns and contacts of an account', () => {
  it('are never more than it may have, however many requests there are at the same time', async () => {
    await setAccount(gateway.db.pool, 'acme', { max_campaigns: 3, max_contacts: 7 });
    const answers = await createAtOnce(8, 2);
    expect(statusesOf(answers)).toEqual([201, 201, 201, 409, 409, 409, 409, 409]);
    const { code, message } = answers.find(({ status }) => status === 409)!.body.error;
    expect(code).toBe('account_limit');
    expect(message).toContain('accounts set acme --max-campaigns');

    await setAccount(gateway.db.pool, 'acme', { max_campaigns: null });
    const more = await createAtOnce(3, 1);
    expect(statusesOf(more)).toEqual([201, 409, 409]);
    expect((await show()).used).toMatchObject({ campaigns: 4, contacts_in_campaigns: 7, contacts_in_folders: 0 });
    const add = () => inTransaction(gateway.db.pool, (tx) => requireRoomInCampaigns(tx, 'acme', 1));
    await expect(add()).rejects.toMatchObject({ code: 'account_limit', details: { max: 7, used: 7 } });
    // A campaign that is over leaves its place to others.
    await gateway.db.pool.query(
      "update campaigns set status = 'cancelled' where id = (select id from campaigns where total = 1)",
    );
    expect((await createAtOnce(1, 1))[0]!.status).toBe(201);
  });

  it('in folders are counted apart, and an import is recorded completely or not at all', async () => {
    await setAccount(gateway.db.pool, 'acme', { max_contacts: 7 });
    const both = await Promise.all([importFile(7), importFile(8)]);
    expect(both.map(({ statusCode }) => statusCode)).toEqual([200, 409]);
    const put = (phone_number: string) => gateway.send({ method: 'POST', path: '/contacts', body: { phone_number } });
    const refused = await put('+12125550199');
    expect(refused.body.error.message).toContain('accounts set acme --max-contacts');
    expect((await put(fictitiousPerson(1).phone_number)).status).toBe(200);
    expect((await show()).used.contacts_in_folders).toBe(7);
  });
});

describe('accounts', () => {
  it('are set, listed and shown, with what was left out as it was', async () => {
    expect(await accounts('set', 'shop', '--max-campaigns', '20', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ account: 'shop', max_campaigns: 20, max_contacts: null, has_key: false });
    expect(await accounts('set', 'shop', '--max-contacts', '100')).toBe(0);
    expect(out).toMatch(/Campaigns +20\n/);
    expect(out).toContain('keys create --account shop');
    expect(await accounts('set', 'shop', '--max-campaigns', 'none')).toBe(0);
    expect(await accounts('list', '--json')).toBe(0);
    const { accounts: listed } = JSON.parse(out) as { accounts: { account: string }[] };
    expect(listed.map(({ account }) => account)).toEqual(['acme', 'other', 'shop']);
    expect(listed[2]).toMatchObject({ max_campaigns: null, max_contacts: 100, timezone: 'UTC' });
    expect(await accounts('show', 'nobody')).toBe(3);
    expect(err).toContain('accounts list');
  });
});
