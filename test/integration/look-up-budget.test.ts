/** The budget of look-ups on the connection's row, which all processes share. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orphansOfCalls } from '../../db/orphans.ts';
import { reserveLookUps } from '../../db/look-up-budget.ts';
import { storeEvent } from '../../db/call-events.ts';
import { parseCallId } from '../../domain/engine/ids.ts';
import { OpenConnections } from '../../providers/connections/open-connections.ts';
import { connectionOf } from '../../providers/connections/connection.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { callActivity, recordCampaign } from '../support/factories/dials.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';

const NOW = Date.UTC(2026, 2, 18, 12);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('is kept by many who reserve at the same time, and each connection has its own', async () => {
  const clock = () => Promise.resolve(NOW);
  const reserve = (connection: string) =>
    reserveLookUps(database.pool, { connection, perMinute: 60 }, { urgent: 7, routine: 0 }, clock);
  const granted = await Promise.all(Array.from({ length: 20 }, () => reserve('clinic-us')));
  expect(granted.reduce((sum, { granted: { urgent } }) => sum + urgent, 0)).toBe(60);
  expect((await reserve('clinic-uk')).granted.urgent).toBe(7);
});

describe('a look-up beyond the budget', () => {
  let startsAt = NOW;
  const setUp = async (lookUpsPerMinute: number) => {
    // What the test before has used is free again.
    startsAt += 3_600_000;
    let now = startsAt;
    const provider = new ScriptedProvider(database.pool, () => now);
    const connections = new OpenConnections([{ ...connectionOf(provider), lookUpsPerMinute }]);
    const deps = { pool: database.pool, provider, connections, now: () => now };
    const campaign = await recordCampaign(database.pool, 20, now);
    const place = (seq: number) =>
      callActivity('placeCall', deps, {
        campaignId: campaign.id,
        seq,
        attempt: 1,
        epoch: 1,
        placement: 1,
        day: '2026-03-18',
        notBefore: 0,
        notAfter: startsAt + 600_000,
      });
    const lookUp = (seqs: readonly number[], asked: object = {}) => {
      const calls = seqs.map((seq) => {
        const callId = campaign.callId(seq);
        return { ...parseCallId(callId)!, callId, placement: 1, ...asked };
      });
      return callActivity('lookUpCalls', deps, { campaignId: campaign.id, epoch: 1, calls });
    };
    return { provider, campaign, place, lookUp, pass: (ms: number) => (now += ms) };
  };
  const SEQS = Array.from({ length: 20 }, (_, index) => index + 1);
  const count = (findings: readonly { readonly kind: string }[], kind: string) =>
    findings.filter((finding) => finding.kind === kind).length;

  test('is deferred, has read our own records all the same, and is asked a minute later', async () => {
    const { provider, campaign, place, lookUp, pass } = await setUp(12);
    for (const seq of SEQS) await place(seq);
    const first = await lookUp(SEQS);
    expect([count(first, 'live'), count(first, 'deferred'), provider.lookedUp.length]).toEqual([9, 11, 9]);
    // The rest is kept for urgent questions.
    expect(count(await lookUp(SEQS, { urgent: true }), 'live')).toBe(3);
    const { event_id: eventId, ended_at: occurredAt } = provider.end(campaign.callId(20), 'busy');
    await storeEvent(
      database.pool,
      provider.name,
      {
        eventId,
        kind: 'ended',
        callId: campaign.callId(20),
        providerCallId: null,
        outcome: 'busy',
        outcomeAsSent: 'busy',
        occurredAt,
      },
      '{}',
    );
    expect((await lookUp([19, 20])).map(({ kind }) => kind)).toEqual(['deferred', 'ended']);
    expect(provider.lookedUp).toHaveLength(12);
    pass(66_000);
    expect(count(await lookUp(SEQS.slice(0, 9)), 'live')).toBe(9);
  });

  test('leaves a call of the provider that nobody knows to the next time', async () => {
    const { provider, campaign, place, lookUp } = await setUp(10);
    provider.script = () => ({ kind: 'unknown', reason: 'timeout' });
    provider.lookUpScript = () => ({ kind: 'unknown', reason: 'not_found' });
    await place(1);
    const orphan = {
      eventId: 'orphan',
      kind: 'started',
      callId: null,
      providerCallId: 'nobody-knows',
      outcome: null,
      outcomeAsSent: null,
      occurredAt: startsAt,
    } as const;
    await storeEvent(database.pool, provider.name, orphan, '{}');
    const asked: string[] = [];
    provider.orphanScript = (id) => {
      asked.push(id);
      return null;
    };
    // Nothing is left for what is not urgent.
    await reserveLookUps(database.pool, { connection: provider.name, perMinute: 100 }, { urgent: 9, routine: 0 }, () =>
      Promise.resolve(startsAt),
    );
    expect(await lookUp([1], { urgent: true })).toMatchObject([{ kind: 'unknown' }]);
    expect(asked).toEqual([]);
    expect(await orphansOfCalls(database.pool, provider.name, [campaign.callId(1)], 10)).toEqual(['nobody-knows']);
  });
});
