/** Clocks that are hours off. Temporal's clock decides when a placement starts, and the database's whether it is sent. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase } from '../support/harness/database.ts';
import { callActivity, recordCampaign } from '../support/factories/dials.ts';
import { openGateway } from '../support/harness/gateway.ts';
import { runsOf } from '../support/probes/history.ts';
import { realTimeHarness, type RealTimeHarness } from '../support/harness/real-time.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { reaches } from '../support/factories/states.ts';

const HOUR_MS = 3_600_000;
const PEOPLE = 20;

let real: RealTimeHarness | undefined;
afterEach(async () => {
  await real?.close();
  real = undefined;
});

/** Starts a campaign at about noon of its zone, with a worker or a database whose clock is so many hours ahead. */
async function started(hoursAhead: number, hours: { start_time: string; end_time: string }, databaseHoursAhead = 0) {
  real = await realTimeHarness({
    now: () => Date.now() + hoursAhead * HOUR_MS,
    databaseClock: () => Promise.resolve(Date.now() + databaseHoursAhead * HOUR_MS),
  });
  real.harness.provider.script = () => ({ kind: 'ends', outcome: 'completed' });
  return {
    harness: real.harness,
    campaign: await real.harness.start(PEOPLE, { ...hours, max_concurrent_calls: PEOPLE }),
  };
}

describe('a worker whose clock is off', () => {
  it('by hours ahead, past the end of the window: calls everybody, because the database’s clock decides', async () => {
    const { harness, campaign } = await started(4, { start_time: '11:00', end_time: '15:00' });
    expect(await campaign.handle.result()).toMatchObject({ buckets: { completed: PEOPLE } });
    expect(harness.provider.requests).toHaveLength(PEOPLE);
  });

  it('by hours behind, where the window is still open: calls nobody after its end', async () => {
    const { harness, campaign } = await started(-3, { start_time: '08:00', end_time: '11:00' });
    await reaches(campaign, { waiting_for: 'window', in_flight: 0, buckets: { pending: PEOPLE } });
    expect(harness.provider.requests).toEqual([]);
    const [run] = await runsOf(campaign.handle);
    expect(run!.activities.placeCall).toBeUndefined();
  });

  it('by hours, inside of the window by both clocks: calls everybody once', async () => {
    const { harness, campaign } = await started(2, { start_time: '08:00', end_time: '20:00' });
    expect(await campaign.handle.result()).toMatchObject({ buckets: { completed: PEOPLE } });
    expect(harness.provider.requests).toHaveLength(PEOPLE);
  });
});

describe('a worker whose clock is off, inside of the window by both clocks', () => {
  it.each([-2, 2])('by %i h: records by the database’s clock when calls were accepted', async (hoursAhead) => {
    const { harness, campaign } = await started(hoursAhead, { start_time: '08:00', end_time: '20:00' });
    // Every other call is found by a look-up, as its reply was lost.
    harness.provider.script = (request) => {
      if (request.seq % 2 === 0) return { kind: 'ends', outcome: 'completed' };
      harness.provider.accept(request);
      return { kind: 'unknown', reason: 'timeout' };
    };
    const accepted = async () => {
      const { rows } = await harness.pool.query<{ late: number }>(
        `select extract(epoch from accepted_at - first_sent_at)::float8 as late
           from calls where accepted_at is not null`,
      );
      return rows.map(({ late }) => late);
    };
    await vi.waitFor(async () => expect(await accepted()).toHaveLength(PEOPLE), { timeout: 60_000, interval: 200 });
    for (const late of await accepted()) expect(Math.abs(late)).toBeLessThan(60);
    await campaign.handle.terminate();
  });
});

describe('a worker whose clock is days off', () => {
  it.each([-9, 9])('by %i: adopts with the count of the day that it is by the database’s clock', async (daysAhead) => {
    const database = await createTestDatabase();
    try {
      const { pool } = database;
      const provider = new ScriptedProvider(pool, Date.now);
      const campaign = await recordCampaign(pool, 1, Date.now());
      const day = new Date().toISOString().slice(0, 10);
      const placement = { seq: 1, attempt: 1, epoch: 1, placement: 1, notBefore: 0, notAfter: Date.now() + 60_000 };
      await callActivity(
        'placeCall',
        { pool, provider, now: Date.now },
        { campaignId: campaign.id, day, ...placement },
      );
      const { snapshot } = await callActivity(
        'openRoster',
        { pool, provider, now: () => Date.now() + daysAhead * 24 * HOUR_MS, databaseNow: Date.now },
        { campaignId: campaign.id, adoption: 2 },
      );
      expect(Object.values(snapshot.placedByDay).reduce((sum, placed) => sum + placed, 0)).toBe(1);
    } finally {
      await database.drop();
    }
  });
});

it('a gateway whose clock is days ahead deletes no interrupted campaign of which a call may be going on', async () => {
  const gateway = await openGateway({ clock: () => Date.now() + 48 * HOUR_MS });
  try {
    const { pool } = gateway.db;
    const created = await gateway.send({
      method: 'POST',
      path: '/batch-calls',
      body: { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+12125550100' }] },
    });
    const { id } = created.body.data;
    await pool.query(
      `update campaigns set status = 'interrupted', interrupted_from = 'active', interrupted_reason = 'terminated',
              interrupted_at = now() where id = $1`,
      [id],
    );
    await pool.query(
      `insert into calls (id, campaign_id, seq, attempt, connection, request, day, first_sent_at, tries)
       values ($1, $2, 1, 1, 'truedy', 'a request', current_date, now(), 1)`,
      [`${id}.1.1`, id],
    );
    expect(await gateway.send({ method: 'DELETE', path: `/batch-calls/${id}` })).toMatchObject({ status: 409 });
    await pool.query("update calls set first_sent_at = now() - interval '1 day'");
    expect(await gateway.send({ method: 'DELETE', path: `/batch-calls/${id}` })).toMatchObject({ status: 200 });
  } finally {
    await gateway.close();
  }
});

describe('a database whose clock is off', () => {
  it('by hours ahead, past the end of the window: calls nobody, and does not try for ever', async () => {
    const { harness, campaign } = await started(0, { start_time: '11:00', end_time: '15:00' }, 4);
    await reaches(campaign, { waiting_for: 'window', in_flight: 0, buckets: { pending: PEOPLE } });
    expect(harness.provider.requests).toEqual([]);
    const [run] = await runsOf(campaign.handle);
    expect(run!.activities.placeCall).toBeLessThanOrEqual(PEOPLE);
  });

  it('by hours behind, before the window: calls nobody, and says that the system is in the way', async () => {
    const { harness, campaign } = await started(0, { start_time: '11:00', end_time: '15:00' }, -4);
    await reaches(campaign, { waiting_for: 'system', in_flight: 0, buckets: { pending: PEOPLE } });
    expect(harness.provider.requests).toEqual([]);
  });
});
