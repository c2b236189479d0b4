import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setAccount } from '../../db/accounts.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { nextId } from '../support/factories/ids.ts';

/** A Wednesday, eleven in the morning in New York. */
const NOW = Date.UTC(2026, 2, 18, 15);
const HOURS = { timezone: 'America/New_York', start_time: '10:00', end_time: '17:00' };
const terms = { name: 'Reminders', agent_id: 'agent-1', ...HOURS, max_concurrent_calls: 8 };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ clock: () => NOW });
});
afterAll(() => gateway.close());

const rows = async (sql: string, values: unknown[] = []) => (await gateway.db.pool.query(sql, values)).rows;
const forecast = (body: object, key?: string) =>
  gateway.send({ method: 'POST', path: '/batch-calls/forecast', body, ...(key === undefined ? {} : { key }) });
const forecastOf = (id: string, query = '') => gateway.send({ path: `/batch-calls/${id}/forecast${query}` });

async function campaign(people: number, more: object = {}): Promise<string> {
  const contacts = Array.from({ length: people }, (_, index) => ({
    phone_number: `+1${212 + Math.floor(index / 100)}55501${String(index % 100).padStart(2, '0')}`,
  }));
  const { body } = await gateway.send({ method: 'POST', path: '/batch-calls', body: { ...terms, ...more, contacts } });
  return body.data.id;
}

describe('a forecast before creating', () => {
  it('takes a number of contacts, and records nothing', async () => {
    const before = await rows('select count(*) from campaigns');
    const { status, body } = await forecast({ ...HOURS, max_concurrent_calls: 8, contact_count: 600 });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      outcome: 'finishes',
      status: null,
      contacts: 600,
      calls: 600,
      calls_per_day: 600,
      days: [{ date: '2026-03-18', calls: 600 }],
      limited_by: [{ limit: 'slot' }],
      if_resumed_now: null,
      assumed: { call_seconds: 120, call_seconds_from: 'default', retry_share: 0.3 },
      as_of: '2026-03-18T15:00:00.000Z',
    });
    expect(body.data.finishes_at).toMatch(/^2026-03-18T17:30:2\d\.000Z$/);
    expect(await rows('select count(*) from campaigns')).toEqual(before);
  });

  it('takes what the campaign would be created with, each person once', async () => {
    const contacts = [{ phone_number: '+14155550132' }, { phone_number: '+1 (415) 555-0132' }];
    const { body } = await forecast({ ...terms, contacts, call_seconds: 60 });
    expect(body.data).toMatchObject({
      contacts: 1,
      calls: 1,
      assumed: { call_seconds: 60, call_seconds_from: 'request' },
    });
  });

  it('counts a folder', async () => {
    const [{ id }] = await rows(`insert into contact_folders (account, name) values ('acme', $1) returning id`, [
      nextId('folder'),
    ]);
    await rows(`insert into contacts (folder_id, phone_number) values ($1, '+14155550150'), ($1, '+14155550151')`, [
      id,
    ]);
    const body = { ...terms, contact_source: 'folder', contact_folder_id: id };
    expect((await forecast(body)).body.data.contacts).toBe(2);
    expect((await forecast(body, KEYS.other)).body.error.details.field).toBe('contact_folder_id');
  });

  it.each([
    ['neither people nor a number', {}, 'contacts'],
    ['both', { contact_count: 5, contacts: [{ phone_number: '+14155550132' }] }, 'contact_count'],
    ['a number of people in their own hours', { contact_count: 5, timezone: 'contact' }, 'contact_count'],
    ['a number of people for a policy', { contact_count: 5, policy: ['us-tcpa'] }, 'contact_count'],
    [
      'a policy that leaves nobody hours',
      { policy: ['us-tcpa'], start_time: '22:00', end_time: '23:00', contacts: [{ phone_number: '+12125550101' }] },
      'policy',
    ],
    ['a policy that does not exist', { contact_count: 5, policy: ['us-none'] }, 'policy'],
    ['no contacts at all', { contact_count: 0 }, 'contact_count'],
    ['a length that is none', { contact_count: 5, call_seconds: 0 }, 'call_seconds'],
    ['a share beyond all', { contact_count: 5, retry_share: 1.1 }, 'retry_share'],
    ['hours that are none', { contact_count: 5, end_time: '10:00' }, 'end_time'],
    ['an end that has passed', { contact_count: 5, ends_at: '2026-03-18T14:59:59Z' }, 'ends_at'],
    ['a field that does not exist', { contact_count: 5, max_call_per_day: 5 }, 'max_call_per_day'],
  ])('refuses %s and names the field', async (_, more, field) => {
    const { status, body } = await forecast({ ...HOURS, ...more });
    expect([status, body.error.details.field]).toEqual([422, field]);
    expect(body.error.message).toContain(field);
  });

  it('calls nobody before the time that was asked for, stated or in a folder, also once the campaign is recorded', async () => {
    const contacts = [
      { phone_number: '+12125550101' },
      { phone_number: '+12125550102', not_before: '2026-03-19T15:00:00Z' },
      { phone_number: '+12125550103', not_before: '2026-03-17T15:00:00Z' },
    ];
    const [{ id }] = await rows(`insert into contact_folders (account, name) values ('acme', $1) returning id`, [
      nextId('folder'),
    ]);
    for (const { phone_number: number, not_before: at = null } of contacts) {
      await rows('insert into contacts (folder_id, phone_number, not_before) values ($1, $2, $3)', [id, number, at]);
    }
    const folder = { contact_source: 'folder', contact_folder_id: id };
    const expected = {
      contacts: 3,
      calls: 3,
      finishes_at: expect.stringMatching(/^2026-03-19T15:02/),
      days: [
        { date: '2026-03-18', calls: 2 },
        { date: '2026-03-19', calls: 1 },
      ],
    };
    for (const people of [
      { contacts },
      folder,
      { contacts, timezone: 'contact' },
      { ...folder, timezone: 'contact' },
    ]) {
      expect((await forecast({ ...terms, retry_share: 0, ...people })).body.data).toMatchObject(expected);
    }
    for (const zone of [HOURS.timezone, 'contact']) {
      const body = { ...terms, timezone: zone, contacts };
      const created = await gateway.send({ method: 'POST', path: '/batch-calls', body });
      expect((await forecastOf(created.body.data.id, '?retry_share=0')).body.data).toMatchObject(expected);
    }
  });

  it('counts each person in their own hours', async () => {
    const contacts = [
      // Eleven in the morning in New York: nobody in Los Angeles is called before one.
      { phone_number: '+12125550101' },
      { phone_number: '+12125550102' },
      { phone_number: '+12135550101' },
      // The zone on the row goes before that of the number.
      { phone_number: '+12125550103', timezone: 'Asia/Tokyo' },
      // Toll-free: nobody knows the zone.
      { phone_number: '+18005550101' },
    ];
    const ask = async (more: object) =>
      (await forecast({ ...terms, timezone: 'contact', contacts, retry_share: 0, ...more })).body.data;
    const { contacts: called, calls, finishes_at, limited_by } = await ask({});
    expect([called, calls]).toEqual([4, 4]);
    // Ten in the morning in Tokyo.
    expect(finishes_at).toMatch(/^2026-03-19T01:02/);
    expect(limited_by).toMatchObject([{ limit: 'window' }]);
    expect(await ask({ unknown_zone: 'America/Chicago' })).toMatchObject({ contacts: 5, calls: 5 });
    expect(await ask({ contacts: contacts.slice(0, 3) })).toMatchObject({
      finishes_at: expect.stringMatching(/^2026-03-18T17:02/),
    });
    expect(await ask({ contacts: contacts.slice(4) })).toMatchObject({ contacts: 0, outcome: 'finishes' });
  });

  it('counts the contacts of a folder in their own hours, and those that are named by id', async () => {
    const [{ id }] = await rows(`insert into contact_folders (account, name) values ('acme', $1) returning id`, [
      nextId('folder'),
    ]);
    const added = await rows(
      `insert into contacts (folder_id, phone_number) values ($1, '+12125550101'), ($1, '+12135550101') returning id`,
      [id],
    );
    const own = { ...terms, timezone: 'contact' };
    const folder = await forecast({ ...own, contact_source: 'folder', contact_folder_id: id });
    const ids = await forecast({ ...own, contact_ids: added.map((row) => row.id) });
    for (const { body } of [folder, ids]) {
      expect(body.data).toMatchObject({ contacts: 2, finishes_at: expect.stringMatching(/^2026-03-18T17:02/) });
    }
  });

  it('narrows the hours of the people for whom a policy holds', async () => {
    const contacts = [{ phone_number: '+12135550101' }, { phone_number: '+12125550101' }];
    // Half past seven in New York, and half past four in Los Angeles. The policy has calls from eight.
    const scheduled_at = '2026-03-19T11:30:00Z';
    const early = { ...terms, start_time: '00:00', end_time: '24:00', schedule_type: 'scheduled', scheduled_at };
    const { data } = (await forecast({ ...early, contacts, policy: ['us-tcpa'], retry_share: 0 })).body;
    expect(data).toMatchObject({ calls: 2, finishes_at: expect.stringMatching(/^2026-03-19T15:02/) });
    const without = (await forecast({ ...early, contacts, retry_share: 0 })).body.data;
    expect(without.finishes_at).toMatch(/^2026-03-19T11:32/);
  });

  it('counts with the limits of the account, and with what its other campaigns use and need', async () => {
    const { pool } = gateway.db;
    await setAccount(pool, 'acme', { max_concurrent_calls: 16, max_calls_per_day: 100 });
    await pool.query(
      `insert into account_days (account, day, placed) values ('acme', '2026-03-18', 60)
       on conflict (account, day) do update set placed = excluded.placed`,
    );
    const other = await campaign(1);
    await pool.query(
      `insert into connection_shares (connection, campaign_id, epoch, report, need, share, held, revision, told)
       values ('account:acme', $1, 1, 1, 50, 16, 16, 1, 1)`,
      [other],
    );
    const planned = { ...HOURS, max_concurrent_calls: 20, contact_count: 120 };
    const { body } = await forecast(planned);
    expect(body.data.days).toEqual([
      { date: '2026-03-18', calls: 40 },
      { date: '2026-03-19', calls: 80 },
    ]);
    expect(body.data).toMatchObject({
      limited_by: expect.arrayContaining([expect.objectContaining({ limit: 'account' })]),
    });
    await setAccount(pool, 'acme', { max_calls_per_day: null });
    // Eight of sixteen: fifteen rounds of two minutes.
    expect((await forecast(planned)).body.data.finishes_at).toMatch(/^2026-03-18T15:30/);
    await setAccount(pool, 'acme', { max_concurrent_calls: null });
    expect((await forecast(planned)).body.data.finishes_at).toMatch(/^2026-03-18T15:12/);
    await pool.query('delete from connection_shares');
  });

  it('takes a number that no virtual campaign would run through', async () => {
    const many = { ...terms, max_concurrent_calls: 2_000, max_retry_attempts: 3, contact_count: 100_000_000 };
    const { body } = await forecast(many);
    expect(body.data).toMatchObject({ outcome: 'finishes', contacts: 100_000_000, calls: 139_000_000 + 2_700_000 });
  });
});

describe('a forecast of a campaign', () => {
  it('goes on from its record: who waits, who is called, what was placed today', async () => {
    const id = await campaign(40, { max_calls_per_day: 20, max_retry_attempts: 2 });
    await rows(
      `update campaign_contacts set bucket = 'retrying', attempt = 2, due_at = $2 where campaign_id = $1 and seq <= 6`,
      [id, new Date(NOW + 3_600_000)],
    );
    await rows(`update campaign_contacts set bucket = 'in_progress' where campaign_id = $1 and seq in (7, 8)`, [id]);
    await rows(
      `update campaigns set pending = 32, retrying = 6, in_progress = 2, placed_day = '2026-03-18', placed_on_day = 8
        where id = $1`,
      [id],
    );
    const { body } = await forecastOf(id, '?call_seconds=60&retry_share=0');
    expect(body.data).toMatchObject({
      outcome: 'finishes',
      status: 'active',
      contacts: 40,
      calls: 38,
      days: [
        { date: '2026-03-18', calls: 12 },
        { date: '2026-03-19', calls: 20 },
        { date: '2026-03-20', calls: 6 },
      ],
      assumed: { call_seconds: 60, retry_share: 0 },
    });
    expect(body.data.limited_by).toMatchObject([{ limit: 'daily_cap' }, { limit: 'window' }]);
  });

  it('measures its latest calls that have ended, those that may hide longer ones left out', async () => {
    const id = await campaign(100, { max_concurrent_calls: 10, max_retry_attempts: 1 });
    // The ten newest would be taken for short; those that ended before took 30 s, every fourth without an answer.
    await rows(
      `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at, accepted_at, outcome, ended_at)
       select $1::text || '.' || seq || '.1', $1::uuid, seq, 1, 'truedy', '', $2::timestamptz, $2::timestamptz,
              case when seq % 4 = 0 then 'no_answer' else 'completed' end,
              $2::timestamptz + case when seq > 70 then interval '1 second' else interval '30 seconds' end
         from generate_series(1, 80) as seq`,
      [id, new Date(NOW - 600_000)],
    );
    const { body } = await forecastOf(id);
    expect(body.data.assumed).toEqual({
      call_seconds: 30,
      call_seconds_from: 'measured',
      retry_share: 0.24,
      retry_share_from: 'measured',
    });
  });

  it('is open while it is paused, and says what a resume would make of it', async () => {
    const id = await campaign(16);
    await rows(`update campaigns set status = 'paused', waiting_for = null where id = $1`, [id]);
    const { data } = (await forecastOf(id)).body;
    expect(data).toMatchObject({
      outcome: 'paused',
      finishes_at: null,
      if_resumed_now: { outcome: 'finishes', calls: 16 },
    });
  });

  it('is the end itself once it has ended', async () => {
    const id = await campaign(2);
    await rows(
      `update campaigns set status = 'completed', waiting_for = null, pending = 0, completed = 2, ended_at = $2
        where id = $1`,
      [id, new Date(NOW - 1_000)],
    );
    expect((await forecastOf(id)).body.data).toMatchObject({
      outcome: 'ended',
      finishes_at: '2026-03-18T14:59:59.000Z',
      calls: 0,
    });
  });

  it('begins after the provider’s hold', async () => {
    const id = await campaign(8);
    await rows(`update campaigns set waiting_for = 'provider', waiting_until = $2 where id = $1`, [
      id,
      new Date(NOW + 3_600_000),
    ]);
    const { data } = (await forecastOf(id)).body;
    expect(data.finishes_at).toMatch(/^2026-03-18T16:02/);
    expect(data.limited_by).toMatchObject([{ limit: 'provider' }]);
  });

  it('knows who is called in which hours, also of a folder that is not copied yet', async () => {
    const [{ id: folder }] = await rows(
      `insert into contact_folders (account, name) values ('acme', $1) returning id`,
      [nextId('folder')],
    );
    await rows(`insert into contacts (folder_id, phone_number) values ($1, '+12125550101'), ($1, '+12135550101')`, [
      folder,
    ]);
    const whose = { timezone: 'contact', max_retry_attempts: 0, contact_source: 'folder', contact_folder_id: folder };
    const { body } = await gateway.send({ method: 'POST', path: '/batch-calls', body: { ...terms, ...whose } });
    const { status, body: answer } = await forecastOf(body.data.id);
    expect([status, answer.data]).toMatchObject([
      200,
      { contacts: 2, finishes_at: expect.stringMatching(/^2026-03-18T17:02/) },
    ]);
  });

  it('has nobody to call where no time zone is known', async () => {
    const contacts = [{ phone_number: '+18005550101' }];
    const whose = { timezone: 'contact', contacts };
    const { body } = await gateway.send({ method: 'POST', path: '/batch-calls', body: { ...terms, ...whose } });
    const { status, body: answer } = await forecastOf(body.data.id);
    expect([status, answer.data]).toMatchObject([200, { contacts: 0, calls: 0 }]);
  });

  it('is nobody else’s', async () => {
    const id = await campaign(1);
    const { status } = await gateway.send({ path: `/batch-calls/${id}/forecast`, key: KEYS.other });
    expect(status).toBe(404);
    expect((await forecastOf(id, '?call_seconds=x')).body.error.details.field).toBe('call_seconds');
    expect((await forecastOf(id, '?calls=1')).status).toBe(422);
  });
});
