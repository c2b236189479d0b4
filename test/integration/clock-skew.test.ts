/** Clocks that are hours off. Temporal's clock decides when a placement starts, and the database's whether it is sent. */
import { afterEach, describe, expect, it } from 'vitest';
import { runsOf } from '../support/history.ts';
import { realStage, type RealStage } from '../support/real-time.ts';
import { reaches } from '../support/states.ts';

const HOUR_MS = 3_600_000;
const PEOPLE = 20;

let real: RealStage | undefined;
afterEach(async () => {
  await real?.close();
  real = undefined;
});

/** Starts a campaign at about noon of its zone, with a worker or a database whose clock is so many hours ahead. */
async function started(hoursAhead: number, hours: { start_time: string; end_time: string }, databaseHoursAhead = 0) {
  real = await realStage({
    now: () => Date.now() + hoursAhead * HOUR_MS,
    databaseClock: () => Promise.resolve(Date.now() + databaseHoursAhead * HOUR_MS),
  });
  real.stage.provider.script = () => ({ kind: 'ends', outcome: 'completed' });
  return { stage: real.stage, campaign: await real.stage.start(PEOPLE, { ...hours, max_concurrent_calls: PEOPLE }) };
}

describe('a worker whose clock is off', () => {
  it('by hours ahead, past the end of the window: calls everybody, because the database’s clock decides', async () => {
    const { stage, campaign } = await started(4, { start_time: '11:00', end_time: '15:00' });
    expect(await campaign.handle.result()).toMatchObject({ buckets: { completed: PEOPLE } });
    expect(stage.provider.requests).toHaveLength(PEOPLE);
  });

  it('by hours behind, where the window is still open: calls nobody after its end', async () => {
    const { stage, campaign } = await started(-3, { start_time: '08:00', end_time: '11:00' });
    await reaches(campaign, { waiting_for: 'window', in_flight: 0, buckets: { pending: PEOPLE } });
    expect(stage.provider.requests).toEqual([]);
    const [run] = await runsOf(campaign.handle);
    expect(run!.activities.placeCall).toBeUndefined();
  });

  it('by hours, inside of the window by both clocks: calls everybody once', async () => {
    const { stage, campaign } = await started(2, { start_time: '08:00', end_time: '20:00' });
    expect(await campaign.handle.result()).toMatchObject({ buckets: { completed: PEOPLE } });
    expect(stage.provider.requests).toHaveLength(PEOPLE);
  });
});

describe('a database whose clock is off', () => {
  it('by hours ahead, past the end of the window: calls nobody, and does not try for ever', async () => {
    const { stage, campaign } = await started(0, { start_time: '11:00', end_time: '15:00' }, 4);
    await reaches(campaign, { waiting_for: 'window', in_flight: 0, buckets: { pending: PEOPLE } });
    expect(stage.provider.requests).toEqual([]);
    const [run] = await runsOf(campaign.handle);
    expect(run!.activities.placeCall).toBeLessThanOrEqual(PEOPLE);
  });

  it('by hours behind, before the window: calls nobody, and says that the system is in the way', async () => {
    const { stage, campaign } = await started(0, { start_time: '11:00', end_time: '15:00' }, -4);
    await reaches(campaign, { waiting_for: 'system', in_flight: 0, buckets: { pending: PEOPLE } });
    expect(stage.provider.requests).toEqual([]);
  });
});
