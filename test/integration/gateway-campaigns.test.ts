import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { inTransaction } from '../../db/pool.ts';
import { exchange } from '../../db/roster.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { sweepUnstarted } from '../../gateway/background/unstarted-sweeper.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { nextId } from '../support/factories/ids.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const people = [
  { phone_number: '+14155550132', first_name: 'Ada' },
  { phone_number: '+14155550133', first_name: 'Grace' },
];
const body = { name: 'Reminders', agent_id: 'agent-1', contacts: people };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ clock: () => NOW });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.temporal.away = false;
});

const create = (more: object = {}, headers: Record<string, string> = {}) =>
  gateway.send({ method: 'POST', path: '/batch-calls', body: { ...body, ...more }, headers });
const keyed = (key: string) => ({ 'x-idempotency-key': key });
const rows = async (sql: string, values: unknown[] = []) => (await gateway.db.pool.query(sql, values)).rows;
const startsOf = (id: string) => gateway.temporal.started.filter((started) => started === id).length;

/** Ends a campaign as its workflow would: everybody completed. */
const end = (id: string, status = 'completed') =>
  rows(`update campaigns set status = $2, waiting_for = null, completed = total, pending = 0 where id = $1`, [
    id,
    status,
  ]);

async function folder(numbers: readonly string[]): Promise<{ id: string; contacts: string[] }> {
  const [{ id }] = await rows(`insert into contact_folders (account, name) values ('acme', $1) returning id`, [
    nextId('folder'),
  ]);
  const contacts = await rows(
    `insert into contacts (folder_id, phone_number) select $1, unnest($2::text[]) returning id`,
    [id, numbers],
  );
  return { id, contacts: contacts.map((row: { id: string }) => row.id) };
}

describe('creating a campaign', () => {
  it('answers with the campaign, its defaults and its counts, and starts its workflow', async () => {
    const { status, body: answer } = await create();
    expect(status).toBe(201);
    expect(answer.data).toMatchObject({
      name: 'Reminders',
      agent_id: 'agent-1',
      max_concurrent_calls: 10,
      timezone: 'UTC',
      status: 'active',
      waiting_for: 'start',
      until: null,
      as_of: '2026-03-18T12:00:00.000Z',
      total_contacts: 2,
      pending: 2,
      in_progress: 0,
      retrying: 0,
      completed: 0,
      failed: 0,
      skipped: 0,
      called: 0,
      placed_today: 0,
    });
    expect(answer.data).not.toHaveProperty('contacts');
    expect(answer.meta).toMatchObject({ request_id: expect.any(String), ts: expect.any(String) });
    expect(startsOf(answer.data.id)).toBe(1);
    expect(await rows('select workflow_started_at from campaigns where id = $1', [answer.data.id])).not.toEqual([
      { workflow_started_at: null },
    ]);
  });

  it('is scheduled when its start is ahead, and starts at once when it has passed', async () => {
    const at = (scheduled_at: string) => create({ schedule_type: 'scheduled', scheduled_at });
    const ahead = await at('2026-03-20T14:30:00+01:00');
    expect(ahead.body.data).toMatchObject({ status: 'scheduled', until: '2026-03-20T13:30:00.000Z' });
    const passed = await at('2020-01-01T00:00:00Z');
    expect(passed.body.data).toMatchObject({ status: 'active', until: null });
  });

  it('copies each person once, whether stated or known, in the order given', async () => {
    const { contacts } = await folder(['+14155550140', '+14155550141']);
    const { body: answer } = await create({
      contact_ids: [contacts[1], contacts[0]!.toUpperCase(), contacts[1]],
      contacts: [{ phone_number: '+1 (415) 555-0140' }, ...people, people[0]],
    });
    expect(answer.data.total_contacts).toBe(4);
    const copied = await gateway.send({ path: `/batch-calls/${answer.data.id}/contacts` });
    expect(copied.body.items.map((contact) => contact.phone_number)).toEqual([
      '+14155550141',
      '+14155550140',
      '+14155550132',
      '+14155550133',
    ]);
    expect(copied.body.pagination).toEqual({
      total: 4,
      total_is_exact: true,
      limit: 50,
      offset: 0,
      has_more: false,
      next_cursor: null,
    });
  });

  it('counts a folder and leaves the copy to the workflow', async () => {
    const { id } = await folder(['+14155550150', '+14155550151', '+14155550152']);
    const { body: answer } = await create({ contact_source: 'folder', contact_folder_id: id, contacts: undefined });
    expect(answer.data).toMatchObject({ total_contacts: 3, pending: 3, contact_folder_id: id });
    expect(await rows('select enrolled_at from campaigns where id = $1', [answer.data.id])).toEqual([
      { enrolled_at: null },
    ]);
  });

  it.each([
    ['no contacts', { contacts: [] }, 'contacts'],
    ['a number that cannot be dialled', { contacts: [people[0], { phone_number: '12' }] }, 'contacts[1].phone_number'],
    ['an unknown contact id', { contact_ids: ['00000000-0000-4000-8000-000000000000'] }, 'contact_ids[0]'],
    [
      'an unknown folder',
      { contact_source: 'folder', contact_folder_id: '00000000-0000-4000-8000-000000000000', contacts: [] },
      'contact_folder_id',
    ],
    ['an unknown field', { max_call_per_day: 5 }, 'max_call_per_day'],
    ['an unknown field of a contact', { contacts: [{ ...people[0], phone: '1' }] }, 'contacts[0].phone'],
    ['an end that has passed', { ends_at: '2026-03-18T11:59:59Z' }, 'ends_at'],
    ['a name that cannot be stored', { name: 'a\0b' }, 'name'],
  ])('refuses %s, names the field and records nothing', async (_, more, field) => {
    const before = await rows('select count(*) from campaigns');
    const { status, body: answer } = await create(more, keyed(nextId('refused')));
    expect(status).toBe(422);
    expect(answer.error).toMatchObject({ code: 'validation_error', details: { field } });
    expect(answer.error.message).toContain(field);
    expect(answer.error.message).not.toContain('415');
    expect(await rows('select count(*) from campaigns')).toEqual(before);
  });

  it('refuses an empty folder', async () => {
    const { id } = await folder([]);
    const { status, body: answer } = await create({
      contact_source: 'folder',
      contact_folder_id: id,
      contacts: [],
    });
    expect([status, answer.error.details.field]).toEqual([422, 'contact_folder_id']);
  });

  it('does not see folders and contacts of another account', async () => {
    const { id, contacts } = await folder(['+14155550160']);
    for (const more of [
      { contact_source: 'folder', contact_folder_id: id, contacts: [] },
      { contact_ids: contacts, contacts: [] },
    ]) {
      const { status } = await gateway.send({
        method: 'POST',
        path: '/batch-calls',
        key: KEYS.other,
        body: { ...body, ...more },
      });
      expect(status).toBe(422);
    }
  });
});

describe('an idempotency key', () => {
  it('makes one campaign and one workflow out of twenty requests at once, with one answer', async () => {
    const key = nextId('key');
    const replies = await Promise.all(Array.from({ length: 20 }, () => create({}, keyed(key))));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(replies.map(({ text }) => text.slice(0, text.indexOf('"meta"')))).size).toBe(1);
    const { id } = replies[0]!.body.data;
    expect(await rows('select id from campaigns where id = $1', [id])).toHaveLength(1);
    expect(startsOf(id)).toBe(1);
  });

  it('repeats the first answer after the campaign has moved on, and says so', async () => {
    const key = nextId('key');
    const first = await create({}, keyed(key));
    await end(first.body.data.id);
    const repeat = await create({}, keyed(key));
    expect([repeat.status, repeat.body.data]).toEqual([201, first.body.data]);
    expect([first.headers['idempotency-replayed'], repeat.headers['idempotency-replayed']]).toEqual([
      undefined,
      'true',
    ]);
  });

  it('takes the same request written in another order', async () => {
    const key = nextId('key');
    const first = await create({}, keyed(key));
    const reversed = Object.fromEntries(Object.entries(body).toReversed());
    const repeat = await gateway.send({
      method: 'POST',
      path: '/batch-calls',
      headers: keyed(key),
      body: reversed,
    });
    expect(repeat.body.data).toEqual(first.body.data);
  });

  it('refuses another body', async () => {
    const key = nextId('key');
    await create({}, keyed(key));
    const { status, body: answer } = await create({ max_calls_per_day: 7 }, keyed(key));
    expect([status, answer.error.code]).toEqual([422, 'idempotency_mismatch']);
  });

  it('is free again after a request that was refused', async () => {
    const key = nextId('key');
    expect((await create({ contact_ids: ['00000000-0000-4000-8000-000000000000'] }, keyed(key))).status).toBe(422);
    expect((await create({}, keyed(key))).status).toBe(201);
  });

  it('is one account’s own', async () => {
    const key = nextId('key');
    const ours = await create({}, keyed(key));
    const request = { method: 'POST' as const, path: '/batch-calls', body, headers: keyed(key), key: KEYS.other };
    const theirs = await gateway.send(request);
    expect(theirs.status).toBe(201);
    expect(theirs.body.data.id).not.toBe(ours.body.data.id);
  });

  it('refuses a key that is no key', async () => {
    expect((await create({}, keyed('ü'))).status).toBe(422);
  });
});

describe('while Temporal is away', () => {
  const sweepNow = () =>
    sweepUnstarted({
      pool: gateway.db.pool,
      startCampaign: gateway.temporal.start,
      logger: gateway.app.log,
      olderThanMs: 0,
    });

  it('a campaign is recorded and answered, and started once when Temporal is back', async () => {
    gateway.temporal.away = true;
    const { status, body: answer } = await create();
    expect([status, answer.data.waiting_for]).toEqual([201, 'start']);
    await sweepNow();
    expect(startsOf(answer.data.id)).toBe(0);
    gateway.temporal.away = false;
    await Promise.all([sweepNow(), sweepNow()]);
    await sweepNow();
    expect(startsOf(answer.data.id)).toBe(1);
  });

  it('one that cannot be started does not hold up the others', async () => {
    gateway.temporal.away = true;
    const broken = (await create()).body.data.id;
    const sound = (await create()).body.data.id;
    gateway.temporal.away = false;
    const startCampaign = async (id: string) => {
      if (id === broken) throw new Error('this one only');
      await gateway.temporal.start(id);
    };
    await sweepUnstarted({ pool: gateway.db.pool, startCampaign, logger: gateway.app.log, olderThanMs: 0 });
    expect([startsOf(broken), startsOf(sound)]).toEqual([0, 1]);
    await sweepNow();
    expect(startsOf(broken)).toBe(1);
  });

  it('one for which Temporal seems away holds up nobody behind it for more than a round', async () => {
    gateway.temporal.away = true;
    const odd = (await create()).body.data.id;
    await rows(`update campaigns set created_at = created_at - interval '1 hour' where id = $1`, [odd]);
    const others: string[] = [];
    for (let number = 0; number < 25; number += 1) others.push((await create()).body.data.id);
    gateway.temporal.away = false;
    const asked: string[] = [];
    const startCampaign = async (id: string) => {
      asked.push(id);
      if (id === odd) throw new RingfenceError('temporal_unavailable', 'Temporal is in trouble about this one.');
      await gateway.temporal.start(id);
    };
    const round = (after: Awaited<ReturnType<typeof sweepUnstarted>>) =>
      sweepUnstarted({ pool: gateway.db.pool, startCampaign, logger: gateway.app.log, olderThanMs: 0 }, after);
    const place = await round(null);
    // Temporal may be away: beside those that were asked with the odd one nobody was tried.
    expect([asked[0], asked.length]).toEqual([odd, 10]);
    await round(place);
    expect(others.map(startsOf)).toEqual(others.map(() => 1));
    expect(asked.at(-1)).toBe(odd);
    await sweepNow();
    expect(startsOf(odd)).toBe(1);
  });

  it('commands answer 503, and the campaign stays as it is', async () => {
    const { id } = (await create()).body.data;
    const { status, headers, body: answer } = await gateway.send({ method: 'POST', path: `/batch-calls/${id}/pause` });
    expect([status, answer.error.code]).toEqual([503, 'temporal_unavailable']);
    expect(headers['retry-after']).toBeDefined();
  });
});

describe('reading campaigns', () => {
  it('lists the newest first, in pages, filtered', async () => {
    const agent_id = nextId('agent');
    const ids: string[] = [];
    for (let number = 0; number < 3; number += 1) ids.unshift((await create({ agent_id })).body.data.id);
    // Made at one instant of the test's clock, they are told apart by id.
    ids.sort().reverse();
    const page = (query: string) => gateway.send({ path: `/batch-calls?agent_id=${agent_id}${query}` });

    const first = await page('&limit=2');
    expect(first.body.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(first.body.pagination).toEqual({
      total: 3,
      total_is_exact: true,
      limit: 2,
      offset: 0,
      has_more: true,
      next_cursor: expect.any(String),
    });
    const second = await page('&limit=2&offset=2');
    expect(second.body.items.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(second.body.pagination).toEqual({
      total: 3,
      total_is_exact: true,
      limit: 2,
      offset: 2,
      has_more: false,
      next_cursor: null,
    });

    await end(ids[0]!);
    const completed = await page('&status=completed');
    expect(completed.body.data).toMatchObject([{ id: ids[0], status: 'completed' }]);
    expect((await page('&offset=9')).body.pagination).toMatchObject({ total: 3, has_more: false });
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'offset=-1', 'status=done', 'agent=1'])(
    'refuses %s and names it',
    async (query) => {
      const { status, body: answer } = await gateway.send({ path: `/batch-calls?${query}` });
      expect(status).toBe(422);
      expect(answer.error.details.field).toBe(query.slice(0, query.indexOf('=')));
    },
  );

  it('counts today’s placements by the civil day of the campaign’s zone', async () => {
    const { id } = (await create({ timezone: 'Asia/Tokyo' })).body.data;
    const placed = async (day: string) => {
      await rows(`update campaigns set placed_day = $2, placed_on_day = 5 where id = $1`, [id, day]);
      return (await gateway.send({ path: `/batch-calls/${id}` })).body.data.placed_today;
    };
    expect([await placed('2026-03-18'), await placed('2026-03-17')]).toEqual([5, 0]);
  });

  it('goes on counting today’s placements once the hours are over and the next day is awaited', async () => {
    const { id } = (await create({ timezone: 'Asia/Tokyo' })).body.data;
    const { pool } = gateway.db;
    const run = { campaignId: id, runId: 'the run', number: 1 };
    await inTransaction(pool, (tx) => adoptRoster(tx, run, NOW));
    let exchangeNumber = 0;
    const placedAfter = async (day: string | null, placedOnDay: number) => {
      exchangeNumber += 1;
      await exchange(pool, exchangeRequest({ campaignId: id, now: NOW, exchangeNumber, day, placedOnDay }), run.runId);
      return (await gateway.send({ path: `/batch-calls/${id}` })).body.data.placed_today;
    };
    expect(await placedAfter('2026-03-18', 5)).toBe(5);
    // The calls of a day that is not over may be called back.
    expect(await placedAfter('2026-03-18', 0)).toBe(0);
    expect(await placedAfter('2026-03-18', 6)).toBe(6);
    expect(await placedAfter('2026-03-19', 0)).toBe(6);
    expect(await placedAfter(null, 0)).toBe(6);
    expect(await placedAfter('2026-03-19', 1)).toBe(0);
  });

  it('lists contacts by bucket, with the call that was placed last', async () => {
    const { id } = (await create()).body.data;
    await rows(
      `update campaign_contacts set bucket = 'retrying', reason = 'busy', attempt = 2 where campaign_id = $1 and seq = 2`,
      [id],
    );
    await rows(`update campaigns set pending = 1, retrying = 1, called = 1 where id = $1`, [id]);
    await rows(
      `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
       values ($1 || '.2.1', $1::uuid, 2, 1, 'truedy', '', '2026-03-18T11:00:00Z')`,
      [id],
    );
    const { body: answer } = await gateway.send({ path: `/batch-calls/${id}/contacts?status=retrying` });
    expect(answer.pagination).toMatchObject({ total: 1 });
    expect(answer.data).toEqual([
      {
        contact_id: expect.any(String),
        phone_number: '+14155550133',
        first_name: 'Grace',
        call_status: 'retrying',
        reason: 'busy',
        attempt: 2,
        priority: 3,
        not_before: null,
        call_id: `${id}.2.1`,
        called_at: '2026-03-18T11:00:00.000Z',
      },
    ]);
  });

  it.each([
    ['GET', ''],
    ['GET', '/contacts'],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ] as const)('%s of another account’s campaign, or of none (%s): not found', async (method, path) => {
    const { id } = (await create()).body.data;
    for (const request of [
      { path: `/batch-calls/${id}${path}`, key: KEYS.other },
      { path: `/batch-calls/00000000-0000-4000-8000-000000000000${path}` },
      { path: `/batch-calls/not-an-id${path}` },
    ]) {
      const { status, body: answer } = await gateway.send({ method, ...request });
      expect([status, answer.error.code]).toEqual([404, 'not_found']);
    }
  });
});

describe('a campaign that has ended', () => {
  it('takes no more commands', async () => {
    const { id } = (await create()).body.data;
    await end(id, 'cancelled');
    for (const command of ['pause', 'resume', 'cancel']) {
      const { status, body: answer } = await gateway.send({ method: 'POST', path: `/batch-calls/${id}/${command}` });
      expect([status, answer.error.code, answer.error.details]).toEqual([409, 'wrong_state', { status: 'cancelled' }]);
    }
  });

  it('can be deleted, and no other can', async () => {
    const { id } = (await create()).body.data;
    const remove = () => gateway.send({ method: 'DELETE', path: `/batch-calls/${id}` });
    const refused = await remove();
    expect([refused.status, refused.body.error.code]).toEqual([409, 'wrong_state']);
    await end(id);
    expect((await remove()).body.data).toEqual({ id, deleted: true });
    expect((await remove()).status).toBe(404);
    expect(await rows('select 1 from campaign_contacts where campaign_id = $1', [id])).toEqual([]);
  });
});
