/** A connection's limit that is changed while it is full: workers that load it wake the coordinator, which tells the campaigns. */
import { afterEach, expect, inject, it, vi } from 'vitest';
import { NativeConnection } from '@temporalio/worker';
import { connectionWorkflowId } from '../../domain/engine/ids.ts';
import { SHARE_REPORTED } from '../../domain/engine/share-messages.ts';
import { OpenConnections } from '../../providers/connections/open-connections.ts';
import { createRingfenceWorker } from '../../worker/index.ts';
import { limitedConnection } from '../support/factories/connections.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

const SLOTS = 8;
/** Well below the minute after which a coordinator looks by itself. */
const SOON = { timeout: 45_000 };
const CALLS = { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: 2_000 } as const;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Real workers in place of the harness's own, which load their connections again. */
async function workersOf(harness: SystemHarness, maxConcurrentCalls: number) {
  await harness.stopWorkers();
  const temporal = await NativeConnection.connect({ address: inject('temporalAddress') });
  closing.push(() => temporal.close());
  const stated = (limit: number | null) => [limitedConnection(harness.provider(), { maxConcurrentCalls: limit })];
  const connections = new OpenConnections(stated(maxConcurrentCalls));
  closing.push(() => connections.close());
  const worker = await createRingfenceWorker({
    connections,
    databaseUrl: harness.db.url,
    temporal: { connection: temporal, namespace: 'default' },
    taskQueue: harness.taskQueue,
  });
  const running = worker.run();
  closing.push(async () => {
    worker.shutdown();
    await running;
  });
  return {
    async load(limit: number | null) {
      connections.reload(stated(limit));
      await worker.dialForAllConnections();
    },
    async loadNone() {
      connections.reload([]);
      await worker.dialForAllConnections();
    },
  };
}

it('is kept to at once: raised, lowered and removed', async () => {
  const harness = await SystemHarness.start({
    simulator: { timeScale: 1, faults: { rules: [{ fault: CALLS }] } },
    limits: { maxConcurrentCalls: 2 },
  });
  closing.push(() => harness.close());
  const workers = await workersOf(harness, 2);
  const coordinator = harness.client.workflow.getHandle(connectionWorkflowId('truedy', harness.taskQueue));
  const peak = () => harness.simulator.summary().peak_in_flight;
  const campaign = await harness.startCampaign(400, { max_concurrent_calls: SLOTS });
  await vi.waitFor(() => expect(peak()).toBe(2));

  await workers.load(6);
  await vi.waitFor(() => expect(peak()).toBe(6), SOON);

  await workers.load(3);
  // Calls may end together, so the provider's count alone does not show that the limit holds.
  const held = async () =>
    (await harness.db.pool.query<{ held: number }>('select sum(held)::integer as held from connection_shares')).rows[0]!
      .held;
  await vi.waitFor(async () => expect(await held()).toBe(3), SOON);
  const since = Date.now();
  await vi.waitFor(
    () => expect(harness.callsOf(campaign).filter((call) => call.accepted_at > since).length).toBeGreaterThan(6),
    SOON,
  );
  // Counted by the provider from then on.
  expect(peakSince(harness, campaign, since)).toBeLessThanOrEqual(3);

  await workers.load(null);
  await vi.waitFor(() => expect(peak()).toBe(SLOTS), SOON);
  // It looks again by itself after a while. It does not end while it is told more often than it divides.
  await vi.waitFor(
    async () => {
      await coordinator.signal(SHARE_REPORTED).catch(() => {});
      expect((await coordinator.describe()).status.name).toBe('COMPLETED');
    },
    { ...SOON, interval: 2_000 },
  );
  expect((await harness.db.pool.query('select from connection_shares')).rowCount).toBe(0);
});

it('holds its campaigns and says why while no worker has the connection, and is kept to again afterwards', async () => {
  const harness = await SystemHarness.start({
    simulator: { timeScale: 1, faults: { rules: [{ fault: CALLS }] } },
    limits: { maxConcurrentCalls: 2 },
  });
  closing.push(() => harness.close());
  const workers = await workersOf(harness, 2);
  const campaign = await harness.startCampaign(40, { max_concurrent_calls: SLOTS });
  await vi.waitFor(() => expect(harness.callsOf(campaign)).toHaveLength(2));

  await workers.loadNone();
  await vi.waitFor(async () => {
    const { data } = await harness.api('GET', `/batch-calls/${campaign}`);
    expect(data).toMatchObject({ waiting_for: 'provider', provider_trouble: { reason: 'blocked:no_connection' } });
  }, SOON);
  const before = harness.callsOf(campaign).length;

  await workers.load(2);
  await harness.handle(campaign).signal('pause');
  await harness.handle(campaign).signal('resume');
  await vi.waitFor(() => expect(harness.callsOf(campaign).length).toBeGreaterThan(before + 4));
  expect(harness.simulator.summary().peak_in_flight).toBe(2);
});

/** The most calls in flight at the beginning of any call since then. */
function peakSince(harness: SystemHarness, campaign: string, since: number): number {
  const calls = harness.callsOf(campaign);
  const begun = calls.filter((call) => call.accepted_at > since);
  const at = (instant: number) =>
    calls.filter((call) => call.accepted_at <= instant && (call.ended_at === null || call.ended_at > instant)).length;
  return Math.max(...begun.map((call) => at(call.accepted_at)));
}
