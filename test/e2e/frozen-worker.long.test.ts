import { afterEach, expect, test, vi } from 'vitest';
import { ProcessHarness } from '../support/harness/process-harness.ts';

const PEOPLE = 40;
const AT_ONCE = 8;

let close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of close.toReversed()) await end();
  close = [];
});

test('a worker that was frozen through a pause dials nothing when it wakes, and works again', async () => {
  const system = await ProcessHarness.start({ timeScale: 100 });
  close.push(() => system.close());
  const { campaigns } = system.ringfence;
  const id = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
  await system.untilCalls(id, ({ length }) => length >= 10);

  const frozen = system.freezeWorker();
  close.push(() => frozen.kill());
  await campaigns.pause(id);
  await system.startWorker();
  await vi.waitFor(async () => expect(await campaigns.get(id)).toMatchObject({ status: 'paused', in_progress: 0 }), {
    timeout: 90_000,
    interval: 200,
  });
  const placed = (await system.untilCalls(id, (calls) => calls.every((call) => call.ended_at !== null))).length;

  frozen.thaw();
  // From here on only the worker that woke can obey: when it has, it has also done whatever it was about to do.
  await system.killWorker();
  const before = await system.untilCalls(id, () => true);
  expect(before).toHaveLength(placed);
  await campaigns.resume(id);
  const { verdict, rows } = await system.untilOver(id);
  expect(rows.filter(({ holds }) => !holds)).toEqual([]);
  expect(verdict).toMatchObject({ accepted: PEOPLE, duplicate_keys: 0, agree: true });
  expect(verdict.peak_in_flight).toBeLessThanOrEqual(AT_ONCE);
});

test('a worker that was frozen with its polls open dials nothing for a campaign that was cancelled meanwhile', async () => {
  const system = await ProcessHarness.start({ timeScale: 100 });
  close.push(() => system.close());
  // Temporal hands work to a process that has asked for it, and cannot know that it is frozen.
  const frozen = system.freezeWorker();
  close.push(() => frozen.kill());
  await system.startWorker();
  const id = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
  await system.untilCalls(id, ({ length }) => length >= 1);
  await system.ringfence.campaigns.cancel(id);
  const { campaign, rows } = await system.untilOver(id);
  expect(campaign.status).toBe('cancelled');
  expect(rows.filter(({ holds }) => !holds)).toEqual([]);
  const accepted = await system.untilCalls(id, () => true);

  frozen.thaw();
  await system.killWorker();
  // When the one that woke has run another campaign, it has also done whatever it was about to do for the first.
  const next = await system.createCampaign(PEOPLE, { max_concurrent_calls: AT_ONCE });
  const { verdict } = await system.untilOver(next);
  expect(verdict).toMatchObject({ accepted: PEOPLE, duplicate_keys: 0, agree: true });
  expect(await system.untilCalls(id, () => true)).toEqual(accepted);
});
