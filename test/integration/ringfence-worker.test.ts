import { randomUUID } from 'node:crypto';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { forgetLoads, recordLoads } from '../../db/connection-loads.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { createRingfenceWorker } from '../../worker/index.ts';
import '../support/harness/temporal-runtime.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { connectionsTo } from '../support/factories/connections.ts';
import { recordCampaign } from '../support/factories/dials.ts';
import { nextTaskQueue } from '../support/factories/ids.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';

let db: TestDatabase;
let connection: NativeConnection;
beforeAll(async () => {
  db = await createTestDatabase();
  connection = await NativeConnection.connect({ address: inject('temporalAddress') });
});
afterAll(async () => {
  await connection.close();
  await db.drop();
});

const create = (given: { facts?: ScriptedProvider['facts']; databaseUrl?: string } = {}) =>
  createRingfenceWorker({
    provider: new ScriptedProvider(db.pool, Date.now, given.facts),
    databaseUrl: given.databaseUrl ?? db.url,
    temporal: { connection, namespace: 'default' },
    taskQueue: nextTaskQueue(),
  });

describe('a worker made in a program', () => {
  it('says what is missing, works, and ends when it is told to', async () => {
    const worker = await create();
    expect(await worker.notReady()).toEqual(['temporal']);
    const running = worker.run();
    await vi.waitFor(async () => expect(await worker.notReady()).toEqual([]));
    worker.shutdown();
    await running;
    // What it opened is closed.
    expect(await worker.notReady()).toEqual(['temporal', 'database']);
  });

  it('stops to dial for a connection that another worker has, and starts again once that one is gone', async () => {
    const taskQueue = nextTaskQueue();
    const temporal = { connection, namespace: 'default' };
    await recordCampaign(db.pool, 1, Date.now());
    const worker = await createRingfenceWorker({
      connections: connectionsTo(),
      databaseUrl: db.url,
      temporal,
      taskQueue,
    });
    const running = worker.run();
    await vi.waitFor(async () => expect(await worker.notReady()).toEqual([]));
    const process = randomUUID();
    await recordLoads(db.pool, process, [{ connection: 'truedy', callsPerSecond: null, maxConcurrentCalls: null }]);
    await worker.dialForAllConnections();
    expect(await worker.notReady()).toEqual([]);
    await forgetLoads(db.pool, process);
    await worker.dialForAllConnections();
    expect(await worker.notReady()).toEqual([]);
    worker.shutdown();
    await running;
  });

  it('ends at once when it was told to before it ran, on a connection that stays open', async () => {
    const worker = await create();
    expect(worker).toMatchObject({
      namespace: 'default',
      searchAttributes: true,
      newestZoneData: ZONE_DATA_VERSION,
    });
    worker.shutdown();
    await worker.run();
  });

  it('refuses a provider that takes longer than a try may, before anything is opened', async () => {
    const { facts } = new ScriptedProvider(db.pool, Date.now);
    // Nothing listens on port 9 (discard).
    const opening = create({ facts: { ...facts, requestTimeoutMs: 60_000 }, databaseUrl: 'postgres://127.0.0.1:9/x' });
    await expect(opening).rejects.toThrow(expect.objectContaining({ code: 'misconfigured' }));
  });
});
