/** Ends of calls that the provider reports under its id, which is unknown here because a reply was lost. */
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { correctLost } from '../../db/late-ends.ts';
import { sweepLostCalls } from '../../gateway/background/lost-calls-sweeper.ts';
import { SystemHarness, type SystemHarnessOptions } from '../support/harness/system-harness.ts';
import { connectionsTo } from '../support/factories/connections.ts';

let harness: SystemHarness;
afterEach(() => harness?.close());

type Rules = NonNullable<NonNullable<NonNullable<SystemHarnessOptions['simulator']>['faults']>['rules']>;

/** A provider that honours no keys and never gives our id back: what is known of a call without a reply is its event alone. */
async function start(rules: Rules, graceMs = 2_000): Promise<void> {
  harness = await SystemHarness.start({
    simulator: {
      timeScale: 50,
      faults: { rules, poses: { honours_keys: false, finds: 'by_id', echoes: false } },
    },
    provider: { keyTtlMs: 0, maxDurationS: 4, joinTimeoutS: 1 },
    graceMs,
  });
}

const lostReply = { kind: 'drop_reply', when: 'after' } as const;

interface Call {
  readonly id: string;
  readonly outcome: string;
}

async function recorded(): Promise<Call[]> {
  const { rows } = await harness.db.pool.query<Call>('select id, outcome from calls order by id');
  return rows;
}

/** As the provider has them. */
function accepted(id: string): Call[] {
  return harness
    .callsOf(id)
    .map(({ key, outcome }) => ({ id: key!, outcome: outcome! }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function buckets(id: string): Promise<Record<string, number>> {
  const { data } = await harness.api('GET', `/batch-calls/${id}`);
  const { completed, failed, in_progress, pending, skipped } = data as Record<string, number>;
  return { completed: completed!, failed: failed!, in_progress: in_progress!, pending: pending!, skipped: skipped! };
}

describe('a call whose reply is lost, and whose events name only the provider’s own id', () => {
  it('is found by asking the provider what its event is of, and its outcome counts', async () => {
    await start([{ match: { nth: [1, 4, 5, 9] }, fault: lostReply }]);
    const id = await harness.startCampaign(12, { max_concurrent_calls: 6 });
    const result = await harness.result(id);
    expect(await recorded()).toEqual(accepted(id));
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 12, duplicate_keys: 0 });
    const ended = accepted(id).filter(({ outcome }) => outcome === 'completed' || outcome === 'voicemail');
    expect(result.buckets).toMatchObject({ completed: ended.length, failed: 12 - ended.length });
  });

  it('is not guessed where two calls to one number could be meant', async () => {
    await start([{ match: { nth: [1, 2] }, fault: lostReply }]);
    const ids = await Promise.all([harness.startCampaign(1), harness.startCampaign(1)]);
    await Promise.all(ids.map((id) => harness.result(id)));
    expect(harness.simulator.ledger().accepted).toBe(2);
    expect((await recorded()).map(({ outcome }) => outcome)).toEqual(['lost', 'lost']);
  });
});

describe('a call given up as lost whose end comes later', () => {
  const late = {
    kind: 'event_delay' as const,
    events: ['call.ended' as const],
    ms: 12_000,
  } satisfies Rules[number]['fault'];
  const silent = {
    kind: 'event_drop' as const,
    events: ['call.started' as const, 'call.joined' as const, 'call.billed' as const],
  } satisfies Rules[number]['fault'];
  const rules: Rules = [
    { match: { nth: 1 }, fault: { kind: 'life', outcome: 'completed', ring_ms: 100, talk_ms: 100 } },
    { match: { nth: 1 }, fault: late },
    { match: { on: 'get' }, fault: { kind: 'server_error' }, times: 200 },
  ];

  const corrected = async (id: string): Promise<void> => {
    expect(await recorded()).toEqual(accepted(id));
    expect(accepted(id)[0]).toMatchObject({ outcome: 'completed' });
    expect((await buckets(id)).completed).toBe(accepted(id).filter(({ outcome }) => outcome === 'completed').length);
    expect(Object.values(await buckets(id)).reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 1, duplicate_keys: 0 });
  };

  it('is put right when its event is tied to it', async () => {
    await start(rules);
    const id = await harness.startCampaign(1, { max_concurrent_calls: 1 });
    expect((await harness.result(id)).buckets).toMatchObject({ completed: 0, failed: 1 });
    expect(await recorded()).toMatchObject([{ outcome: 'lost' }]);
    await vi.waitFor(() => corrected(id), { interval: 200 });
    // Once: another try finds nothing to correct.
    expect(await correctLost(harness.db.pool, accepted(id)[0]!.id)).toBe(false);
    await corrected(id);
  });

  it('is put right when its event names only an id that nobody has heard of', async () => {
    await start([{ match: { nth: 1 }, fault: lostReply }, { match: { nth: 1 }, fault: silent }, ...rules.slice(0, 2)]);
    const id = await harness.startCampaign(1, { max_concurrent_calls: 1 });
    expect((await harness.result(id)).buckets).toMatchObject({ completed: 0, failed: 1 });
    expect(await recorded()).toMatchObject([{ outcome: 'lost' }]);
    const provider = harness.provider();
    const sweep = () =>
      sweepLostCalls({
        pool: harness.db.pool,
        connections: connectionsTo(provider),
        logger: pino({ level: 'silent' }),
      });
    try {
      await vi.waitFor(
        async () => {
          await sweep();
          await corrected(id);
        },
        { interval: 200 },
      );
      await sweep();
      await corrected(id);
    } finally {
      await provider.close();
    }
  });
});
