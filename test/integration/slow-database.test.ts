/** A database that is slow for a while, as during a failover or a migration. */
import { afterEach, expect, it, vi } from 'vitest';
import { inTransaction } from '../../db/pool.ts';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import { reaches } from '../support/factories/states.ts';

const PEOPLE = 6;

let real: RealTimeHarness | undefined;
afterEach(async () => {
  await real?.close();
  real = undefined;
});

it('does not end the day of a campaign: dials that waited too long are tried again, and everybody is called', async () => {
  let waitedMs = 0;
  real = await realTimeHarness({ now: () => Date.now() + waitedMs });
  const { harness } = real;
  harness.provider.script = () => ({ kind: 'ends', outcome: 'completed' });
  await harness.stopDials();
  const campaign = await harness.start(PEOPLE, { max_concurrent_calls: PEOPLE });
  await reaches(campaign, { in_flight: PEOPLE });
  await inTransaction(harness.pool, async (tx) => {
    await tx.query('lock table calls in exclusive mode');
    await harness.startDials();
    await vi.waitFor(async () => {
      const { rowCount } = await harness.pool.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      expect(rowCount).toBe(PEOPLE);
    });
    waitedMs = DIAL.sendWithinMs;
  });
  await reaches(campaign, { waiting_for: 'system' });
  expect(harness.provider.requests).toEqual([]);
  expect(await campaign.handle.result()).toMatchObject({ buckets: { completed: PEOPLE } });
  expect(harness.provider.requests).toHaveLength(PEOPLE);
});
