/** A campaign at a carrier whose webhooks are all lost, held against the carrier's ledger. */
import type { z } from 'zod';
import { expect, vi } from 'vitest';
import { parseCallId } from '../../domain/engine/ids.ts';
import type { CallProvider } from '../../providers/port.ts';
import { createRetellProvider } from '../../providers/retell/retell.ts';
import { RetellSettings } from '../../providers/retell/settings.ts';
import { createTwilioProvider } from '../../providers/twilio/twilio.ts';
import { TwilioSettings } from '../../providers/twilio/settings.ts';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { SystemHarness } from './harness/system-harness.ts';

const ACCOUNT = `AC${'0'.repeat(32)}`;
const NUMBER = '+14155550100';

type Adapter = (baseUrl: string, apiKey: string) => CallProvider;

/** Those with an API that finds calls whose webhooks were lost. The carrier of the harness needs no adapter here. */
export const ADAPTERS: Readonly<Record<'truedy' | 'twilio' | 'retell', Adapter | null>> = {
  truedy: null,
  twilio: (base_url, auth_token) =>
    createTwilioProvider(
      TwilioSettings.parse({
        account_sid: ACCOUNT,
        auth_token,
        twiml: '<Response><Say>Hello</Say></Response>',
        base_url,
        queue_bound_seconds: 0,
      }),
      { webhookUrl: 'https://calls.example.com/webhooks/twilio', callerNumbers: [NUMBER] },
    ),
  retell: (base_url, api_key) =>
    createRetellProvider(RetellSettings.parse({ base_url, api_key, queue_bound_seconds: 0 }), {
      callerNumbers: [NUMBER],
    }),
};

export interface LostWebhooks {
  readonly carrier: keyof typeof ADAPTERS;
  readonly people: number;
  readonly slots: number;
  readonly lookUpAfterMs: number;
  readonly lookUpsPerMinute: number;
  readonly simulator: Partial<z.input<typeof SimulatorOptions>>;
  /** Whether it is paused and resumed on the way. */
  readonly pauses?: boolean;
}

/** Runs the campaign to its end and checks every promise that concerns it. */
export async function runWithoutWebhooks(options: LostWebhooks): Promise<void> {
  const { carrier, people, slots, lookUpAfterMs, lookUpsPerMinute, simulator } = options;
  const adapter = ADAPTERS[carrier];
  const harness = await SystemHarness.start({
    simulator: { carrier, webhook: null, faults: { poses: { webhooks: false } }, ...simulator },
    limits: { lookUpAfterMs, lookUpsPerMinute },
    ...(adapter ? { adapter } : {}),
  });
  try {
    const campaignId = await harness.startCampaign(people, {
      max_concurrent_calls: slots,
      max_calls_per_day: 2 * people,
      retry_failed: true,
      max_retry_attempts: 1,
      retry_delay_minutes: 0,
    });
    const paused = options.pauses ? await pauseOnTheWay(harness, campaignId, people / 4) : null;
    const result = await harness.result(campaignId);
    await expectPromises(harness, campaignId, options, paused);
    expect(result.status).toBe('completed');
    const { completed, failed } = result.buckets;
    expect(completed + failed).toBe(people);
  } finally {
    await harness.close();
  }
}

interface Pause {
  readonly from: number;
  readonly to: number;
}

async function pauseOnTheWay(harness: SystemHarness, campaignId: string, calls: number): Promise<Pause> {
  await vi.waitFor(() => expect(harness.callsOf(campaignId).length).toBeGreaterThan(calls), {
    timeout: 120_000,
    interval: 20,
  });
  expect(await harness.api('POST', `/batch-calls/${campaignId}/pause`)).toMatchObject({ status: 200 });
  const from = Date.now();
  // While it is paused, look-ups end the calls that are live.
  await vi.waitFor(() => expect(harness.simulator.summary().in_flight).toBe(0), { timeout: 120_000, interval: 20 });
  const to = Date.now();
  await harness.api('POST', `/batch-calls/${campaignId}/resume`);
  return { from, to };
}

async function expectPromises(
  { simulator, db }: SystemHarness,
  campaignId: string,
  { slots, people, lookUpsPerMinute }: LostWebhooks,
  paused: Pause | null,
): Promise<void> {
  const { calls, requests } = simulator.ledger();
  const summary = simulator.summary();
  // P1, P5, P7: never more in flight than slots, one call for each attempt, and none is left.
  expect(summary.peak_in_flight).toBeLessThanOrEqual(slots);
  expect([summary.duplicate_keys, summary.in_flight]).toEqual([0, 0]);
  expect(new Set(calls.map(({ key }) => key)).size).toBe(calls.length);
  // P2
  expect(calls.length).toBeLessThanOrEqual(2 * people);
  // P4
  if (paused) {
    expect(calls.filter(({ accepted_at: at }) => at > paused.from && at < paused.to)).toEqual([]);
  }
  // P6, P9: each call is settled once, with the outcome that the carrier's ledger has; a retry follows its first call.
  const { rows } = await db.pool.query<{ id: string; outcome: string; settled: boolean }>(
    'select id, outcome, settled_at is not null as settled from calls where campaign_id = $1 and first_sent_at is not null',
    [campaignId],
  );
  const recorded = new Map(rows.map(({ id, outcome, settled }) => [id, settled ? outcome : null]));
  expect(recorded.size).toBe(calls.length);
  const toldApart = (outcome: string | null) => (outcome === 'invalid_number' ? 'failed' : outcome);
  for (const { key, outcome } of calls)
    expect([key, toldApart(recorded.get(key ?? '') ?? null)]).toEqual([key, toldApart(outcome)]);
  const seqs = new Set(calls.map(({ key }) => parseCallId(key ?? '')?.seq));
  expect(seqs.size).toBe(people);
  // Nothing but look-ups told of any end.
  expect((await db.pool.query('select 1 from call_events')).rows).toEqual([]);
  // The budget, in any minute.
  const asked = requests.filter(({ on }) => on === 'get' || on === 'list').map(({ at }) => at);
  expect(asked.length).toBeGreaterThan(0);
  for (const from of asked) {
    expect(asked.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(lookUpsPerMinute);
  }
}
