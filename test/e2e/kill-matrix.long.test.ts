import { describe, expect, test, vi } from 'vitest';
import type { ProviderCall } from '../../scripts/start/ledger.ts';
import { AT_ONCE, closeAfterEach, expectOneCallEach, startCampaign } from '../support/harness/kill-scenario.ts';

closeAfterEach();

const isLive = ({ ended_at }: ProviderCall): boolean => ended_at === null;

describe('a worker that is killed in the middle of a campaign and started again', () => {
  test('while calls are live, some of which end before it is back', async () => {
    const { system, id } = await startCampaign({ timeScale: 20 });
    const calls = await system.untilCalls(id, (calls) => calls.filter(isLive).length >= 6);
    const live = calls.filter(isLive).map(({ key }) => key);
    await system.killWorker();
    await system.untilCalls(id, (now) => now.filter((call) => live.includes(call.key) && !isLive(call)).length >= 3);
    await system.startWorker();
    await expectOneCallEach(system, id);
  });

  test('three times, whatever it is doing', async () => {
    const { system, id } = await startCampaign({ timeScale: 60 });
    for (const calls of [1, 10, 25]) {
      await system.untilCalls(id, ({ length }) => length >= calls);
      await system.killWorker();
      await system.startWorker();
    }
    await expectOneCallEach(system, id);
  });
});

describe('a worker that is told to leave in the middle of a campaign', () => {
  test('waits for the answers of the placements that it has begun, and another goes on', async () => {
    const { system, id } = await startCampaign({
      timeScale: 100,
      faults: { rules: [{ match: { nth: [9, 10, 11, 12] }, fault: { kind: 'delay_reply', ms: 2_000 } }] },
    });
    await system.untilCalls(id, (calls) => calls.length >= 10);
    expect(await system.stopWorker()).toBe('exit code 0');
    const { rows: unheard } = await system.db.pool.query(
      'select id from calls where first_sent_at is not null and provider_call_id is null and not_placed_reason is null',
    );
    expect(unheard).toEqual([]);
    await system.startWorker();
    await expectOneCallEach(system, id);
  });
});

describe('a gateway that is killed in the middle of a campaign and started again', () => {
  test('takes in what the provider reported meanwhile when it is sent again', async () => {
    const { system, id } = await startCampaign({ timeScale: 40 });
    await system.untilCalls(id, ({ length }) => length >= 10);
    await system.killGateway();
    // Nobody hears of these, so every slot stays taken.
    await system.untilCalls(id, (calls) => calls.length >= AT_ONCE && !calls.some(isLive));
    await system.startGateway();
    await expectOneCallEach(system, id);
  });

  test('leaves a pause to its repeat, which pauses once and names the calls that are live', async () => {
    const { system, id } = await startCampaign({
      timeScale: 10,
      // The pause waits for the answers to these placements.
      faults: { rules: [{ match: { nth: [6, 7, 8] }, fault: { kind: 'delay_reply', ms: 4_000 } }] },
    });
    await system.untilCalls(id, ({ length }) => length >= 6);
    // The gateway that answers the repeat has another port.
    const pause = () => system.ringfence.campaigns.pause(id, { idempotencyKey: 'pause-of-the-test', maxRetries: 0 });
    const lost = pause().catch(({ code }: { code: string }) => code);
    await vi.waitFor(async () => {
      const { rows } = await system.db.pool.query('select from idempotency_keys where holder is not null');
      expect(rows).toHaveLength(1);
    });
    await system.killGateway();
    expect(await lost).toBe('api_unreachable');
    await system.startGateway();
    const paused = await pause();
    const live = (await system.untilCalls(id, () => true)).filter(isLive).map(({ key }) => key);
    expect(paused.acknowledged && [...paused.live, ...paused.unknown]).toEqual(expect.arrayContaining(live));
    expect(await pause()).toEqual(paused);

    await system.ringfence.campaigns.resume(id);
    await expectOneCallEach(system, id);
  });
});
