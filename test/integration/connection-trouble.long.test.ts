/** Ten campaigns on a connection whose provider refuses all of them for a while, and then more calls than the account may have. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { SystemHarness } from '../support/harness/system-harness.ts';

const CAMPAIGNS = 10;
const PEOPLE = 60;
const SLOTS = 5;
const THROTTLED_MS = 60_000;
/** Pauses of half a second, one, two, four, and so on: the probes of one minute, and one for the chance in the pauses. */
const PROBES = 8;
const LIMIT = 12;
/** On a busy machine. The first probes fall into it. */
const UNDER_WAY_MS = 3_000;

let harness: SystemHarness;
beforeAll(async () => {
  harness = await SystemHarness.start({ simulator: { timeScale: 20 } });
  await harness.startSecondWorker();
});
afterAll(() => harness.close());

const refusedAt = () =>
  harness.simulator
    .ledger()
    .requests.filter(({ on, status }) => on === 'place' && status === 429)
    .map(({ at }) => at);

it(
  'a minute in which all calls are refused costs a few probes over all campaigns, and everybody is called once in the end',
  { timeout: 900_000 },
  async () => {
    const ids = await Promise.all(
      Array.from({ length: CAMPAIGNS }, () => harness.startCampaign(PEOPLE, { max_concurrent_calls: SLOTS })),
    );
    await vi.waitFor(() => ids.forEach((id) => expect(harness.callsOf(id).length).toBeGreaterThan(0)), {
      timeout: 60_000,
      interval: 50,
    });

    harness.simulator.setFaults({ poses: { concurrency_limit: 0 } });
    await vi.waitFor(
      async () => {
        const { rows } = await harness.db.pool.query<{ waiting: number; since: number }>(
          `select count(*)::int as waiting, count(distinct trouble_since)::int as since from campaigns
            where waiting_for = 'provider' and trouble_reason = 'throttled' and trouble_of_connection`,
        );
        expect(rows).toEqual([{ waiting: CAMPAIGNS, since: 1 }]);
      },
      { timeout: THROTTLED_MS, interval: 200 },
    );
    const [begins] = refusedAt();
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(begins! + THROTTLED_MS), {
      timeout: 2 * THROTTLED_MS,
      interval: 500,
    });
    // The dials of the first seconds were under way when the first of them was refused.
    const probes = refusedAt().filter((at) => at > begins! + UNDER_WAY_MS);
    expect(probes.length).toBeGreaterThan(2);
    expect(probes.length).toBeLessThanOrEqual(PROBES);

    const before = refusedAt().length;
    harness.simulator.setFaults({ poses: { concurrency_limit: LIMIT } });
    for (const id of ids) await harness.result(id);
    const { calls, peak_in_flight: peak } = harness.simulator.ledger();
    expect(calls).toHaveLength(CAMPAIGNS * PEOPLE);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(CAMPAIGNS * PEOPLE);
    expect(peak).toBeLessThanOrEqual(CAMPAIGNS * SLOTS);
    expect(refusedAt().length - before).toBeLessThan(calls.length);
  },
);
