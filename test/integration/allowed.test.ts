/** What a connection allows: at import, at creation, at the dial, and in what is said about a contact before it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { permitDial } from '../../db/dial-permits.ts';
import { inTransaction } from '../../db/pool.ts';
import { enrol } from '../../db/enrolment.ts';
import type { Connection } from '../../providers/connections/connection.ts';
import { OpenConnections } from '../../providers/connections/open-connections.ts';
import type { CallToPlace } from '../../providers/port.ts';
import { connectionWith } from '../support/factories/connections.ts';
import { dialOf } from '../support/factories/dials.ts';
import { type ApiCall, KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

const US = '+14155550132';
const BRITISH = '+442079460958';
const IRIDIUM = '+881612345678';

const usual = connectionWith({
  name: 'clinic',
  countries: ['US'],
  numberTypes: ['mobile', 'fixed_line'],
  agents: ['agent-1'],
  callerNumbers: ['+14155550100', '+14155550101'],
  accounts: ['acme'],
});
const connections = new OpenConnections([usual]);
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway({ connections });
  // Dials to one number over and over.
  await gateway.db.pool.query("insert into accounts (name, per_number) values ('acme', '[]')");
});
beforeEach(() => connections.reload([usual]));
afterAll(async () => {
  await gateway.close();
  await connections.close();
});

const request = (changes: object = {}) => ({
  name: 'Reminders',
  agent_id: 'agent-1',
  contacts: [{ phone_number: US }],
  ...changes,
});
const create = (changes: object = {}, more: Partial<ApiCall> = {}) =>
  gateway.send({ method: 'POST', path: '/batch-calls', body: request(changes), ...more });

/** A contact of the account, added while the connection allowed every number. */
async function stored(phone_number: string, folder_id?: string): Promise<string> {
  connections.reload([{ ...usual, countries: null, numberTypes: ['mobile', 'fixed_line', 'satellite'] }]);
  const added = await gateway.send({ method: 'POST', path: '/contacts', body: { phone_number, folder_id } });
  connections.reload([usual]);
  return added.body.data.id;
}

describe('the list of connections', () => {
  const named = async (path: string, key: string = KEYS.read) =>
    (await gateway.send({ path, key })).body.items.map(({ name }) => name);

  it('shows what each allows and whether its secrets are there, and only those of the account', async () => {
    const closed = connectionWith({ name: 'abroad', missingSecrets: ['env:ABROAD_KEY'], accounts: ['other'] });
    connections.reload([usual, closed]);
    const own = await gateway.send({ path: '/connections', key: KEYS.read });
    expect(own.body.items).toEqual([
      {
        name: 'clinic',
        provider: 'truedy',
        calls_per_second: null,
        countries: ['US'],
        number_types: ['mobile', 'fixed_line'],
        agents: ['agent-1'],
        caller_numbers: ['+14155550100', '+14155550101'],
        webhook_url: null,
        ready: true,
        missing: [],
      },
    ]);
    const others = await gateway.send({ path: '/connections', key: KEYS.other });
    expect(others.body.items).toMatchObject([
      {
        name: 'abroad',
        countries: null,
        number_types: ['mobile', 'fixed_line', 'voip', 'toll_free', 'uan'],
        ready: false,
        missing: ['env:ABROAD_KEY'],
      },
    ]);
  });

  it('is read in pages, by name', async () => {
    connections.reload(['c', 'a', 'd', 'b'].map((name) => connectionWith({ name })));
    expect(await named('/connections')).toEqual(['a', 'b', 'c', 'd']);
    expect(await named('/connections?limit=2&offset=1')).toEqual(['b', 'c']);
    const { body } = await gateway.send({ path: '/connections?limit=3' });
    expect(body.pagination).toMatchObject({ total: 4, has_more: true });
    const { next_cursor } = body.pagination as { next_cursor: string };
    expect(await named(`/connections?limit=3&cursor=${encodeURIComponent(next_cursor)}`, KEYS.write)).toEqual(['d']);
  });
});

describe('an import', () => {
  it('leaves out the rows whose numbers no connection of the account allows, and says why', async () => {
    const rows = [US, BRITISH, IRIDIUM, '+19005550132', '+18005550132'];
    const send = (key: string) =>
      gateway.send({
        method: 'POST',
        path: '/contacts/import',
        body: `phone\n${rows.join('\n')}\n`,
        headers: { 'content-type': 'text/csv' },
        key,
      });
    const refused = (row: number, reason: string) => ({ row, phone: rows[row - 2], reason });
    expect((await send(KEYS.write)).body.data).toMatchObject({
      imported: 1,
      errors: 4,
      error_details: [
        refused(3, 'country_not_allowed'),
        refused(4, 'number_type_not_allowed'),
        refused(5, 'number_type_not_allowed'),
        refused(6, 'number_type_not_allowed'),
      ],
    });
    // Another account may not use the connection, so that nothing but costly kinds are left out.
    expect((await send(KEYS.other)).body.data).toMatchObject({
      imported: 3,
      error_details: [refused(4, 'number_type_not_allowed'), refused(5, 'premium_rate')],
    });
  });

  it('of one contact is refused', async () => {
    const { status, body } = await gateway.send({ method: 'POST', path: '/contacts', body: { phone_number: BRITISH } });
    expect([status, body.error.code, body.error.details.field]).toEqual([422, 'country_not_allowed', 'phone_number']);
  });
});

describe('a new campaign', () => {
  it.each<[string, object, string]>([
    [
      'country_not_allowed',
      { contacts: [{ phone_number: US }, { phone_number: BRITISH }] },
      'contacts[1].phone_number',
    ],
    ['number_type_not_allowed', { contacts: [{ phone_number: IRIDIUM }] }, 'contacts[0].phone_number'],
    ['validation_error', { agent_id: 'agent-2' }, 'agent_id'],
    ['validation_error', { phone_number_ids: ['+14155550101', '+14155550109'] }, 'phone_number_ids[1]'],
  ])('is refused with %s for %j, and so is its forecast', async (code, changes, field) => {
    for (const path of ['/batch-calls', '/batch-calls/forecast']) {
      const { status, body } = await gateway.send({ method: 'POST', path, body: request(changes) });
      expect([path, status, body.error.code, body.error.details.field]).toEqual([path, 422, code, field]);
    }
  });

  it('is refused for a stored contact', async () => {
    const contact_ids = [await stored(US), await stored(BRITISH)];
    for (const path of ['/batch-calls', '/batch-calls/forecast']) {
      const { status, body } = await gateway.send({
        method: 'POST',
        path,
        body: request({ contacts: [], contact_ids }),
      });
      expect([status, body.error.code, body.error.details.field]).toEqual([
        422,
        'country_not_allowed',
        'contact_ids[1]',
      ]);
    }
  });

  it('is refused to an account that may not use the connection', async () => {
    const { status, body } = await create({ connection: 'clinic' }, { key: KEYS.other });
    expect([status, body.error.details.field]).toEqual([422, 'connection']);
  });

  it('gets its first answer when its request is repeated after less is allowed', async () => {
    const headers = { 'x-idempotency-key': 'one' };
    const first = await create({}, { headers });
    connections.reload([{ ...usual, countries: ['CA'], agents: ['agent-9'] }]);
    const again = await create({}, { headers });
    expect([again.status, again.body.data]).toEqual([201, first.body.data]);
    expect((await create()).status).toBe(422);
  });
});

describe('a dial', () => {
  /** A campaign that a run owns. */
  async function campaign(changes: object = {}): Promise<string> {
    const { id } = (await create(changes)).body.data;
    await gateway.db.pool.query(`update campaigns set owner_run_id = 'the run', epoch = 1 where id = $1`, [id]);
    return id;
  }
  const dial = (campaignId: string, terms: Connection, changes: object = {}) => {
    const calls: CallToPlace[] = [];
    const placement = dialOf({ campaignId, seq: 1, attempt: 1 }, { connection: 'clinic', terms, ...changes });
    const permit = permitDial(gateway.db.pool, placement, (call) => {
      calls.push(call);
      return '{}';
    });
    return permit.then((given) => ({ given, calls }));
  };

  it.each([
    [
      'its number is not allowed any more',
      { countries: ['CA'] },
      { kind: 'not_allowed', reason: 'country_not_allowed' },
    ],
    [
      'its kind is not allowed any more',
      { numberTypes: ['voip' as const] },
      { kind: 'not_allowed', reason: 'number_type_not_allowed' },
    ],
    ['its agent is not allowed any more', { agents: ['agent-9'] }, { kind: 'blocked', reason: 'agent_not_allowed' }],
    [
      'its caller number is not allowed any more',
      { callerNumbers: ['+14155550109'] },
      { kind: 'blocked', reason: 'caller_number_not_allowed' },
    ],
    ['its account is not allowed any more', { accounts: ['b'] }, { kind: 'blocked', reason: 'account_not_allowed' }],
  ])('sends and freezes nothing when %s, and goes on once it is', async (_when, changes, expected) => {
    const id = await campaign({ phone_number_ids: ['+14155550101'] });
    const refused = await dial(id, { ...usual, ...changes });
    expect(refused).toEqual({ given: expected, calls: [] });
    const { rows } = await gateway.db.pool.query('select request, first_sent_at from calls where campaign_id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ request: null, first_sent_at: null }]);
    expect((await dial(id, usual, { placement: 2 })).given).toMatchObject({ kind: 'send' });
  });

  it('does not repeat a request that may have been sent', async () => {
    const id = await campaign();
    expect((await dial(id, usual)).given).toMatchObject({ kind: 'send' });
    expect((await dial(id, { ...usual, countries: ['CA'] }, { placement: 2 })).given).toEqual({ kind: 'unresolved' });
  });

  it('calls from one number of the connection in every attempt, unless the campaign names numbers', async () => {
    const from = async (id: string, attempt: number) => {
      await gateway.db.pool.query('update campaign_contacts set attempt = $2 where campaign_id = $1', [id, attempt]);
      const placement = dialOf({ campaignId: id, seq: 1, attempt }, { connection: 'clinic', terms: usual });
      const calls: CallToPlace[] = [];
      await permitDial(gateway.db.pool, placement, (call) => String(calls.push(call)));
      return calls[0]?.fromNumberId;
    };
    const [first, second] = usual.callerNumbers!;
    const any = await campaign();
    expect([await from(any, 1), await from(any, 2), await from(any, 3)]).toEqual([first, first, first]);
    const own = await campaign({ phone_number_ids: [second] });
    expect(await from(own, 1)).toBe(second);
    const rotating = await campaign({ phone_rotation_strategy: 'sequential' });
    expect([await from(rotating, 1), await from(rotating, 2)]).toEqual([first, second]);
  });

  it('skips a contact of a folder, of which the explanation says why before', async () => {
    const folder = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: 'Abroad' } });
    const folder_id = folder.body.data.id;
    await stored(IRIDIUM, folder_id);
    const source = { contact_source: 'folder', contact_folder_id: folder_id, contacts: [] };
    const id = await campaign(source);
    await inTransaction(gateway.db.pool, (tx) => enrol(tx, id));
    const [contact] = (await gateway.send({ path: `/batch-calls/${id}/contacts` })).body.items;
    const explained = await gateway.send({ path: `/batch-calls/${id}/contacts/${String(contact?.contact_id)}` });
    expect(explained.body.data).toMatchObject({ gate: 'number_type_not_allowed', next_eligible_at: null });
    expect((await dial(id, usual)).given).toEqual({ kind: 'not_allowed', reason: 'number_type_not_allowed' });
  });
});

describe('numbers that the connection does not allow, in a running campaign', () => {
  it('are not called, although they were claimed, and use up nothing', async () => {
    const harness = await SystemHarness.start({ simulator: { timeScale: 50 } });
    try {
      const id = await harness.startCampaign(40, { max_concurrent_calls: 2 });
      await vi.waitFor(() => expect(harness.simulator.ledger().accepted).toBeGreaterThanOrEqual(2));
      const { rowCount } = await harness.db.pool.query(
        `update campaign_contacts set phone_number = '+8816123456' || seq
          where campaign_id = $1 and seq > 30 and claimed_in_exchange is not null`,
        [id],
      );
      expect(rowCount).toBe(10);
      await harness.api('PATCH', `/batch-calls/${id}`, { max_concurrent_calls: 20 });
      expect((await harness.result(id)).buckets).toMatchObject({ skipped: 10 });
      const { data } = await harness.api('GET', `/batch-calls/${id}/contacts?status=skipped`);
      const reasons = (data as { reason: string }[]).map(({ reason }) => reason);
      expect(new Set(reasons)).toEqual(new Set(['number_type_not_allowed']));
      const { accepted, requests } = harness.simulator.ledger();
      expect([accepted, requests.length]).toEqual([30, 30]);
      const { data: campaign } = await harness.api('GET', `/batch-calls/${id}`);
      expect(campaign).toMatchObject({ placed_today: accepted });
    } finally {
      await harness.close();
    }
  });
});
