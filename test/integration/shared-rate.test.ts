/** P13 against the provider's ledger: campaigns and workers that share the calls per second of a connection. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SystemHarness } from '../support/harness/system-harness.ts';

const PER_SECOND = 5;

let harness: SystemHarness;
beforeAll(async () => {
  harness = await SystemHarness.start({ simulator: { timeScale: 200 }, limits: { callsPerSecond: PER_SECOND } });
  await harness.startSecondWorker();
});
afterAll(() => harness.close());

it('two workers and three campaigns with free slots keep to the rate, and a pause does not wait for it', async () => {
  const start = (people: number) => harness.startCampaign(people, { max_concurrent_calls: 500 });
  const [large, ...others] = await Promise.all([start(500), start(10), start(10)]);
  await vi.waitFor(() => expect(harness.callsOf(large).length).toBeGreaterThan(0), { interval: 20 });
  expect(await harness.api('POST', `/batch-calls/${large}/pause`)).toMatchObject({ status: 200 });
  const called = harness.callsOf(large).length;
  await Promise.all(others.map((id) => harness.result(id)));
  expect(harness.callsOf(large)).toHaveLength(called);
  await harness.api('POST', `/batch-calls/${large}/cancel`);
  await harness.result(large);

  const { calls } = harness.simulator.ledger();
  const accepted = calls.map(({ accepted_at }) => accepted_at).sort((a, b) => a - b);
  expect(accepted).toHaveLength(called + 20);
  for (const [first, from] of accepted.entries()) {
    for (const [after, at] of accepted.slice(first).entries()) {
      expect(after + 1).toBeLessThanOrEqual(PER_SECOND * ((at - from) / 1_000) + PER_SECOND);
    }
  }
});
