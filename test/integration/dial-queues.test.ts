/** Whose dials a worker takes, while campaigns and other workers come and go. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { forgetLoads, recordLoads } from '../../db/connection-loads.ts';
import { DialQueues } from '../../worker/dial-queues.ts';
import { recordCampaign } from '../support/factories/dials.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const OTHER_WORKER = randomUUID();

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.pool.query('delete from campaigns');
  await forgetLoads(db.pool, OTHER_WORKER);
});

/** A worker that has the connection `own`. Its campaigns use `truedy`. */
function workerWithOwn() {
  const taken = new Set<string>();
  const queues = new DialQueues({
    pool: db.pool,
    workers: { remove: (name) => void taken.delete(name) },
    add: async (name) => void taken.add(name),
    own: () => ['own'],
  });
  return { queues, taken };
}

describe('the dials of a connection that this worker does not have', () => {
  it('are taken soon after a campaign uses it, so that they do not wait without a word', async () => {
    const { queues, taken } = workerWithOwn();
    await queues.adjust();
    expect([...taken]).toEqual(['own']);
    queues.keepAdjusting(20);
    onTestFinished(() => queues.stop());
    await recordCampaign(db.pool, 1, Date.now());
    await vi.waitFor(() => expect([...taken]).toEqual(['own', 'truedy']));
  });

  it('are left to the worker that has it, from when that one comes to when it goes', async () => {
    const { queues, taken } = workerWithOwn();
    await recordCampaign(db.pool, 1, Date.now());
    await queues.adjust();
    expect([...taken]).toEqual(['own', 'truedy']);
    await recordLoads(db.pool, OTHER_WORKER, [
      { connection: 'truedy', callsPerSecond: null, maxConcurrentCalls: null },
    ]);
    await queues.adjust();
    expect([...taken]).toEqual(['own']);
    await forgetLoads(db.pool, OTHER_WORKER);
    await queues.adjust();
    expect([...taken]).toEqual(['own', 'truedy']);
  });
});
