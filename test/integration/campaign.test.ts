import { afterEach, describe, expect, it, vi } from 'vitest';
import { BUCKETS, total } from '../../domain/engine/tally.ts';
import { zoneAtNoon } from '../support/factories/zone-at-noon.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

const HOUR_MS = 3_600_000;

let harness: SystemHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

/** Real durations of a provider whose clock runs this much faster; two to three seconds a call become tenths. */
const FAST = { timeScale: 200 };
const NO_OUTCOMES = {
  completed: 0,
  no_answer: 0,
  voicemail: 0,
  busy: 0,
  declined: 0,
  invalid_number: 0,
  failed: 0,
};

describe('a campaign on a real server', () => {
  it('calls every contact once, under the limit, and agrees with the ledger', async () => {
    harness = await SystemHarness.start({ simulator: FAST });
    const id = await harness.startCampaign(40, { max_concurrent_calls: 8, max_calls_per_day: 100 });
    const result = await harness.result(id);
    const ledger = harness.simulator.ledger();
    expect(result.status).toBe('completed');
    expect(total(result.buckets)).toBe(40);
    expect(ledger.accepted).toBe(40);
    expect(ledger.duplicate_keys).toBe(0);
    expect(ledger.peak_in_flight).toBeLessThanOrEqual(8);
    const completed = harness.callsOf(id).filter((call) => ['completed', 'voicemail'].includes(call.outcome ?? ''));
    expect(result.buckets.completed).toBe(completed.length);
    const { data } = await harness.api('GET', `/batch-calls/${id}`);
    expect(data).toMatchObject({ status: 'completed', total_contacts: 40, called: 40, placed_today: 40 });
    for (const bucket of BUCKETS) expect((data as Record<string, unknown>)[bucket]).toBe(result.buckets[bucket]);
  });

  it('retries by outcome under one budget, each attempt with a separate key', async () => {
    harness = await SystemHarness.start({
      simulator: { ...FAST, outcomes: { ...NO_OUTCOMES, no_answer: 1, busy: 1, declined: 1 } },
    });
    const id = await harness.startCampaign(10, {
      max_concurrent_calls: 5,
      retry_failed: true,
      max_retry_attempts: 2,
      retry_delay_minutes: [0, 0.01],
      retry_on: ['no_answer', 'busy', 'declined'],
    });
    const result = await harness.result(id);
    expect(result.buckets.failed).toBe(10);
    const keys = harness.callsOf(id).map((call) => call.key);
    expect(new Set(keys).size).toBe(30);
    expect(keys).toHaveLength(30);
  });

  it('calls nobody again whose number is invalid, nor by default who declined', async () => {
    harness = await SystemHarness.start({
      simulator: { ...FAST, outcomes: { ...NO_OUTCOMES, declined: 1, invalid_number: 1 } },
    });
    const id = await harness.startCampaign(10, { max_concurrent_calls: 5, max_retry_attempts: 3 });
    await harness.result(id);
    const { rows } = await harness.db.pool.query<{ key: string; reason: string }>(
      `select campaign_id || '.' || seq || '.' || attempt as key, reason from campaign_contacts
        where campaign_id = $1 and bucket = 'failed' order by seq`,
      [id],
    );
    const called = harness.callsOf(id).map(({ key, outcome }) => ({ key, reason: outcome }));
    expect([called.length, rows.length]).toEqual([10, 10]);
    expect(rows).toEqual(expect.arrayContaining(called));
  });

  it('frees the slot of a call that never reports, by looking it up at its deadline', async () => {
    harness = await SystemHarness.start({
      simulator: { timeScale: 1000, webhook: null },
      provider: { maxDurationS: 1, joinTimeoutS: 1 },
    });
    const id = await harness.startCampaign(12, { max_concurrent_calls: 4 });
    const result = await harness.result(id);
    expect(result.status).toBe('completed');
    expect(result.buckets.completed + result.buckets.failed).toBe(12);
    // Looked up, not given up.
    const { rows: lost } = await harness.db.pool.query(
      `select id from calls where outcome is null or outcome = 'lost'`,
    );
    expect(lost).toEqual([]);
    const ledger = harness.simulator.ledger();
    expect(ledger.accepted).toBe(12);
    expect(ledger.duplicate_keys).toBe(0);
    expect(ledger.peak_in_flight).toBeLessThanOrEqual(4);
  });

  it('stops placing when a pause is acknowledged, names the live calls, and goes on when resumed', async () => {
    // The longest call, of ten minutes and more, ends well within the wait below.
    harness = await SystemHarness.start({ simulator: { timeScale: 60 } });
    const id = await harness.startCampaign(40, { max_concurrent_calls: 5 });
    await vi.waitFor(() => expect(harness!.simulator.ledger().accepted).toBeGreaterThanOrEqual(5));
    const pause = await harness.api('POST', `/batch-calls/${id}/pause`);
    const accepted = harness.simulator.ledger().calls.length;
    const live = harness.simulator.ledger().calls.filter((call) => call.ended_at === null);
    expect(pause).toMatchObject({ status: 200, data: { status: 'paused' } });
    expect((pause.data as { live: string[] }).live.length).toBeGreaterThanOrEqual(live.length);
    expect((await harness.api('GET', `/batch-calls/${id}`)).data).toMatchObject({ status: 'paused' });
    expect((await harness.api('POST', `/batch-calls/${id}/pause`)).status).toBe(409);
    await vi.waitFor(async () => expect((await harness!.campaigns.progress(id)).in_flight).toBe(0), { interval: 100 });
    expect(harness.simulator.ledger().calls).toHaveLength(accepted);
    expect(await harness.api('POST', `/batch-calls/${id}/resume`)).toMatchObject({ status: 200 });
    expect((await harness.api('POST', `/batch-calls/${id}/resume`)).status).toBe(409);
    await harness.api('POST', `/batch-calls/${id}/cancel`);
    const result = await harness.result(id);
    expect(result.status).toBe('cancelled');
    expect(total(result.buckets)).toBe(40);
    expect(result.buckets.skipped).toBeGreaterThan(0);
  });

  it('applies a webhook that overtakes the reply, and any event once however often it comes', async () => {
    harness = await SystemHarness.start({
      simulator: {
        ...FAST,
        faults: {
          rules: [
            { probability: 0.3, fault: { kind: 'event_before_reply', events: ['call.ended'] } },
            { probability: 0.3, fault: { kind: 'event_duplicate' } },
            { probability: 0.3, fault: { kind: 'event_reorder' } },
            { probability: 0.3, fault: { kind: 'second_end', outcome: 'failed' } },
          ],
          poses: { echoes: false },
        },
      },
    });
    const id = await harness.startCampaign(40, { max_concurrent_calls: 10 });
    const result = await harness.result(id);
    expect(result.buckets.completed + result.buckets.failed).toBe(40);
    expect(harness.simulator.ledger().accepted).toBe(40);
    expect(harness.simulator.ledger().duplicate_keys).toBe(0);
  });
});

describe('a change of the terms of a running campaign', () => {
  it('moves the limit down to a hold and up again, and refuses what does not go together without a trace', async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 50 } });
    const id = await harness.startCampaign(50, { max_concurrent_calls: 10 });
    await vi.waitFor(() => expect(harness!.simulator.ledger().accepted).toBeGreaterThanOrEqual(10));
    const held = await harness.api('PATCH', `/batch-calls/${id}`, { max_concurrent_calls: 0 });
    expect(held).toMatchObject({ status: 200, data: { max_concurrent_calls: 0 } });
    const accepted = harness.simulator.ledger().accepted;
    await vi.waitFor(async () => expect((await harness!.campaigns.progress(id)).in_flight).toBe(0), { interval: 100 });
    expect(harness.simulator.ledger().accepted).toBe(accepted);

    const edits = async () =>
      (await harness!.handle(id).fetchHistory()).events!.filter(
        ({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted,
      ).length;
    const before = await edits();
    for (const change of [
      { start_time: '10:00' },
      { max_concurrent_calls: -1 },
      { name: 'x' },
      {},
      { timezone: 'X/Y' },
    ]) {
      expect(await harness.api('PATCH', `/batch-calls/${id}`, change)).toMatchObject({ status: 422 });
    }
    expect(await edits()).toBe(before);

    await harness.api('PATCH', `/batch-calls/${id}`, { max_concurrent_calls: 20, max_calls_per_day: accepted + 5 });
    await vi.waitFor(async () => expect((await harness!.campaigns.progress(id)).waiting_for).toBe('daily_cap'), {
      interval: 100,
    });
    expect(harness.simulator.ledger().accepted).toBe(accepted + 5);
    // The same calls, counted by the days of another zone, where it is still the morning.
    await harness.api('PATCH', `/batch-calls/${id}`, { timezone: zoneAtNoon(Date.now() + HOUR_MS) });
    expect(await harness.campaigns.progress(id)).toMatchObject({
      placed_today: accepted + 5,
      waiting_for: 'daily_cap',
    });
    await harness.api('PATCH', `/batch-calls/${id}`, { max_calls_per_day: null });
    const result = await harness.result(id);
    expect(total(result.buckets)).toBe(50);
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 50, duplicate_keys: 0 });
  });
});
