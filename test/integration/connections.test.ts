/** Campaigns and webhooks of several connections, and what becomes of calls when the connections file changes. */
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordLoads } from '../../db/connection-loads.ts';
import { dialMarginMs } from '../../domain/engine/dial-margin.ts';
import { connectionOf } from '../../providers/connections/connection.ts';
import { connectionsFromEnv } from '../../providers/connections/connections.ts';
import { type Connections, OpenConnections } from '../../providers/connections/open-connections.ts';
import { signTwilio } from '../../providers/twilio/signature.ts';
import { connectionsTo } from '../support/factories/connections.ts';
import { callActivity, recordCampaign } from '../support/factories/dials.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';

const TOKEN = 'token-of-the-account';
const FILE = `
connections:
  clinic-us:
    provider: twilio
    account_sid: AC${'5'.repeat(32)}
    auth_token: env:TOKEN
    twiml: <Response/>
    countries: [US]
    number_types: [mobile, fixed_line]
    caller_numbers: ["+14155550100"]
    webhook_base_url: https://calls.example.com
  clinic-eu:
    provider: retell
    api_key: env:TOKEN
    countries: [FR]
    number_types: [mobile]
  of-others:
    provider: retell
    api_key: env:TOKEN
    countries: [FR]
    number_types: [mobile]
    accounts: [other]
`;

let connections: OpenConnections;
let gateway: TestGateway;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'connections-'));
  const file = join(folder, 'connections.yaml');
  writeFileSync(file, FILE);
  connections = new OpenConnections(connectionsFromEnv({ RINGFENCE_CONNECTIONS: file, TOKEN }));
  rmSync(folder, { recursive: true });
  gateway = await openGateway({ connections });
});
afterAll(async () => {
  await gateway.close();
  await connections.close();
});

const body = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550132' }] };
const create = (more: object, key = KEYS.write) =>
  gateway.send({ method: 'POST', path: '/batch-calls', body: { ...body, ...more }, key });

describe('a new campaign', () => {
  it('calls through the connection that it names, which its record states', async () => {
    const { status, body: answer } = await create({ connection: 'clinic-us' });
    expect([status, answer.data]).toMatchObject([201, { connection: 'clinic-us' }]);
    const read = await gateway.send({ path: `/batch-calls/${answer.data.id}` });
    expect(read.body.data).toMatchObject({ connection: 'clinic-us' });
  });

  it.each<[string, object, RegExp]>([
    ['names none although the account has several', {}, /connection is missing.*clinic-us, clinic-eu/],
    ['names one that does not exist', { connection: 'clinic-uk' }, /give one of clinic-us, clinic-eu/],
    ['names one of another account', { connection: 'of-others' }, /give one of clinic-us, clinic-eu/],
    ['names a number', { connection: 7 }, /connection must be the name of a connection/],
  ])('is refused if it %s', async (_, more, message) => {
    expect(await create(more)).toMatchObject({
      status: 422,
      body: {
        error: { code: 'validation_error', message: expect.stringMatching(message), details: { field: 'connection' } },
      },
    });
  });

  it('cannot move to another connection', async () => {
    const { body: answer } = await create({ connection: 'clinic-us' });
    const path = `/batch-calls/${answer.data.id}`;
    expect(await gateway.send({ method: 'PATCH', path, body: { connection: 'clinic-eu' } })).toMatchObject({
      status: 422,
      body: { error: { details: { field: 'connection' } } },
    });
  });

  it('is forecast with the margin of the connection that it names', async () => {
    const hours = { start_time: '09:00', end_time: '09:05' };
    const forecast = (more: object) =>
      gateway.send({ method: 'POST', path: '/batch-calls/forecast', body: { ...body, ...hours, ...more } });
    expect(await forecast({ connection: 'clinic-us' })).toMatchObject({
      status: 422,
      body: { error: { details: { field: 'end_time' } } },
    });
    expect(await forecast({ connection: 'clinic-uk' })).toMatchObject({
      status: 422,
      body: { error: { details: { field: 'connection' } } },
    });
  });
});

describe('a webhook', () => {
  const form = new URLSearchParams({ CallSid: `CA${'1'.repeat(32)}`, CallStatus: 'ringing', To: '+14155550132' });
  const query = '?ringfence_call_id=of%20nobody';
  const post = (connection: string, signature: string, sent = query) =>
    gateway.app.inject({
      method: 'POST',
      url: `/webhooks/${connection}${sent}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
      payload: form.toString(),
    });
  const signature = signTwilio(TOKEN, `https://calls.example.com/webhooks/clinic-us${query}`, form);

  it('is verified against the public URL of its connection, with its query', async () => {
    expect((await post('clinic-us', signature)).statusCode).toBe(200);
    expect((await post('clinic-us', signature, '?ringfence_call_id=of%20somebody')).statusCode).toBe(401);
  });

  it('is refused by the connection of another carrier, and by one that does not exist', async () => {
    expect((await post('clinic-eu', signature)).statusCode).toBe(401);
    expect((await post('clinic-uk', signature)).json()).toMatchObject({
      error: { code: 'not_found', details: { field: 'connection' } },
    });
  });
});

describe('a webhook with the transcript of a long call', () => {
  const post = (bytes: number) => {
    const body = JSON.stringify({
      event: 'call_started',
      call: { call_id: 'of nobody', transcript: 'x'.repeat(bytes) },
    });
    const now = Date.now();
    const digest = createHmac('sha256', TOKEN).update(`${body}${now}`).digest('hex');
    return gateway.app.inject({
      method: 'POST',
      url: '/webhooks/clinic-eu',
      headers: { 'content-type': 'application/json', 'x-retell-signature': `v=${now},d=${digest}` },
      payload: body,
    });
  };

  it('is taken in up to 4 MiB', async () => {
    expect((await post(4 * 1024 * 1024 - 1_000)).statusCode).toBe(200);
    expect((await post(4 * 1024 * 1024)).statusCode).toBe(413);
  });
});

describe('a call whose connection has changed in the file', () => {
  const NOW = Date.parse('2026-03-18T15:00:00Z');
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const provider = () => new ScriptedProvider(database.pool, () => NOW);
  const place = (adapter: ScriptedProvider, campaignId: string, placement: number, using: Connections) =>
    callActivity(
      'placeCall',
      { pool: database.pool, provider: adapter, now: () => NOW, connections: using },
      { campaignId, seq: 1, attempt: 1, epoch: 1, placement, day: '2026-03-18', notBefore: 0, notAfter: NOW + 60_000 },
    );
  const sameNameForAnother = (adapter: ScriptedProvider) =>
    new OpenConnections([{ ...connectionOf(adapter), madeFor: 'another account' }]);

  it('is held if the connection is gone and nothing was sent', async () => {
    const adapter = provider();
    const { id } = await recordCampaign(database.pool, 1, NOW);
    expect(await place(adapter, id, 1, connectionsTo())).toEqual({ kind: 'blocked', reason: 'no_connection' });
    expect(await place(adapter, id, 2, connectionsTo(adapter))).toMatchObject({ kind: 'accepted' });
  });

  it('is not taken for unsent if an earlier try may have sent it', async () => {
    const adapter = provider();
    adapter.script = () => ({ kind: 'unknown', reason: 'timeout' });
    const { id } = await recordCampaign(database.pool, 1, NOW);
    expect(await place(adapter, id, 1, connectionsTo(adapter))).toMatchObject({ kind: 'unknown' });
    expect(await place(adapter, id, 2, connectionsTo())).toEqual({ kind: 'unresolved' });
  });

  it('is not repeated at another account of the same name', async () => {
    const adapter = provider();
    adapter.script = () => ({ kind: 'unknown', reason: 'timeout' });
    const { id } = await recordCampaign(database.pool, 1, NOW);
    await place(adapter, id, 1, connectionsTo(adapter));
    expect(await place(adapter, id, 2, sameNameForAnother(adapter))).toEqual({ kind: 'unresolved' });
    expect(adapter.requests).toHaveLength(1);
  });

  it('is not dialled if it could be answered, or wait in a queue, until after its window closes', async () => {
    const adapter = provider();
    const { id } = await recordCampaign(database.pool, 1, NOW);
    const request = { campaignId: id, seq: 1, attempt: 1, epoch: 1, day: '2026-03-18', notBefore: 0 };
    const placeBefore = (placement: number, notAfter: number) =>
      callActivity(
        'placeCall',
        { pool: database.pool, provider: adapter, now: () => NOW },
        // Of a worker that does not have the connection.
        { ...request, placement, notAfter, marginMs: 0 },
      );
    const marginMs = dialMarginMs(adapter.facts);
    expect(await placeBefore(1, NOW + marginMs)).toEqual({ kind: 'expired' });
    expect(await placeBefore(2, NOW + marginMs + 60_000)).toMatchObject({ kind: 'accepted' });
  });

  it('gets a new request at another account if the one before was never sent', async () => {
    const adapter = provider();
    const { id } = await recordCampaign(database.pool, 1, NOW);
    adapter.script = () => ({ kind: 'unavailable', reason: 'connection_refused' });
    expect(await place(adapter, id, 1, connectionsTo(adapter))).toMatchObject({ kind: 'held' });
    await database.pool.query('delete from connection_breakers');
    adapter.script = () => ({ kind: 'accepted', providerCallId: 'its-id' });
    adapter.freeze = () => 'made for the other account';
    expect(await place(adapter, id, 2, sameNameForAnother(adapter))).toMatchObject({ kind: 'accepted' });
    expect(adapter.requests).toHaveLength(2);
    const { rows } = await database.pool.query('select made_for, request from calls where campaign_id = $1', [id]);
    expect(rows).toEqual([{ made_for: 'another account', request: 'made for the other account' }]);
  });

  it('is looked up in our own records alone if the connection is gone, by this worker while another has it', async () => {
    const adapter = provider();
    const campaign = await recordCampaign(database.pool, 1, NOW);
    await place(adapter, campaign.id, 1, connectionsTo(adapter));
    const findings = () =>
      callActivity(
        'lookUpCalls',
        { pool: database.pool, provider: adapter, now: () => NOW, connections: connectionsTo() },
        {
          campaignId: campaign.id,
          epoch: 1,
          calls: [{ callId: campaign.callId(1), seq: 1, attempt: 1, placement: 1 }],
        },
      );
    expect(await findings()).toEqual([{ kind: 'unknown', mayRepeat: false, noConnection: true }]);
    const connection = connectionOf(adapter).name;
    await recordLoads(database.pool, randomUUID(), [{ connection, callsPerSecond: null, maxConcurrentCalls: null }]);
    expect(await findings()).toEqual([{ kind: 'unasked' }]);
  });
});
