/** Adapters may be anybody's: what they answer oddly concerns the call that it is about, and no other. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lookUpCalls } from '../../activities/look-up-calls.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { parseCallId } from '../../domain/engine/ids.ts';
import type { CallRef, LookUpResult, PlaceResult } from '../../providers/port.ts';
import { connectionOf } from '../../providers/connections/connection.ts';
import { pacingFacts } from '../../worker/facts.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { callActivity, recordCampaign, type RecordedCampaign } from '../support/factories/dials.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import { nextId } from '../support/factories/ids.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { connectionsTo } from '../support/factories/connections.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const now = () => NOW;

let database: TestDatabase;
let provider: ScriptedProvider;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function setUp(people: number): Promise<RecordedCampaign> {
  provider = new ScriptedProvider(database.pool, now);
  // Time stands still here: trouble of one connection would not end for the next test.
  Object.assign(provider, { name: nextId('scripted') });
  return recordCampaign(database.pool, people, NOW);
}

const place = ({ id }: RecordedCampaign, seq: number) =>
  callActivity(
    'placeCall',
    { pool: database.pool, provider, now },
    {
      campaignId: id,
      seq,
      attempt: 1,
      epoch: 1,
      placement: 1,
      day: '2026-03-18',
      notBefore: 0,
      notAfter: NOW + 60_000,
    },
  );
const lookUp = ({ id }: RecordedCampaign, callIds: string[]) => {
  const calls = callIds.map((callId) => ({ ...parseCallId(callId)!, callId, placement: 1 }));
  return callActivity('lookUpCalls', { pool: database.pool, provider, now }, { campaignId: id, epoch: 1, calls });
};

describe('a contact of whom the adapter makes no request', () => {
  it.each<[string, () => string]>([
    [
      'it throws',
      () => {
        throw new TypeError('cannot read +12125550100 of undefined');
      },
    ],
    [
      'it says why',
      () => {
        throw new RingfenceError('validation_error', 'not a number');
      },
    ],
    ['it gives no text', () => undefined as unknown as string],
    ['it gives what cannot be kept', () => 'a\0b'],
  ])('is invalid: %s', async (_, freeze) => {
    const campaign = await setUp(1);
    provider.freeze = freeze;
    expect(await place(campaign, 1)).toEqual({ kind: 'invalid' });
    expect(provider.requests).toEqual([]);
    expect((await database.pool.query('select 1 from calls where id = $1', [campaign.callId(1)])).rows).toEqual([]);
  });

  it('is every contact where the adapter is not set up: then the campaign holds', async () => {
    const campaign = await setUp(1);
    provider.freeze = () => {
      throw new RingfenceError('misconfigured', 'There is no agent.');
    };
    expect(await place(campaign, 1)).toEqual({ kind: 'blocked', reason: 'misconfigured' });
  });

  describe('in a campaign', () => {
    let real: RealTimeHarness | undefined;
    afterEach(() => real?.close());

    it('is failed: invalid, once, and the others are called without a hold', async () => {
      real = await realTimeHarness();
      const { harness } = real;
      const { provider: carrier } = harness;
      let asked = 0;
      carrier.freeze = (call) => {
        if (!call.callId.endsWith('.2.1')) return JSON.stringify(call);
        asked += 1;
        throw new TypeError('no such field');
      };
      carrier.script = () => ({ kind: 'ends', outcome: 'completed' });
      const campaign = await harness.start(4, { max_concurrent_calls: 4, max_calls_per_day: 4 });
      expect(await campaign.handle.result()).toMatchObject({ buckets: { completed: 3, failed: 1 } });
      expect(asked).toBe(1);
      const { rows } = await harness.pool.query('select bucket, reason from campaign_contacts where seq = 2');
      expect(rows).toEqual([{ bucket: 'failed', reason: 'invalid' }]);
      const held = await harness.pool.query("select 1 from campaigns where waiting_for = 'provider'");
      expect(held.rows).toEqual([]);
    });
  });
});

it.each<[string, unknown, PlaceResult | object]>([
  ['an acceptance without an id', { kind: 'accepted', providerCallId: '' }, { kind: 'unknown', reason: 'odd_answer' }],
  ['nothing', undefined, { kind: 'unknown', reason: 'odd_answer' }],
  ['an unknown word', { kind: 'queued' }, { kind: 'unknown', reason: 'odd_answer' }],
  [
    'a reason that is no code',
    { kind: 'rejected', reason: '+1 212 555 0100 is not in service' },
    { kind: 'rejected', reason: 'unnamed' },
  ],
  ['a time that is none', { kind: 'throttled', retryAfterMs: Number.NaN }, { kind: 'held' }],
  ['a fraction', { kind: 'throttled', retryAfterMs: 20_000.5 }, { kind: 'held', trouble: { reason: 'throttled' } }],
])('an adapter that answers a placement with %s is read as what that proves', async (_, answer, expected) => {
  const campaign = await setUp(1);
  provider.script = () => answer as PlaceResult;
  provider.place = async () => answer as PlaceResult;
  expect(await place(campaign, 1)).toMatchObject(expected);
});

describe('of several calls that are looked up, one whose look-up', () => {
  it.each<[string, () => LookUpResult, object]>([
    [
      'throws',
      () => {
        throw new Error('socket hang up');
      },
      { kind: 'unasked' },
    ],
    ['answers oddly', () => ({ kind: 'gone' }) as unknown as LookUpResult, { kind: 'unknown' }],
    [
      'names an outcome that nobody knows',
      () => ({ kind: 'ended', providerCallId: 'x', outcome: 'teleported', endedAt: 1 }) as unknown as LookUpResult,
      { kind: 'unknown' },
    ],
    [
      'says that it was lost, which is our own word for not knowing',
      () => ({ kind: 'ended', providerCallId: 'x', outcome: 'lost', endedAt: 1 }),
      { kind: 'unknown' },
    ],
  ])('%s concerns itself alone', async (_, answer, expected) => {
    const campaign = await setUp(10);
    const seqs = Array.from({ length: 10 }, (_, index) => index + 1);
    provider.script = () => ({ kind: 'unknown', reason: 'timeout' });
    for (const seq of seqs) expect(await place(campaign, seq)).toMatchObject({ kind: 'unknown' });
    for (const request of provider.requests) provider.accept(request);
    provider.lookUpScript = (callId) => (callId === campaign.callId(3) ? answer() : null);
    const findings = await lookUp(
      campaign,
      seqs.map((seq) => campaign.callId(seq)),
    );
    expect(findings[2]).toMatchObject(expected);
    expect(findings.filter((_, index) => index !== 2)).toEqual(
      Array.from({ length: 9 }, () => ({ kind: 'live', queued: false })),
    );
  });

  it('is not answered in time keeps no other answer away', async () => {
    const campaign = await setUp(3);
    for (const seq of [1, 2, 3]) await place(campaign, seq);
    const find = provider.lookUp.bind(provider);
    provider.lookUp = (calls) => (calls[0]?.callId === campaign.callId(2) ? new Promise<never>(() => {}) : find(calls));
    const calls = [1, 2, 3].map((seq) => ({ seq, attempt: 1, callId: campaign.callId(seq), placement: 1 }));
    const facts = pacingFacts(provider, { ...connectionOf(provider), graceMs: 60_000, searchAttributes: false });
    const connections = connectionsTo(provider);
    const databaseClock = () => Promise.resolve(NOW);
    const deps = { pool: database.pool, connections, now, factsOf: () => facts, databaseClock };
    const inTime = 1_000;
    const findings = await new MockActivityEnvironment().run(() =>
      lookUpCalls(deps, { campaignId: campaign.id, connection: provider.name, epoch: 1, calls }, inTime),
    );
    const live = { kind: 'live', queued: false };
    expect(findings).toEqual([live, { kind: 'unasked' }, live]);
  });

  it.each([12.4, Number.NaN, -1, 1e20])('says that it ended at %d is taken in', async (endedAt) => {
    const campaign = await setUp(1);
    provider.script = () => ({ kind: 'unknown', reason: 'timeout' });
    await place(campaign, 1);
    provider.lookUpScript = () => ({ kind: 'ended', providerCallId: 'its-id', outcome: 'busy', endedAt });
    expect(await lookUp(campaign, [campaign.callId(1)])).toMatchObject([{ kind: 'ended', event: { outcome: 'busy' } }]);
  });
});

it('a look-up tells the campaign of a fault of the account', async () => {
  const campaign = await setUp(1);
  const callId = campaign.callId(1);
  await place(campaign, 1);
  provider.end(callId, 'failed', 'throttled:concurrency_limit');
  expect(await lookUp(campaign, [callId])).toMatchObject([
    { kind: 'ended', event: { call_id: callId, outcome: 'failed', account_fault: 'throttled:concurrency_limit' } },
  ]);
});

it('an adapter is asked about a call whose reply was lost with the request that it made', async () => {
  const campaign = await setUp(1);
  provider.script = () => ({ kind: 'unknown', reason: 'timeout' });
  await place(campaign, 1);
  const asked: CallRef[] = [];
  provider.lookUp = async (calls) => {
    asked.push(...calls);
    return calls.map(() => ({ kind: 'unknown', reason: 'not_found' }));
  };
  await lookUp(campaign, [campaign.callId(1)]);
  expect(asked).toMatchObject([{ callId: campaign.callId(1), providerCallId: null, firstSentAt: NOW }]);
  expect(JSON.parse(asked[0]?.request ?? '')).toMatchObject({
    callId: campaign.callId(1),
    phoneNumber: expect.stringMatching(/^\+/) as string,
  });
});
