import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { callId } from '../../domain/engine/ids.ts';
import { TruedyConfig } from '../../providers/truedy/config.ts';
import { createTruedyProvider } from '../../providers/truedy/truedy.ts';
import type { CallFault, FaultPlan, RequestFault } from '../../simulator/faults.ts';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { DEFAULTS } from '../../worker/defaults.ts';
import { createSimulator } from '../../simulator/simulator.ts';
import { watchForLeaks } from '../support/probes/leaks.ts';
import { receiveWebhooks, type ReceivedWebhook } from '../support/fakes/webhook-receiver.ts';
import { callToPlace } from '../support/factories/call-to-place.ts';

const SECRET = 'whsec_faults';
/** For hundreds of requests at once, on a machine that does other things too. */
const PATIENT = { requestTimeoutMs: 60_000 };
const SHORT = { kind: 'life', outcome: 'completed', queue_ms: 1_000, ring_ms: 1_000, talk_ms: 1_000 } as const;
const closers: (() => Promise<void>)[] = [];
let noLeaks: () => Promise<void>;
beforeEach(() => {
  noLeaks = watchForLeaks();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await noLeaks();
});

type Answer = Parameters<typeof receiveWebhooks>[0];

/** Adapter, simulator and a place for webhooks, speaking HTTP on loopback. */
async function connect(
  options: z.input<typeof SimulatorOptions> = {},
  answer?: Answer,
  config: Partial<z.input<typeof TruedyConfig>> = {},
) {
  const receiver = await receiveWebhooks(answer);
  const simulator = createSimulator({
    webhook: { url: receiver.url, secret: SECRET },
    timeScale: 1_000,
    delivery: { retryBaseMs: 5 },
    ...options,
  });
  const provider = createTruedyProvider(
    TruedyConfig.parse({
      baseUrl: await simulator.listen(),
      apiKey: 'simulator-key',
      webhookSecrets: [SECRET],
      ...config,
    }),
  );
  closers.push(
    () => receiver.close(),
    () => simulator.close(),
    () => provider.close(),
  );
  let seq = 0;
  const place = async (key = nextKey()) => {
    const frozen = provider.freeze(callToPlace({ callId: key }));
    return { key, result: await provider.place(frozen, key, Number.POSITIVE_INFINITY) };
  };
  const nextKey = () => {
    seq += 1;
    return callId({ campaignId: '00000000-0000-4000-8000-00000000000b', seq, attempt: 1 });
  };
  /** What a careful receiver makes of one delivery: the event, or why it was refused. */
  const read = ({ body, headers }: ReceivedWebhook) => {
    try {
      const webhook = { rawBody: body, headers, url: null, now: Date.now() };
      provider.verify(webhook);
      return provider.parse(webhook)[0]!;
    } catch (error) {
      if (error instanceof RingfenceError) return error.code;
      throw error;
    }
  };
  const kinds = () => receiver.received.map(read).map((event) => (typeof event === 'string' ? event : event.kind));
  /** Resolves when every event that is to come has come. */
  const quiet = (accepted = 1) =>
    vi.waitFor(() => {
      const { outcomes, webhooks } = simulator.summary();
      expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(accepted);
      expect(webhooks).toMatchObject({ pending: 0 });
      expect(kinds()).toContain('billed');
    });
  return { provider, simulator, receiver, place, read, kinds, quiet };
}

function on(fault: z.input<typeof CallFault> | z.input<typeof RequestFault>): { faults: z.input<typeof FaultPlan> } {
  return { faults: { rules: [{ fault: SHORT }, { fault }] } };
}

describe('events', () => {
  test('a call in good order reports four of them, once each', async () => {
    const { place, kinds, quiet } = await connect(on({ kind: 'life' }));
    await place();
    await quiet();
    expect(kinds().toSorted()).toEqual(['billed', 'ended', 'joined', 'started']);
  });

  test('duplicates carry the same id', async () => {
    const { place, receiver, read, quiet } = await connect(
      on({ kind: 'event_duplicate', events: ['call.ended'], copies: 2 }),
    );
    await place();
    await quiet();
    const ended = receiver.received.map(read).filter((event) => typeof event !== 'string' && event.kind === 'ended');
    expect(ended).toHaveLength(3);
    expect(new Set(ended.map((event) => JSON.stringify(event))).size).toBe(1);
  });

  test('dropped ones never come', async () => {
    const { place, kinds, quiet } = await connect(on({ kind: 'event_drop', events: ['call.ended', 'call.started'] }));
    await place();
    await quiet();
    expect(kinds().toSorted()).toEqual(['billed', 'joined']);
  });

  test('reversed ones come last first', async () => {
    const { place, kinds, receiver } = await connect(on({ kind: 'event_reorder' }));
    await place();
    await receiver.until((received) => received.length === 4);
    expect(kinds()).toEqual(['billed', 'ended', 'joined', 'started']);
  });

  test('a delayed one is overtaken', async () => {
    const { place, kinds, receiver } = await connect(on({ kind: 'event_delay', events: ['call.started'], ms: 400 }));
    await place();
    await receiver.until((received) => received.length === 4);
    expect(kinds().at(-1)).toBe('started');
  });

  test('a call may be over before its placement is answered', async () => {
    const faults: z.input<typeof FaultPlan> = {
      rules: [{ fault: { kind: 'event_before_reply', events: ['call.started', 'call.ended'] } }],
    };
    const { place, kinds } = await connect({ faults });
    const { result } = await place();
    expect(kinds()).toEqual(expect.arrayContaining(['started', 'ended']));
    expect(result).toMatchObject({ kind: 'accepted' });
  });

  test.each<[z.input<typeof CallFault>, string]>([
    [{ kind: 'event_wrong_signature', events: ['call.ended'], deliveries: 2 }, 'invalid_signature'],
    [{ kind: 'event_altered', events: ['call.ended'], deliveries: 2 }, 'invalid_signature'],
    [{ kind: 'event_too_old', events: ['call.ended'], deliveries: 2 }, 'stale_signature'],
  ])('%o is refused until a good one follows', async (fault, code) => {
    let judge: ((webhook: ReceivedWebhook) => unknown) | undefined;
    const { place, kinds, quiet, read } = await connect(on(fault), (webhook) =>
      typeof judge?.(webhook) === 'string' ? 401 : 204,
    );
    judge = read;
    await place();
    await quiet();
    expect(kinds().filter((kind) => kind === code)).toHaveLength(2);
    expect(kinds().filter((kind) => kind === 'ended')).toHaveLength(1);
  });

  test('a second end comes under another id and with another outcome', async () => {
    const { place, receiver, read, quiet } = await connect(on({ kind: 'second_end', outcome: 'busy' }));
    await place();
    await quiet();
    const ended = receiver.received.map(read).filter((event) => typeof event !== 'string' && event.kind === 'ended');
    expect(ended).toMatchObject([{ outcome: expect.any(String) as string }, { outcome: expect.any(String) as string }]);
    const facts = ended.map((event) => (typeof event === 'string' ? null : [event.eventId, event.outcome]));
    expect(new Set(facts.map((fact) => fact?.[0])).size).toBe(2);
    expect(new Set(facts.map((fact) => fact?.[1]))).toEqual(new Set(['completed', 'busy']));
  });

  test('are delivered until they are acknowledged, signed again each time', async () => {
    const { place, kinds, quiet, simulator } = await connect(on({ kind: 'life' }), (_webhook, nth) =>
      nth <= 6 ? (['hang up', 500, 302] as const)[nth % 3]! : 204,
    );
    await place();
    await quiet();
    expect(new Set(kinds())).toEqual(new Set(['started', 'joined', 'ended', 'billed']));
    expect(simulator.summary().webhooks).toMatchObject({ deliveries: 10, acknowledged: 4, given_up: 0 });
  });

  test('that are not signed again keep their first signature', async () => {
    const faults = on({ kind: 'event_too_old', events: ['call.ended'] }).faults;
    const options = { faults: { ...faults, poses: { signs_anew: false } }, delivery: { retryBaseMs: 1, tries: 3 } };
    let judge: ((webhook: ReceivedWebhook) => unknown) | undefined;
    const { place, kinds, quiet, read, simulator } = await connect(options, (webhook) =>
      typeof judge?.(webhook) === 'string' ? 401 : 204,
    );
    judge = read;
    await place();
    await quiet();
    expect(kinds().filter((kind) => kind === 'stale_signature')).toHaveLength(3);
    expect(simulator.summary().webhooks).toMatchObject({ given_up: 1, acknowledged: 3 });
  });

  test.each<[string, z.input<typeof FaultPlan>['poses'], 'echoed' | null]>([
    ['without ids', { event_ids: false }, 'echoed'],
    ['without our call id', { echoes: false }, null],
    ['in the other spelling', { spelling: 'completed' }, 'echoed'],
  ])('are understood %s', async (_name, poses, echoed) => {
    const { place, receiver, read, quiet } = await connect({ faults: { ...on({ kind: 'life' }).faults, poses } });
    const { key, result } = await place();
    await quiet();
    const events = receiver.received.map(read).map((event) => (typeof event === 'string' ? null : event));
    expect(new Set(events.map((event) => event?.kind))).toEqual(new Set(['started', 'joined', 'ended', 'billed']));
    expect(new Set(events.map((event) => event?.eventId)).size).toBe(4);
    expect(new Set(events.map((event) => event?.callId))).toEqual(new Set([echoed === null ? null : key]));
    expect(new Set(events.map((event) => event?.providerCallId))).toEqual(
      new Set([result.kind === 'accepted' ? result.providerCallId : 'none']),
    );
  });
});

describe('a call whose reply was lost', () => {
  const lost = { rules: [{ fault: { kind: 'drop_reply' as const } }] };

  test('is found by its variables where the provider gives them back', async () => {
    const { place, provider, simulator } = await connect({ faults: { ...lost, poses: { finds: 'by_variables' } } });
    const { key, result } = await place();
    expect(result).toMatchObject({ kind: 'unknown' });
    const [call] = simulator.ledger().calls;
    await vi.waitFor(async () => {
      const [known] = await provider.lookUp([{ callId: key, providerCallId: null }]);
      expect(known).toMatchObject({ kind: 'ended', providerCallId: call!.id, outcome: call!.outcome });
    });
  });

  test('stays unknown where it does not, or denies every call', async () => {
    const { place, provider, simulator } = await connect({ faults: lost });
    const { key } = await place();
    const ref = { callId: key, providerCallId: null };
    expect(await provider.lookUp([ref])).toEqual([{ kind: 'unknown', reason: 'variables_not_listed' }]);
    simulator.setFaults({ poses: { finds: 'nothing' } });
    expect(await provider.lookUp([ref])).toMatchObject([{ kind: 'unknown' }]);
    const [call] = simulator.ledger().calls;
    expect(await provider.lookUp([{ callId: key, providerCallId: call!.id }])).toMatchObject([{ kind: 'unknown' }]);
  });

  test('is placed twice only where keys mean nothing', async () => {
    const { place, simulator } = await connect({ faults: { ...lost, poses: { honours_keys: false } } });
    const { key } = await place();
    await place(key);
    expect(simulator.summary()).toMatchObject({ accepted: 2, duplicate_keys: 1 });
  });
});

describe('trouble with look-ups proves nothing', () => {
  test.each<z.input<typeof RequestFault>>([
    { kind: 'throttle', retry_after: 1 },
    { kind: 'server_error', status: 503 },
    { kind: 'drop_reply' },
    { kind: 'garbled_reply' },
    { kind: 'account', status: 401 },
    { kind: 'account', status: 404 },
  ])('%o', async (fault) => {
    const { place, provider, simulator } = await connect();
    const { key, result } = await place();
    if (result.kind !== 'accepted') throw new Error('expected an accepted call');
    simulator.setFaults({
      rules: [
        { match: { on: 'get' }, fault },
        { match: { on: 'list' }, fault },
      ],
    });
    const { providerCallId } = result;
    expect(await provider.lookUp([{ callId: key, providerCallId }])).toMatchObject([{ kind: 'unknown' }]);
    expect(await provider.lookUp([{ callId: key, providerCallId: null }])).toMatchObject([{ kind: 'unknown' }]);
  });
});

test.each(['503', 'destroy'] as const)('an outage (%s) leaves placements unknown, and no call behind', async (how) => {
  const { place, simulator } = await connect({ faults: { outages: [{ how }] } });
  const results = await Promise.all(Array.from({ length: 5 }, async () => (await place()).result.kind));
  expect(new Set(results)).toEqual(new Set(['unknown']));
  expect(simulator.summary()).toMatchObject({ accepted: 0, requests_total: 5 });
});

test('many calls at once: one each, each ended and told of once, and the peak as it was', async () => {
  const CALLS = 200;
  const { place, simulator, kinds, quiet } = await connect(
    { seed: 'many', faults: { rules: [{ probability: 0.2, fault: { kind: 'event_duplicate' } }] } },
    undefined,
    PATIENT,
  );
  const placed = await Promise.all(Array.from({ length: CALLS }, () => place()));
  expect(placed.every(({ result }) => result.kind === 'accepted')).toBe(true);
  await quiet(CALLS);
  await vi.waitFor(() => expect(kinds().filter((kind) => kind === 'billed').length).toBeGreaterThanOrEqual(CALLS));
  const { calls, ...summary } = simulator.ledger();
  expect(summary).toMatchObject({ accepted: CALLS, duplicate_keys: 0, in_flight: 0, requests_total: CALLS });
  expect(new Set(calls.map(({ key }) => key)).size).toBe(CALLS);
  expect(summary.peak_in_flight).toBeGreaterThan(1);
  for (const call of calls) {
    expect(call.dialled_at).toBeGreaterThanOrEqual(call.accepted_at);
    expect(call.ended_at).toBeGreaterThanOrEqual(call.started_at ?? call.dialled_at!);
  }
});

test('as many requests as a worker dials at most wait for no connection here, however slowly the provider answers', async () => {
  const { place, simulator } = await connect(
    { faults: { rules: [{ fault: { kind: 'delay_reply', ms: 600_000, when: 'before' } }] } },
    undefined,
    PATIENT,
  );
  const placed = Promise.all(Array.from({ length: DEFAULTS.maxDials }, () => place()));
  // One that waited for half of its time for a connection would be unavailable, and hold its campaign.
  await vi.waitFor(() => expect(simulator.summary().requests_total).toBe(DEFAULTS.maxDials));
  await simulator.close();
  await placed;
});

test('fifty calls looked up at once have the provider’s answer, however long they wait here for their turn', async () => {
  const { place, provider } = await connect({
    faults: { rules: [{ match: { on: 'get' }, fault: { kind: 'delay_reply', ms: 1_200, when: 'before' } }] },
  });
  const placed = await Promise.all(Array.from({ length: 50 }, () => place()));
  const asked = placed.map(({ key, result }) => {
    if (result.kind !== 'accepted') throw new Error(`${key} was not accepted`);
    return provider.lookUp([{ callId: key, providerCallId: result.providerCallId }]);
  });
  // One that waited for half of its time would be unknown, and lost at its deadline.
  const found = (await Promise.all(asked)).flat();
  expect(found.filter(({ kind }) => kind === 'unknown')).toEqual([]);
});

test('a simulator that is closed under load is gone at once', async () => {
  const { place, simulator } = await connect({ timeScale: 1, delivery: { retryBaseMs: 1 } }, () => 500);
  simulator.setFaults({ rules: [{ match: { nth: 21 }, fault: { kind: 'delay_reply', ms: 60_000, when: 'before' } }] });
  for (let index = 0; index < 20; index += 1) await place();
  const waiting = place();
  await vi.waitFor(() => expect(simulator.summary().requests_total).toBe(21));
  await simulator.close();
  expect((await waiting).result).toMatchObject({ kind: 'unknown' });
  expect(simulator.summary().accepted).toBe(20);
  await vi.waitFor(async () => expect((await place()).result).toMatchObject({ kind: 'unavailable' }));
});
