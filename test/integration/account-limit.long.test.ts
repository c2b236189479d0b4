/** The limits of calls of an account, in flight and per day, against the ledgers of two carriers. */
import { NativeConnection } from '@temporalio/worker';
import { pino } from 'pino';
import { afterEach, expect, inject, it, vi } from 'vitest';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { Ringfence } from '../../client/index.ts';
import { setAccount } from '../../db/accounts.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { startRingfenceGateway } from '../../gateway/index.ts';
import { OpenConnections } from '../../providers/connections/open-connections.ts';
import { TruedyConfig } from '../../providers/truedy/config.ts';
import { createTruedyProvider } from '../../providers/truedy/truedy.ts';
import { createSimulator, type Simulator } from '../../simulator/simulator.ts';
import { createRingfenceWorker } from '../../worker/index.ts';
import { limitedConnection } from '../support/factories/connections.ts';
import { nextTaskQueue } from '../support/factories/ids.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import '../support/harness/temporal-runtime.ts';

const KEY = 'write-key-of-default-1';
const SECRET = 'whsec_of_both';
const CALLS = { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: 1_500 } as const;
/** Well below the minute after which a coordinator looks by itself. */
const SOON = { timeout: 45_000 };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Carriers {
  readonly db: TestDatabase;
  readonly ringfence: Ringfence;
  readonly carriers: Readonly<Record<'east' | 'west', Simulator>>;
}

/**
 * A worker and a gateway with two connections, `east` and `west`, each to a carrier.
 *
 * @param eastern the limit of calls in flight of `east`
 */
async function startCarriers(eastern: number | null = null): Promise<Carriers> {
  const db = await createTestDatabase();
  const temporal = await NativeConnection.connect({ address: inject('temporalAddress') });
  const client = await connectTemporal({ env: { TEMPORAL_ADDRESS: inject('temporalAddress') } });
  const carriers = { east: carrier(), west: carrier() };
  closing.push(
    () => db.drop(),
    () => temporal.close(),
    () => client.connection.close(),
  );
  const stated = async () =>
    Promise.all(
      Object.entries(carriers).map(async ([name, simulator]) => {
        const config = { baseUrl: await simulator.listen(), apiKey: 'key', webhookSecrets: [SECRET], queueBoundMs: 0 };
        const limits = { maxConcurrentCalls: name === 'east' ? eastern : null };
        return { ...limitedConnection(createTruedyProvider(TruedyConfig.parse(config)), limits), name };
      }),
    );
  const connections = new OpenConnections(await stated());
  const taskQueue = nextTaskQueue();
  const worker = await createRingfenceWorker({
    connections,
    databaseUrl: db.url,
    temporal: { connection: temporal, namespace: 'default' },
    taskQueue,
  });
  const running = worker.run();
  const gateway = await startRingfenceGateway({
    connections,
    databaseUrl: db.url,
    temporal: client,
    taskQueue,
    port: 0,
    apiKey: KEY,
    logger: pino({ level: 'silent' }),
  });
  for (const [name, simulator] of Object.entries(carriers)) {
    simulator.setWebhook({ url: `${gateway.url}/webhooks/${name}`, secret: SECRET });
  }
  closing.push(
    () => connections.close(),
    async () => {
      worker.shutdown();
      await running;
    },
    () => gateway.close(),
  );
  return { db, carriers, ringfence: new Ringfence({ baseUrl: `${gateway.url}${API_ROOT}`, apiKey: KEY }) };
}

function carrier(): Simulator {
  const simulator = createSimulator({ apiKey: 'key', timeScale: 1, faults: { rules: [{ fault: CALLS }] } });
  closing.push(() => simulator.close());
  return simulator;
}

function createCampaign({ ringfence }: Carriers, connection: string, people: number) {
  return ringfence.campaigns.create({
    name: connection,
    agent_id: 'agent-1',
    connection,
    contacts: Array.from({ length: people }, (_, index) => fictitiousPerson(index)),
    max_concurrent_calls: 10,
    working_days: [1, 2, 3, 4, 5, 6, 7],
  });
}

it('in flight are shared by campaigns on two connections, and their limit is changed at once', async () => {
  const system = await startCarriers();
  const { db, carriers } = system;
  const calls = () => Object.values(carriers).flatMap((simulator) => simulator.ledger().calls);
  const at = (instant: number) =>
    calls().filter((call) => call.accepted_at <= instant && (call.ended_at === null || call.ended_at > instant)).length;
  /** The most calls in flight at the beginning of any call within this time. */
  const peak = (from: number, to: number) =>
    Math.max(...calls().flatMap(({ accepted_at: begun }) => (begun > from && begun <= to ? [at(begun)] : [])));
  const set = (limit: number | null) => setAccount(db.pool, 'default', { max_concurrent_calls: limit });

  await set(4);
  await createCampaign(system, 'east', 200);
  await vi.waitFor(() => expect(carriers.east.summary().in_flight).toBe(4), SOON);
  await createCampaign(system, 'west', 200);
  await vi.waitFor(() => expect(carriers.west.summary().in_flight).toBe(2), SOON);
  await vi.waitFor(() => expect(carriers.west.ledger().calls.length).toBeGreaterThan(8), SOON);
  await vi.waitFor(() => expect(carriers.east.summary().in_flight).toBe(2), SOON);

  const raisedAt = Date.now();
  expect(peak(0, raisedAt)).toBe(4);
  await set(8);
  await vi.waitFor(() => expect(peak(raisedAt, Date.now())).toBe(8), SOON);

  await set(3);
  // Calls may end together, so the provider's count alone does not show that the limit holds.
  const held = async () =>
    (await db.pool.query<{ held: number }>('select sum(held)::integer as held from connection_shares')).rows[0]!.held;
  await vi.waitFor(async () => expect(await held()).toBe(3), SOON);
  const loweredAt = Date.now();
  expect(peak(raisedAt, loweredAt)).toBe(8);
  await vi.waitFor(
    () => expect(calls().filter((call) => call.accepted_at > loweredAt).length).toBeGreaterThan(9),
    SOON,
  );

  const removedAt = Date.now();
  expect(peak(loweredAt, removedAt)).toBe(3);
  await set(null);
  // More than one campaign may have by its own limit. A busy machine may never have all twenty in flight at once.
  await vi.waitFor(() => expect(peak(removedAt, Date.now())).toBeGreaterThan(10), SOON);
  const keys = calls().map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

it('in flight that a connection cannot carry are used by campaigns on another', async () => {
  const system = await startCarriers(2);
  const { db, carriers } = system;
  const inFlight = () => [carriers.east.summary().in_flight, carriers.west.summary().in_flight];
  await setAccount(db.pool, 'default', { max_concurrent_calls: 12 });
  await createCampaign(system, 'east', 200);
  await createCampaign(system, 'west', 400);
  // One is left for the campaign on `east`, so that it goes on asking its connection for more.
  await vi.waitFor(() => expect(inFlight()).toEqual([2, 9]), { timeout: 90_000, interval: 20 });
  const since = carriers.west.summary().accepted;
  await vi.waitFor(() => expect(carriers.west.summary().accepted).toBeGreaterThan(since + 60), { timeout: 90_000 });
  const { rows } = await db.pool.query('select connection, share from connection_shares order by connection, share');
  expect(rows).toEqual([
    { connection: 'account:default', share: 3 },
    { connection: 'account:default', share: 9 },
    { connection: 'east', share: 2 },
  ]);
  expect(carriers.east.summary().peak_in_flight).toBe(2);
});

it('per day are those of all campaigns, which wait and go on as soon as the limit is raised', async () => {
  const system = await startCarriers();
  const { db, carriers, ringfence } = system;
  const calls = () => Object.values(carriers).flatMap((simulator) => simulator.ledger().calls);
  // A zone in which the day does not end during the test.
  const timezone = new Date().getUTCHours() < 20 ? 'UTC' : 'Pacific/Honolulu';
  const set = (limit: number | null) => setAccount(db.pool, 'default', { max_calls_per_day: limit, timezone });
  await set(7);
  const campaigns = [await createCampaign(system, 'east', 15), await createCampaign(system, 'west', 15)];
  const wait = () =>
    vi.waitFor(async () => {
      const found = await Promise.all(campaigns.map(({ id }) => ringfence.campaigns.get(id)));
      expect(found.map(({ waiting_for: gate }) => gate)).toEqual(['account', 'account']);
      expect(found.every(({ until }) => until !== null)).toBe(true);
    }, SOON);
  await wait();
  expect(calls()).toHaveLength(7);

  await set(12);
  await vi.waitFor(() => expect(calls()).toHaveLength(12), SOON);
  await wait();
  expect(calls()).toHaveLength(12);

  await set(null);
  await Promise.all(
    campaigns.map(({ id }) =>
      vi.waitFor(async () => expect((await ringfence.campaigns.get(id)).status).toBe('completed'), SOON),
    ),
  );
  // Everybody was called in the first attempt.
  expect(calls().map(({ key }) => key?.endsWith('.1'))).toEqual(Array.from({ length: 30 }, () => true));
  expect(new Set(calls().map(({ key }) => key)).size).toBe(30);
});
