import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { campaignNotifier } from '../../gateway/temporal/notify-campaign.ts';
import { readZoneData, recordZoneData } from '../../db/zone-data.ts';
import { ZONE_DATA_VERSION } from '../../domain/windows/zone-data.ts';
import { notifyOutdatedCampaigns } from '../../gateway/background/zone-data-sweeper.ts';
import { editUpdate, pauseAndWait, resumeUpdate, zoneDataSignal } from '../../workflows/messages.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import type { Campaign, WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { AT_REST, PEOPLE, PLACING, reaches } from '../support/factories/states.ts';

/** A release that no worker of ours has. */
const NEWER = '2099a';
const logger = pino({ level: 'silent' });

let real: RealTimeHarness;
let harness: WorkflowHarness;
beforeEach(async () => {
  real = await realTimeHarness();
  ({ harness } = real);
});
afterEach(() => real.close());

const state = (name: string) => AT_REST.find((each) => each.name === name)!;

async function namesIn(campaign: Campaign) {
  const events = (await campaign.handle.fetchHistory()).events!;
  const asked = events.filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'callingWindow',
  );
  const told = events.filter((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'zoneData');
  return { asked: asked.length, told: told.length };
}

const recordOf = async ({ id }: Campaign) => {
  const { rows } = await harness.pool.query<{ status: string; zone_data: string | null }>(
    'select status, zone_data from campaigns where id = $1',
    [id],
  );
  return rows[0]!;
};

describe('a campaign that waits for its window', () => {
  let campaign: Campaign;
  beforeEach(async () => {
    campaign = await state('waiting for a window').arrange(harness);
    await expect.poll(() => recordOf(campaign)).toMatchObject({ zone_data: ZONE_DATA_VERSION });
  });
  afterEach(() => campaign.handle.terminate());

  it('asks for it again when newer zone data has appeared', async () => {
    await campaign.handle.signal(zoneDataSignal, NEWER);
    await expect.poll(() => namesIn(campaign)).toEqual({ asked: 2, told: 1 });
    await reaches(campaign, { status: 'active', waiting_for: 'window' });
    expect(harness.provider.requests).toEqual([]);
  });

  it('is left as it is by older or the same data, and by what is no release', async () => {
    const before = await campaign.progress();
    for (const version of ['2025c', ZONE_DATA_VERSION]) await campaign.handle.signal(zoneDataSignal, version);
    for (const malformed of ['latest', '', '2099A', 2099, null, { version: NEWER }]) {
      await campaign.handle.signal('zoneData', malformed);
    }
    await reaches(campaign, { malformed_signals: 6 });
    expect(await campaign.progress()).toEqual({ ...before, malformed_signals: 6 });
    expect(await namesIn(campaign)).toEqual({ asked: 1, told: 8 });
  });
});

describe('a campaign that is placing calls', () => {
  it('asks between two placements, and calls everybody once', async () => {
    const talking = PLACING.find((each) => each.talking)!;
    const campaign = await talking.arrange(harness);
    await campaign.handle.signal(zoneDataSignal, NEWER);
    await expect.poll(async () => (await namesIn(campaign)).told).toBe(1);
    expect((await namesIn(campaign)).asked).toBe(1);
    await talking.release!(harness);
    await expect.poll(async () => (await namesIn(campaign)).asked).toBe(2);
    for (let round = 0; round < PEOPLE; round += 1) {
      await expect.poll(() => harness.provider.live().length).toBeGreaterThan(0);
      await campaign.end(harness.provider.live());
      if (harness.provider.requests.length === PEOPLE && harness.provider.live().length === 0) break;
    }
    expect(await campaign.handle.result()).toMatchObject({ status: 'completed', buckets: { completed: PEOPLE } });
    expect(harness.provider.requests.map(({ callId }) => callId).sort()).toEqual(
      Array.from({ length: PEOPLE }, (_, index) => campaign.callId(index + 1)),
    );
  });
});

describe('the newest release on record', () => {
  it('never goes back', async () => {
    const recorded = [];
    for (const version of ['2026f', '2026e', '2026z', '2026za', '2025c']) {
      recorded.push(await recordZoneData(harness.pool, version));
    }
    expect(recorded).toEqual(['2026f', '2026f', '2026z', '2026za', '2026za']);
    expect(await readZoneData(harness.pool)).toBe('2026za');
  });
});

describe('the sweep', () => {
  const sweep = (notifyOfZoneData = campaignNotifier(harness.client).ofZoneData) =>
    notifyOutdatedCampaigns({ pool: harness.pool, notifyOfZoneData, logger });

  it('tells every campaign with an older window, once, paused ones too, and nobody else', async () => {
    const waiting = await state('waiting for a window').arrange(harness);
    const paused = await state('waiting for a window').arrange(harness);
    const scheduled = await state('scheduled').arrange(harness);
    for (const campaign of [waiting, paused]) {
      await expect.poll(() => recordOf(campaign)).toMatchObject({ zone_data: ZONE_DATA_VERSION });
    }
    await paused.handle.executeUpdate(pauseAndWait);
    await expect.poll(() => recordOf(paused)).toMatchObject({ status: 'paused' });

    await recordZoneData(harness.pool, ZONE_DATA_VERSION);
    await sweep();
    expect(await namesIn(waiting)).toEqual({ asked: 1, told: 0 });

    await recordZoneData(harness.pool, NEWER);
    await Promise.all([sweep(), sweep()]);
    await expect.poll(() => namesIn(waiting)).toEqual({ asked: 2, told: 1 });
    // It has no window any more, and asks for one when it goes on.
    await expect.poll(() => recordOf(paused)).toMatchObject({ zone_data: null });
    expect(await namesIn(paused)).toEqual({ asked: 1, told: 1 });
    await paused.handle.executeUpdate(resumeUpdate);
    await expect.poll(() => namesIn(paused)).toEqual({ asked: 2, told: 1 });

    await sweep();
    expect(await namesIn(waiting)).toEqual({ asked: 2, told: 1 });
    expect(await namesIn(scheduled)).toEqual({ asked: 0, told: 0 });

    // This worker answers with its own data again. An hour later it is told once more, when it may be another worker.
    await expect.poll(() => recordOf(waiting)).toMatchObject({ zone_data: ZONE_DATA_VERSION });
    await harness.pool.query(`update campaigns set zone_data_told_until = now() - interval '1 second'`);
    await sweep();
    await expect.poll(() => namesIn(waiting)).toEqual({ asked: 3, told: 2 });
    await Promise.all([waiting, paused, scheduled].map(({ handle }) => handle.terminate()));
  });

  it('goes past a campaign that cannot be told, and tells it a minute later', async () => {
    const campaigns = [
      await state('waiting for a window').arrange(harness),
      await state('waiting for a window').arrange(harness),
    ];
    const [broken] = campaigns;
    for (const campaign of campaigns) {
      await expect.poll(() => recordOf(campaign)).toMatchObject({ zone_data: ZONE_DATA_VERSION });
    }
    await recordZoneData(harness.pool, NEWER);
    const told: string[] = [];
    await sweep(async (id) => {
      if (id === broken!.id) throw new Error('not now');
      told.push(id);
    });
    expect(told).toEqual([campaigns[1]!.id]);
    const { rows } = await harness.pool.query<{ id: string }>(
      `select id from campaigns where zone_data_told_until < now() + interval '2 minutes'`,
    );
    expect(rows).toEqual([{ id: broken!.id }]);
    await Promise.all(campaigns.map(({ handle }) => handle.terminate()));
  });

  it('takes a campaign without a workflow for told', async () => {
    const campaign = await state('waiting for a window').arrange(harness);
    await expect.poll(() => recordOf(campaign)).toMatchObject({ zone_data: ZONE_DATA_VERSION });
    await campaign.handle.terminate();
    await recordZoneData(harness.pool, NEWER);
    await sweep();
    const { rows } = await harness.pool.query(
      `select 1 from campaigns where zone_data_told_until > now() + interval '30 minutes'`,
    );
    expect(rows).toHaveLength(1);
  });
});

describe('an edit past the API', () => {
  it.each([
    ['EST', 'America/New_York'],
    ['europe/berlin', 'Europe/Berlin'],
    ['Europe/Atlantis', 'IANA'],
  ])('to the zone %s is refused by the activity that counts the days again', async (timezone, named) => {
    const campaign = await state('waiting for a window').arrange(harness);
    const edit = { change: { schedule: { timezone } }, terms: { timezone } };
    await expect(campaign.handle.executeUpdate(editUpdate, { args: [edit] })).rejects.toMatchObject({
      cause: { type: 'validation_error', message: expect.stringContaining(named), details: [{ field: 'timezone' }] },
    });
    const { rows } = await harness.pool.query(`select spec ->> 'timezone' as timezone from campaigns`);
    expect(rows).toEqual([{ timezone: 'UTC' }]);
    expect((await namesIn(campaign)).asked).toBe(1);
    await campaign.handle.terminate();
  });

  it.each(['Europe/Berlin; drop', '+02:00', '', `Europe/${'x'.repeat(100)}`, 'Europe//Berlin'])(
    'to what has not the form of a name is refused without a trace: %j',
    async (timezone) => {
      const campaign = await state('waiting for a window').arrange(harness);
      const edit = { change: { schedule: { timezone } }, terms: { timezone } };
      await expect(campaign.handle.executeUpdate(editUpdate, { args: [edit] })).rejects.toMatchObject({
        cause: { type: 'validation_error' },
      });
      const { events } = await campaign.handle.fetchHistory();
      expect(events!.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
      await campaign.handle.terminate();
    },
  );
});
