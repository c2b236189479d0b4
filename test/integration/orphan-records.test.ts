/** Orphan events beside what is on record of other calls, and beside processes that die between two steps. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeEvent } from '../../db/call-events.ts';
import { describeOrphan } from '../../db/orphans.ts';
import { sweepLostCalls } from '../../gateway/background/lost-calls-sweeper.ts';
import type { LookUpResult } from '../../providers/port.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { callActivity, recordCampaign, type RecordedCampaign } from '../support/factories/dials.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { nextId } from '../support/factories/ids.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { connectionsTo } from '../support/factories/connections.ts';

const now = Date.now;

let database: TestDatabase;
let provider: ScriptedProvider;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Campaigns that have each dialled the same person, with all replies lost. */
async function dialled(campaigns: number): Promise<RecordedCampaign[]> {
  await database.pool.query('delete from campaigns');
  await database.pool.query('delete from provider_calls');
  await database.pool.query('delete from call_events');
  provider = new ScriptedProvider(database.pool, now, { keyTtlMs: 0, finds: 'by id', echoes: false });
  // Lost replies to several campaigns open the circuit breaker of their connection: each test has a connection to itself.
  Object.assign(provider, { name: nextId('scripted') });
  provider.script = () => ({ kind: 'unknown', reason: 'timeout' });
  const recorded: RecordedCampaign[] = [];
  for (let count = 0; count < campaigns; count += 1) {
    const campaign = await recordCampaign(database.pool, 1, now());
    const limits = { notBefore: 0, notAfter: now() + 60_000 };
    const request = {
      campaignId: campaign.id,
      seq: 1,
      attempt: 1,
      epoch: 1,
      placement: 1,
      day: '2026-03-18',
      ...limits,
    };
    await callActivity('placeCall', { pool: database.pool, provider, now }, request);
    recorded.push(campaign);
  }
  return recorded;
}

/** The end of a call under the provider's own id, and ours where the provider gives it back. */
const hear = (providerCallId: string, callId: string | null = null) =>
  storeEvent(
    database.pool,
    provider.name,
    {
      eventId: `end:${providerCallId}`,
      kind: 'ended',
      callId,
      providerCallId,
      outcome: 'busy',
      outcomeAsSent: 'busy',
      occurredAt: now(),
    },
    '{}',
  );

const lookUp = (campaign: RecordedCampaign) =>
  callActivity(
    'lookUpCalls',
    { pool: database.pool, provider, now },
    { campaignId: campaign.id, epoch: 1, calls: [{ callId: campaign.callId(1), seq: 1, attempt: 1, placement: 1 }] },
  );

const particulars = () => ({
  phoneNumber: fictitiousPerson(0).phone_number,
  agentId: 'agent-1',
  placedAt: now(),
});
const isOfThePerson = (providerCallId: string): LookUpResult => ({
  kind: 'ended',
  providerCallId,
  outcome: 'busy',
  endedAt: now(),
  particulars: particulars(),
});

async function giveUp(campaign: RecordedCampaign): Promise<void> {
  const { pool } = database;
  await pool.query("update calls set outcome = 'lost', ended_at = now(), settled_at = now() where id = $1", [
    campaign.callId(1),
  ]);
  await pool.query("update campaign_contacts set bucket = 'failed', reason = 'lost' where campaign_id = $1", [
    campaign.id,
  ]);
  await pool.query('update campaigns set pending = 0, failed = 1, called = 1 where id = $1', [campaign.id]);
}

const sweep = () =>
  sweepLostCalls({ pool: database.pool, connections: connectionsTo(provider), logger: pino({ level: 'silent' }) });

async function recordOf(campaign: RecordedCampaign): Promise<object> {
  const { rows } = await database.pool.query<{ outcome: string | null; provider_call_id: string | null }>(
    'select outcome, provider_call_id from calls where id = $1',
    [campaign.callId(1)],
  );
  return rows[0]!;
}

describe('an id of the provider’s whose event names a call of ours', () => {
  it('is not given to another call to the same number', async () => {
    const [named, other] = await dialled(2);
    await hear('theirs', named!.callId(1));
    provider.orphanScript = isOfThePerson;
    expect(await lookUp(other!)).toMatchObject([{ kind: 'unknown' }]);
    expect(await recordOf(other!)).toMatchObject({ provider_call_id: null });
    expect(await lookUp(named!)).toMatchObject([{ kind: 'ended', event: { outcome: 'busy' } }]);
  });

  it('is not given to another call that was lost', async () => {
    const [named, other] = await dialled(2);
    await giveUp(other!);
    await hear('theirs', named!.callId(1));
    provider.orphanScript = isOfThePerson;
    await sweep();
    expect(await recordOf(other!)).toEqual({ outcome: 'lost', provider_call_id: null });
  });
});

it('an id of the provider’s whose event names a call that is not ours at all is given to no call', async () => {
  const [campaign] = await dialled(1);
  await hear('theirs', '00000000-0000-4000-8000-000000000001.1.1');
  provider.orphanScript = isOfThePerson;
  expect(await lookUp(campaign!)).toMatchObject([{ kind: 'unknown' }]);
  expect(await recordOf(campaign!)).toMatchObject({ provider_call_id: null });
});

describe('an orphan of a lost call', () => {
  it('is tied by the next sweep where a process died after it had asked the provider', async () => {
    const [campaign] = await dialled(1);
    await giveUp(campaign!);
    await hear('theirs');
    await describeOrphan(database.pool, provider.name, 'theirs', particulars());
    await sweep();
    expect(await recordOf(campaign!)).toEqual({ outcome: 'busy', provider_call_id: 'theirs' });
  });

  it('is linked once the only other call that it could belong to has another id', async () => {
    const [campaign, other] = await dialled(2);
    await giveUp(campaign!);
    await hear('theirs');
    provider.orphanScript = isOfThePerson;
    await sweep();
    expect(await recordOf(campaign!)).toEqual({ outcome: 'lost', provider_call_id: null });
    await hear('another', other!.callId(1));
    await sweep();
    expect(await recordOf(campaign!)).toEqual({ outcome: 'busy', provider_call_id: 'theirs' });
  });
});
