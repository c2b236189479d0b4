/** Calls that wait in the provider's queue when their window closes: what a look-up does about each, and what it learns. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeEvent } from '../../db/call-events.ts';
import { parseCallId } from '../../domain/engine/ids.ts';
import { cancelLeftQueued } from '../../providers/cancel-left-queued.ts';
import type { LookUpResult, ProviderFacts } from '../../providers/port.ts';
import { connectionsTo } from '../support/factories/connections.ts';
import { nextId } from '../support/factories/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { callActivity, recordCampaign } from '../support/factories/dials.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const now = () => NOW;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A call that the provider has accepted, and says is queued. */
async function queuedCall({ cancels = true, facts }: { cancels?: boolean; facts?: Partial<ProviderFacts> } = {}) {
  const provider = new ScriptedProvider(database.pool, now, facts, cancels);
  Object.assign(provider, { name: nextId('scripted') });
  const campaign = await recordCampaign(database.pool, 1, NOW);
  const callId = campaign.callId(1);
  const address = parseCallId(callId)!;
  const deps = { pool: database.pool, provider, now };
  const dial = { ...address, epoch: 1, placement: 1, day: '2026-03-18', notBefore: 0, notAfter: NOW + 600_000 };
  expect(await callActivity('placeCall', deps, dial)).toMatchObject({ kind: 'accepted' });
  const live = (queued: boolean): LookUpResult => ({ kind: 'live', providerCallId: `provider-${callId}`, queued });
  provider.lookUpScript = () => live(true);
  const lookUp = async (asked: object) => {
    const calls = [{ ...address, callId, placement: 1, ...asked }];
    const [finding] = await callActivity('lookUpCalls', deps, { campaignId: campaign.id, epoch: 1, calls });
    return finding;
  };
  const started = () =>
    storeEvent(
      database.pool,
      provider.name,
      {
        eventId: `started:${callId}`,
        kind: 'started',
        callId,
        providerCallId: `provider-${callId}`,
        outcome: null,
        outcomeAsSent: null,
        occurredAt: NOW,
      },
      '{}',
    );
  return { provider, callId, campaignId: campaign.id, live, lookUp, started };
}

const CANCEL = { cancelQueued: true };

describe('a call that the provider has in its queue', () => {
  it('is cancelled there at the close of its window, and ends as cancelled', async () => {
    const { provider, callId, lookUp } = await queuedCall();
    expect(await lookUp(CANCEL)).toMatchObject({ kind: 'ended', event: { call_id: callId, outcome: 'cancelled' } });
    expect(provider.cancelled).toEqual([callId]);
  });

  it('is left alone before', async () => {
    const { provider, lookUp } = await queuedCall();
    expect(await lookUp({})).toEqual({ kind: 'live', queued: true });
    expect(provider.cancelled).toEqual([]);
  });

  it.each<[string, (live: (queued: boolean) => LookUpResult) => LookUpResult, object]>([
    ['was dialled meanwhile', (live) => live(false), { kind: 'live', queued: false }],
    ['is still queued', (live) => live(true), { kind: 'live', queued: true }],
    [
      'had ended meanwhile',
      () => ({ kind: 'ended', providerCallId: 'x', outcome: 'busy', endedAt: null }),
      { kind: 'ended', event: { outcome: 'busy' } },
    ],
    ['is unknown', () => ({ kind: 'unknown', reason: 'http_500' }), { kind: 'live', queued: true }],
    ['is told oddly', () => ({ kind: 'gone' }) as unknown as LookUpResult, { kind: 'live', queued: true }],
  ])('is what the provider says of it when it was cancelled: it %s', async (_, said, expected) => {
    const { provider, live, lookUp } = await queuedCall();
    provider.cancelScript = () => said(live);
    expect(await lookUp(CANCEL)).toMatchObject(expected);
    expect(provider.cancelled).toHaveLength(1);
  });

  it('stays there where the adapter fails to cancel it, or cannot', async () => {
    const failing = await queuedCall();
    failing.provider.cancelScript = () => {
      throw new Error('socket hang up');
    };
    expect(await failing.lookUp(CANCEL)).toEqual({ kind: 'live', queued: true });
    const { lookUp } = await queuedCall({ cancels: false });
    expect(await lookUp(CANCEL)).toEqual({ kind: 'live', queued: true });
  });

  it('is not cancelled once an event says that it was dialled; the provider is asked only if there is another reason', async () => {
    const { provider, callId, lookUp, started } = await queuedCall();
    await started();
    expect(await lookUp(CANCEL)).toEqual({ kind: 'live', queued: false });
    expect(provider.lookedUp).toEqual([]);
    expect(await lookUp({ ...CANCEL, urgent: true })).toEqual({ kind: 'live', queued: false });
    expect([provider.lookedUp, provider.cancelled]).toEqual([[callId], []]);
  });
});

describe('a call in the queue whose campaign has no workflow', () => {
  /** Longer than the request may take. */
  const BOUND_MS = 90_000;

  /** A queued call, and what a gateway does about it so long after its request. */
  async function leftCall() {
    const queued = await queuedCall({ facts: { queueBoundMs: BOUND_MS } });
    await database.pool.query('update campaigns set owner_run_id = null where id = $1', [queued.campaignId]);
    const [open] = connectionsTo(queued.provider).all();
    const sweep = (afterMs: number) => cancelLeftQueued(database.pool, open!, NOW + afterMs);
    const ends = async () => {
      const { rows } = await database.pool.query<{ outcome: string }>(
        "select outcome from call_events where call_id = $1 and kind = 'ended'",
        [queued.callId],
      );
      return rows.map(({ outcome }) => outcome);
    };
    return { ...queued, sweep, ends };
  }

  it('is cancelled there once the time that the queue may take is over, and its end is recorded once', async () => {
    const { provider, callId, sweep, ends } = await leftCall();
    expect(await sweep(BOUND_MS - 1)).toBe(0);
    expect([provider.lookedUp, provider.cancelled]).toEqual([[], []]);
    expect(await sweep(BOUND_MS)).toBe(1);
    expect(provider.cancelled).toEqual([callId]);
    expect(await ends()).toEqual(['cancelled']);
    expect(await sweep(BOUND_MS + 60_000)).toBe(0);
    expect(provider.lookedUp).toEqual([callId]);
  });

  it('is left to the workflow while there is one', async () => {
    const { provider, sweep, campaignId } = await leftCall();
    await database.pool.query("update campaigns set owner_run_id = 'another run' where id = $1", [campaignId]);
    expect(await sweep(BOUND_MS)).toBe(0);
    expect([provider.lookedUp, provider.cancelled]).toEqual([[], []]);
  });

  it('is not cancelled where it was dialled, and asked about less and less often', async () => {
    const { provider, live, sweep, started } = await leftCall();
    provider.lookUpScript = () => live(false);
    for (let at = BOUND_MS; at <= BOUND_MS + 120_000; at += 5_000) await sweep(at);
    expect(provider.cancelled).toEqual([]);
    expect(provider.lookedUp.length).toBeLessThanOrEqual(5);
    const { length } = provider.lookedUp;
    await started();
    await sweep(BOUND_MS + 3_600_000);
    expect(provider.lookedUp).toHaveLength(length);
  });

  it('is cancelled again soon where that failed', async () => {
    const { provider, sweep, ends } = await leftCall();
    provider.cancelScript = () => ({ kind: 'unknown', reason: 'http_500' });
    expect(await sweep(BOUND_MS)).toBe(0);
    provider.cancelScript = null;
    expect(await sweep(BOUND_MS + 15_000)).toBe(1);
    expect(await ends()).toEqual(['cancelled']);
  });
});
