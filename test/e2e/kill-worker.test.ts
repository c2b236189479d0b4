import { afterEach, describe, expect, test } from 'vitest';
import type { ProviderCall } from '../../scripts/start/ledger.ts';
import { ProcessHarness, type ProcessHarnessOptions } from '../support/harness/process-harness.ts';

const PEOPLE = 40;
const AT_ONCE = 8;

let system: ProcessHarness;
let close = async (): Promise<void> => {};
afterEach(() => close());

async function start(options: ProcessHarnessOptions): Promise<void> {
  close = async () => {};
  system = await ProcessHarness.start(options);
  close = () => system.close();
}

const isLive = ({ ended_at }: ProviderCall): boolean => ended_at === null;

/** Each person has one call at the provider, under one key, and never more were live than allowed. */
async function expectOneCallEach(campaignId: string): Promise<void> {
  const { verdict, rows, campaign } = await system.untilOver(campaignId);
  expect(rows.filter(({ holds }) => !holds)).toEqual([]);
  expect(campaign.status).toBe('completed');
  expect(verdict).toMatchObject({ contacts: PEOPLE, accepted: PEOPLE, duplicate_keys: 0, skipped: 0, agree: true });
  expect(verdict.peak_in_flight).toBeLessThanOrEqual(AT_ONCE);
}

describe('a worker that is killed in the middle of a campaign and started again', () => {
  test('while placements wait for their answer', async () => {
    // The call is accepted, and the worker that would have heard of it is gone by then.
    await start({
      timeScale: 100,
      faults: { rules: [{ match: { nth: [9, 10, 11, 12, 13, 14] }, fault: { kind: 'delay_reply', ms: 3_000 } }] },
    });
    const id = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
    await system.untilCalls(id, (calls) => calls.length >= 12);
    await system.killWorker();
    await system.startWorker();
    await expectOneCallEach(id);
  });

  test('while calls are live, some of which end before it is back', async () => {
    await start({ timeScale: 20 });
    const id = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
    const calls = await system.untilCalls(id, (calls) => calls.filter(isLive).length >= 6);
    const live = calls.filter(isLive).map(({ key }) => key);
    await system.killWorker();
    await system.untilCalls(id, (now) => now.filter((call) => live.includes(call.key) && !isLive(call)).length >= 3);
    await system.startWorker();
    await expectOneCallEach(id);
  });

  test('three times, whatever it is doing', async () => {
    await start({ timeScale: 60 });
    const id = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
    for (const calls of [1, 10, 25]) {
      await system.untilCalls(id, ({ length }) => length >= calls);
      await system.killWorker();
      await system.startWorker();
    }
    await expectOneCallEach(id);
  });
});

describe('a worker that is told to leave in the middle of a campaign', () => {
  test('waits for the answers of the placements that it has begun, and another goes on', async () => {
    await start({
      timeScale: 100,
      faults: { rules: [{ match: { nth: [9, 10, 11, 12] }, fault: { kind: 'delay_reply', ms: 2_000 } }] },
    });
    const id = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
    await system.untilCalls(id, (calls) => calls.length >= 10);
    expect(await system.stopWorker()).toBe('exit code 0');
    const { rows: unheard } = await system.db.pool.query(
      'select id from calls where first_sent_at is not null and provider_call_id is null and not_placed_reason is null',
    );
    expect(unheard).toEqual([]);
    await system.startWorker();
    await expectOneCallEach(id);
  });
});

describe('a gateway that is killed in the middle of a campaign and started again', () => {
  test('takes in what the provider reported meanwhile when it is sent again', async () => {
    await start({ timeScale: 40 });
    const id = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
    await system.untilCalls(id, ({ length }) => length >= 10);
    await system.killGateway();
    // Nobody hears of these, so every slot stays taken.
    await system.untilCalls(id, (calls) => calls.length >= AT_ONCE && !calls.some(isLive));
    await system.startGateway();
    await expectOneCallEach(id);
  });
});
