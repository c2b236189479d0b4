/** The limits of an account, on a real database. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lockAgainstDials } from '../../db/account-days.ts';
import { requireRoomInCampaigns } from '../../db/account-limits.ts';
import { readAccount, readAccountUse, setAccount } from '../../db/accounts.ts';
import type { Dial } from '../../db/dial.ts';
import { recordAnswer } from '../../db/dial-answers.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { inTransaction, type Pool } from '../../db/pool.ts';
import type { PlaceResult } from '../../domain/dialling/provider-messages.ts';
import { sweepAccountRoom } from '../../gateway/background/account-room-sweeper.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';
import { dialOf, recordCampaign } from '../support/factories/dials.ts';
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

describe('calls of an account in one day', () => {
  /** An evening in New York, and the next day in Berlin. */
  const NOW = Date.parse('2026-03-19T01:30:00Z');
  const ENDS = { newYork: Date.parse('2026-03-19T04:00:00Z'), berlin: Date.parse('2026-03-19T23:00:00Z') };
  const clock = () => Promise.resolve(NOW);
  const set = (changes: Parameters<typeof setAccount>[2]) => setAccount(gateway.db.pool, 'default', changes, clock);
  const dial = (one: Dial) => permitDial(gateway.db.pool, one, () => 'a request', clock);
  const placedToday = async () => {
    const account = (await readAccount(gateway.db.pool, 'default'))!;
    return (await readAccountUse(gateway.db.pool, account, clock)).calls_today;
  };

  async function dials(campaigns: number, people: number): Promise<Dial[]> {
    const recorded = await Promise.all(
      Array.from({ length: campaigns }, () => recordCampaign(gateway.db.pool, people, NOW)),
    );
    return recorded.flatMap(({ id }) =>
      Array.from({ length: people }, (_, index) => dialOf({ campaignId: id, seq: index + 1, attempt: 1 })),
    );
  }

  it('are never more than it may place, whichever campaigns dial at the same time, and a refusal gives its unit back', async () => {
    await set({ max_calls_per_day: 5, timezone: 'America/New_York' });
    const all = await dials(4, 4);
    const permits = await Promise.all(all.map(dial));
    const sent = all.filter((_, index) => permits[index]!.kind === 'send');
    expect(sent).toHaveLength(5);
    const held = permits.filter(({ kind }) => kind !== 'send');
    expect(held).toEqual(Array.from({ length: 11 }, () => ({ kind: 'next_day', until: ENDS.newYork })));
    expect(await placedToday()).toBe(5);

    const answer = (index: number, result: PlaceResult) => {
      const permit = permits[all.indexOf(sent[index]!)]!;
      if (permit.kind !== 'send') throw new Error('the dial was not permitted');
      return recordAnswer(gateway.db.pool, { ...sent[index]!, now: NOW }, result, permit);
    };
    // A repeat of a call whose outcome is unknown counts once.
    await answer(0, { kind: 'unknown', reason: 'timeout' });
    expect((await dial({ ...sent[0]!, placement: 2 })).kind).toBe('send');
    const waiting = all.filter((one) => !sent.includes(one)).map((one) => ({ ...one, placement: 2 }));
    expect((await dial(waiting[0]!)).kind).toBe('next_day');
    await answer(1, { kind: 'rejected', reason: 'not_a_number' });
    await answer(2, { kind: 'unavailable', reason: 'refused_connection' });
    const again = await Promise.all(waiting.map((one) => dial({ ...one, placement: 3 })));
    expect(again.filter(({ kind }) => kind === 'send')).toHaveLength(2);
    expect(await placedToday()).toBe(5);
  });

  /** The pool, with the number of statements that were executed on its connections. */
  function countingPool() {
    const { pool } = gateway.db;
    const count = { statements: 0 };
    const connect = async () => {
      const client = await pool.connect();
      return {
        query: (...given: [never]) => {
          count.statements += 1;
          return client.query(...given);
        },
        release: (broken?: Error) => client.release(broken),
      };
    };
    return { count, pool: { connect } as unknown as Pool };
  }

  it('count a call again whose unit is given back while it is dialled', async () => {
    const { pool } = gateway.db;
    await set({ max_calls_per_day: null });
    await set({ max_calls_per_day: 100, timezone: 'America/New_York' });
    const [one] = await dials(1, 1);
    await dial(one!);
    const counted = (await placedToday())!;
    const answering = await pool.connect();
    await answering.query('begin');
    await answering.query('update calls set first_sent_at = null, last_sent_at = null, day = null where id = $1', [
      one!.callId,
    ]);
    const later = () => Promise.resolve(NOW + 1_000);
    const again = permitDial(pool, { ...one!, placement: 2 }, () => 'a request', later);
    await vi.waitFor(async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rowCount).toBe(1);
    });
    await answering.query('commit');
    answering.release();
    expect((await again).kind).toBe('send');
    expect(await placedToday()).toBe(counted);
  });

  it('are counted before a new limit holds, also of a campaign whose run has taken over since', async () => {
    const { pool } = gateway.db;
    await set({ max_calls_per_day: null });
    const [one] = await dials(1, 1);
    await pool.query('update campaigns set owner_run_id = null where id = $1', [one!.campaignId]);
    const setting = await pool.connect();
    await setting.query('begin');
    await lockAgainstDials(setting, 'default');
    await pool.query("update campaigns set owner_run_id = 'the run' where id = $1", [one!.campaignId]);
    const dialled = dial(one!);
    await vi.waitFor(async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
      );
      expect(rowCount).toBe(1);
    });
    await setting.query('rollback');
    setting.release();
    expect((await dialled).kind).toBe('send');
  });

  it('are not forgotten when their campaign is deleted and the limit is changed', async () => {
    const { pool } = gateway.db;
    await set({ max_calls_per_day: null });
    await set({ max_calls_per_day: 100, timezone: 'America/New_York' });
    const [one] = await dials(1, 1);
    await dial(one!);
    const counted = (await placedToday())!;
    await pool.query('delete from campaigns where id = $1', [one!.campaignId]);
    await set({ max_calls_per_day: 101 });
    expect(await placedToday()).toBe(counted);
  });

  it('cost no statement in accounts without a limit, and one in others', async () => {
    const all = await dials(1, 3);
    const statements = async (one: Dial) => {
      const { count, pool } = countingPool();
      expect(await permitDial(pool, one, () => 'a request', clock)).toMatchObject({ kind: 'send' });
      return count.statements;
    };
    await gateway.db.pool.query("delete from accounts where name = 'default'");
    const without = await statements(all[0]!);
    await set({ max_campaigns: 1_000, per_number: [{ max: 9, hours: 24 }] });
    expect(await statements(all[1]!)).toBe(without);
    await set({ max_calls_per_day: 1_000, timezone: 'UTC' });
    expect(await statements(all[2]!)).toBe(without + 1);
    await gateway.db.pool.query("delete from accounts where name = 'default'");
    await gateway.db.pool.query('delete from campaigns');
  });

  it('count at once by another limit or another zone', async () => {
    await set({ max_calls_per_day: null, timezone: 'America/New_York' });
    const [first, second, third, fourth] = (await dials(1, 4)) as [Dial, Dial, Dial, Dial];
    expect((await dial(first)).kind).toBe('send');
    // What was placed before there was a limit counts as well.
    await set({ max_calls_per_day: 1 });
    expect(await placedToday()).toBe(1);
    expect(await dial(second)).toEqual({ kind: 'next_day', until: ENDS.newYork });
    await set({ max_calls_per_day: 2 });
    expect((await dial({ ...second, placement: 2 })).kind).toBe('send');
    // In Berlin the day is another one, and all of these calls fall on it.
    await set({ timezone: 'Europe/Berlin' });
    expect(await placedToday()).toBe(2);
    expect(await dial(third)).toEqual({ kind: 'next_day', until: ENDS.berlin });
    await set({ timezone: 'Pacific/Kiritimati', max_calls_per_day: 3 });
    expect((await dial({ ...third, placement: 2 })).kind).toBe('send');
    await set({ max_calls_per_day: 1 });
    expect((await dial(fourth)).kind).toBe('next_day');
  });

  it('are placed by campaigns that wait, as soon as there is room', async () => {
    const told: string[] = [];
    const { id } = await recordCampaign(gateway.db.pool, 1, Date.now());
    await gateway.db.pool.query(
      "update campaigns set status = 'active', waiting_for = 'account', waiting_until = now() + interval '1 hour' where id = $1",
      [id],
    );
    const sweep = () =>
      sweepAccountRoom({
        pool: gateway.db.pool,
        connections: TRUEDY_ALONE,
        logger: gateway.app.log,
        notify: { ofAccountRoom: async (id) => void told.push(id) },
      });
    await setAccount(gateway.db.pool, 'default', { max_calls_per_day: 1, timezone: 'UTC' });
    await gateway.db.pool.query("update account_days set placed = 1 where account = 'default'");
    await sweep();
    expect(told).toEqual([]);
    await setAccount(gateway.db.pool, 'default', { max_calls_per_day: null });
    await sweep();
    expect(told).toEqual([id]);
  });
});

describe('accounts', () => {
  it('are set, listed and shown, with what was left out as it was', async () => {
    expect(await accounts('set', 'shop', '--max-campaigns', '20', '--per-number', '3/24h', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ account: 'shop', max_campaigns: 20, max_contacts: null, has_key: false });
    expect(await accounts('set', 'shop', '--max-contacts', '100')).toBe(0);
    expect(out).toMatch(/Campaigns +20\n/);
    expect(out).toContain('keys create --account shop');
    expect(await accounts('set', 'shop', '--max-campaigns', 'none')).toBe(0);
    expect(await accounts('list', '--json')).toBe(0);
    const { accounts: listed } = JSON.parse(out) as { accounts: { account: string }[] };
    expect(listed.map(({ account }) => account)).toEqual(['acme', 'default', 'other', 'shop']);
    expect(listed.at(-1)).toMatchObject({
      per_number: [{ max: 3, hours: 24 }],
      max_campaigns: null,
      max_contacts: 100,
      timezone: 'UTC',
    });
    expect(await accounts('show', 'nobody')).toBe(3);
    expect(err).toContain('accounts list');
  });
});
