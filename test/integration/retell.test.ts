import { afterEach, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { callId } from '../../domain/engine/ids.ts';
import type { CallProvider, CallToPlace, PlaceResult } from '../../providers/port.ts';
import { createRetellProvider } from '../../providers/retell/retell.ts';
import { RetellSettings } from '../../providers/retell/settings.ts';
import type { FaultPlan } from '../../simulator/faults.ts';
import { callToPlace } from '../support/factories/call-to-place.ts';
import type { receiveWebhooks } from '../support/fakes/webhook-receiver.ts';
import { connect, createSimulatedHarness, PATIENT_MS, TIMEOUT_MS } from '../support/harness/simulated-carrier.ts';
import { describeProvider } from '../support/provider-contract.ts';

const API_KEY = 'key_contract';
const NUMBER = '+14155550100';
const FAR_SIDE = { options: { carrier: 'retell', apiKey: API_KEY }, secret: API_KEY } as const;

const providerWith =
  (timeoutMs: number) =>
  (baseUrl: string): CallProvider => {
    const settings = RetellSettings.parse({
      base_url: baseUrl,
      api_key: API_KEY,
      request_timeout_seconds: timeoutMs / 1000,
    });
    return createRetellProvider(settings, { callerNumbers: [NUMBER] });
  };

describeProvider('Retell', () =>
  createSimulatedHarness(
    { ...FAR_SIDE, createProvider: providerWith(TIMEOUT_MS) },
    {
      oddWebhooks: [
        { event_timestamp: Date.now() + 0.5 },
        { event_timestamp: 'yesterday', call: { call_id: 'c', disconnection_reason: 'dial_busy' } },
        { call: { call_id: 'c'.repeat(180), call_status: 'ended', end_timestamp: Date.now() + 0.25 } },
        { call: { call_id: 'c', disconnection_reason: null, metadata: 'not an object' } },
      ].map((odd) => Buffer.from(JSON.stringify({ event: 'call_ended', call: { call_id: 'c' }, ...odd }))),
    },
  ),
);

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(plan: z.input<typeof FaultPlan> = {}, answer?: Parameters<typeof receiveWebhooks>[0]) {
  const createProvider = providerWith(PATIENT_MS);
  const sides = await connect({ ...FAR_SIDE, createProvider, ...(answer === undefined ? {} : { answer }) });
  closers.push(sides.close);
  const { simulator, provider } = sides;
  simulator.setFaults(plan);
  /** Whether every call is over. */
  const allOver = () => vi.waitFor(() => expect(simulator.summary().in_flight).toBe(0));
  const placeAll = (calls: readonly CallToPlace[]) =>
    Promise.all(calls.map((call) => provider.place(provider.freeze(call), call.callId, Date.now() + 60_000)));
  /** What the requests are about that come while `work` is done. */
  const askedBy = async (work: () => Promise<unknown>) => {
    const before = simulator.ledger().requests.length;
    await work();
    return simulator
      .ledger()
      .requests.slice(before)
      .map(({ on }) => on);
  };
  return { ...sides, allOver, placeAll, askedBy };
}

const callTo = (seq: number): CallToPlace =>
  callToPlace({
    callId: callId({ campaignId: '00000000-0000-4000-8000-00000000000b', seq, attempt: 1 }),
    firstName: 'Ada',
  });
const TEN = Array.from({ length: 10 }, (_, index) => callTo(index + 1));

function idOf(result: PlaceResult | undefined): string | null {
  return result?.kind === 'accepted' ? result.providerCallId : null;
}

describe('Retell', () => {
  test('finds calls whose replies were lost, all with one request', async () => {
    const rules = [
      { fault: { kind: 'drop_reply' as const } },
      { fault: { kind: 'life' as const, outcome: 'busy' as const } },
    ];
    const { simulator, provider, allOver, placeAll, askedBy } = await open({ rules });
    expect((await placeAll(TEN)).map(({ kind }) => kind)).toEqual(TEN.map(() => 'unknown'));
    await allOver();
    let found: unknown;
    const asked = await askedBy(async () => {
      found = await provider.lookUp(TEN.map((call) => ({ callId: call.callId, providerCallId: null })));
    });
    expect(asked).toEqual(['list']);
    const known = new Map(simulator.ledger().calls.map(({ key, id }) => [key, id]));
    expect(found).toMatchObject(
      TEN.map((call) => ({ kind: 'ended', providerCallId: known.get(call.callId), outcome: 'busy' })),
    );
  });

  test.each([
    [1, 'get'],
    [10, 'list'],
  ])('asks once about %i calls whose ids are known', async (count, on) => {
    const { provider, allOver, placeAll, askedBy } = await open();
    const ids = (await placeAll(TEN.slice(0, count))).map(idOf);
    await allOver();
    let found: unknown;
    const asked = await askedBy(async () => {
      found = await provider.lookUp(ids.map((providerCallId) => ({ callId: null, providerCallId })));
    });
    expect(found).toMatchObject(ids.map((providerCallId) => ({ kind: 'ended', providerCallId })));
    expect(asked).toEqual([on]);
  });

  test('does not take a call for absent that the list leaves out', async () => {
    const { simulator, provider, placeAll } = await open({
      poses: { list_lag_ms: 86_400_000 },
      rules: [{ fault: { kind: 'drop_reply' }, times: 1 }],
    });
    const [lost, known] = [callTo(1), callTo(2)];
    await placeAll([lost]);
    const [accepted] = await placeAll([known]);
    await vi.waitFor(() => expect(simulator.summary().in_flight).toBe(0));
    const providerCallId = idOf(accepted);
    expect(
      await provider.lookUp([
        { callId: lost.callId, providerCallId: null },
        { callId: known.callId, providerCallId },
      ]),
    ).toMatchObject([
      { kind: 'unknown', reason: 'not_found' },
      { kind: 'ended', providerCallId },
    ]);
  });

  test('asks once for many calls, and not again for each, while the list fails', async () => {
    const { provider, placeAll, askedBy } = await open({
      rules: [{ match: { on: 'list' }, fault: { kind: 'throttle' } }],
    });
    const placed = await placeAll([callTo(1), callTo(2)]);
    let results: unknown;
    const asked = await askedBy(async () => {
      results = await provider.lookUp(placed.map((result) => ({ callId: null, providerCallId: idOf(result) })));
    });
    expect(results).toEqual([
      { kind: 'unknown', reason: 'http_429' },
      { kind: 'unknown', reason: 'http_429' },
    ]);
    expect(asked).toEqual(['list']);
  });

  test("holds the connection, and blames no contact, if the number to call from is not the account's", async () => {
    const { simulator, placeAll } = await open({ poses: { numbers: ['+14155550999'] } });
    expect(await placeAll([callTo(1)])).toEqual([{ kind: 'blocked', reason: 'from_number_not_found' }]);
    expect(simulator.summary().accepted).toBe(0);
  });

  test('waits while the account has as many calls as it may have', async () => {
    const { simulator, placeAll } = await open({
      poses: { concurrency_limit: 1 },
      rules: [{ fault: { kind: 'life', queue_ms: 86_400_000 } }],
    });
    await placeAll([callTo(1)]);
    expect(await placeAll([callTo(2)])).toEqual([{ kind: 'throttled', retryAfterMs: null }]);
    expect(simulator.summary().accepted).toBe(1);
  });

  test('reads the end of a call from look-ups alone, with all webhooks lost', async () => {
    const { provider, allOver, placeAll, receiver } = await open({
      poses: { webhooks: false },
      rules: [{ fault: { kind: 'life', outcome: 'declined' } }],
    });
    const providerCallId = idOf((await placeAll([callTo(1)]))[0]);
    await allOver();
    expect(await provider.lookUp([{ callId: null, providerCallId }])).toMatchObject([
      { kind: 'ended', providerCallId, outcome: 'declined', endedAt: null },
    ]);
    expect(receiver.received).toEqual([]);
  });

  test('sends an event four times in all, as it is not acknowledged, and the next one all the same', async () => {
    const rules = [{ fault: { kind: 'life' as const, outcome: 'no_answer' as const } }];
    const { simulator, provider, receiver, placeAll } = await open({ rules }, () => 500);
    await placeAll([callTo(1)]);
    await vi.waitFor(() => expect(simulator.summary().webhooks.given_up).toBe(2));
    const ids = receiver.received
      .flatMap(({ body: rawBody, headers, url }) => provider.parse({ rawBody, headers, url, now: Date.now() }))
      .map(({ eventId }) => eventId);
    expect(ids).toHaveLength(8);
    // A repetition of an event has the same id.
    expect(new Set(ids).size).toBe(2);
  });
});
