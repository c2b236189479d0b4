import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { nextId } from '../support/factories/ids.ts';

let gateway: TestGateway;
let campaign: string;
let folder: string;
beforeAll(async () => {
  gateway = await openGateway();
  campaign = (await post('/batch-calls', terms('UTC'))).body.data.id;
  folder = (await post('/contacts/folders', { name: nextId('folder') })).body.data.id;
});
afterAll(() => gateway.close());

const post = (path: string, body: unknown) => gateway.send({ method: 'POST', path, body });
const people = [{ phone_number: '+14155550132' }];
const terms = (timezone: string) => ({ name: 'Reminders', agent_id: 'agent-1', contacts: people, timezone });

const DOORS: readonly [door: string, send: (timezone: string) => ReturnType<TestGateway['send']>, field: string][] = [
  ['a new campaign', (timezone) => post('/batch-calls', terms(timezone)), 'timezone'],
  ['a forecast', (timezone) => post('/batch-calls/forecast', { contact_count: 3, timezone }), 'timezone'],
  [
    'an edit',
    (timezone) => gateway.send({ method: 'PATCH', path: `/batch-calls/${campaign}`, body: { timezone } }),
    'timezone',
  ],
  [
    'the contacts of a campaign',
    (timezone) => post('/batch-calls', { ...terms('UTC'), contacts: [{ ...people[0], timezone }] }),
    'contacts[0].timezone',
  ],
  ['a contact', (timezone) => post('/contacts', { folder_id: folder, ...people[0], timezone }), 'timezone'],
];

describe.each(DOORS)('%s', (_, send, field) => {
  it.each([
    ['EST', 'America/New_York'],
    ['mst', 'America/Denver'],
    ['HST', 'Pacific/Honolulu'],
    ['Etc/GMT+5', 'Asia/Karachi'],
    ['etc/gmt-3', 'Africa/Nairobi'],
    ['GMT+1', 'Africa/Lagos'],
  ])('refuses %s and says what to write: %s', async (timezone, write) => {
    const { status, body } = await send(timezone);
    expect([status, body.error.code, body.error.details.field]).toEqual([422, 'validation_error', field]);
    expect(body.error.message).toContain(`"${write}"`);
  });

  it('refuses a zone that the data does not have', async () => {
    expect((await send('Europe/Atlantis')).status).toBe(422);
  });
});

describe('a contact file', () => {
  it('has its rows refused one by one, with what to write where the name exists', async () => {
    const zones = ['EST', 'Etc/GMT+5', 'Europe/Atlantis', 'us/pacific'];
    const rows = zones.map((zone, index) => `+1415555013${index},${zone}`);
    const { status, body } = await gateway.send({
      method: 'POST',
      path: `/contacts/import?folder_id=${folder}`,
      body: ['phone,timezone', ...rows].join('\n'),
      headers: { 'content-type': 'text/csv' },
    });
    expect([status, body.data.imported, body.data.errors]).toEqual([200, 1, 3]);
    expect(body.data.error_details).toEqual([
      {
        row: 2,
        phone: '+14155550130',
        reason: 'invalid_timezone',
        advice: expect.stringContaining('write "America/New_York"'),
      },
      {
        row: 3,
        phone: '+14155550131',
        reason: 'invalid_timezone',
        advice: expect.stringContaining('"America/Panama" for UTC-5'),
      },
      { row: 4, phone: '+14155550132', reason: 'invalid_timezone' },
    ]);
    const { rows: kept } = await gateway.db.pool.query('select timezone from contacts where folder_id = $1', [folder]);
    expect(kept).toEqual([{ timezone: 'US/Pacific' }]);
  });
});

describe('a campaign in a zone that only a newer release knows', () => {
  it('does not keep others from being listed', async () => {
    const { id } = (await post('/batch-calls', terms('UTC'))).body.data;
    await gateway.db.pool.query(`update campaigns set spec = spec || '{"timezone": "Europe/Atlantis"}' where id = $1`, [
      id,
    ]);
    const { status, body } = await gateway.send({ path: '/batch-calls' });
    expect(status).toBe(200);
    expect(body.items.map((item) => item.id)).toEqual(expect.arrayContaining([id, campaign]));
    expect(body.items.find((item) => item.id === id)).toMatchObject({ timezone: 'Europe/Atlantis', placed_today: 0 });
  });
});
