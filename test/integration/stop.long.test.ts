/** A stop against a whole system with two workers, by the provider's ledger. */
import { afterEach, expect, inject, it, vi } from 'vitest';
import { tellStopsChanged } from '../../client/temporal/tell-stops-changed.ts';
import { startCalls } from '../../cli/stop/end-stop.ts';
import { stopCalls } from '../../cli/stop/stop-calls.ts';
import { TwilioSettings } from '../../providers/twilio/settings.ts';
import { createTwilioProvider } from '../../providers/twilio/twilio.ts';
import { captureCli, fileOf, out, runCli } from '../support/harness/cli.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

captureCli();

let harness: SystemHarness;
afterEach(() => harness.close());

const tell = async (ids: readonly string[]) => {
  const told = await Promise.all(ids.map((id) => tellStopsChanged(harness.client, id)));
  return ids.filter((_, index) => !told[index]);
};
const holds = (id: string) =>
  vi.waitFor(async () =>
    expect(await harness.campaigns.progress(id)).toMatchObject({ waiting_for: 'stopped', in_flight: 0 }),
  );

it('in full flight: nothing is dialled after the answer, and start lets go on what it held', async () => {
  harness = await SystemHarness.start({ simulator: { timeScale: 100 } });
  await harness.startSecondWorker();
  const start = () => harness.startCampaign(80, { max_concurrent_calls: 10 });
  const [goesOn, pausedBefore, pausedDuring] = [await start(), await start(), await start()];
  await harness.campaigns.pause(pausedBefore);
  await vi.waitFor(() => expect(harness.simulator.ledger().calls.length).toBeGreaterThan(30), { interval: 10 });

  const { pool } = harness.db;
  const { stopped } = await stopCalls(pool, 'all', { reason: null, tell });
  const atTheAnswer = harness.simulator.ledger().calls.map(({ key }) => key);
  expect(stopped).toMatchObject({ acknowledged: true, not_told: [] });
  // What had not ended by the answer is named.
  const named = new Set(stopped.campaigns.flatMap(({ live, unknown }) => [...live, ...unknown]));
  const running = harness.simulator.ledger().calls.filter(({ ended_at }) => ended_at === null);
  expect(running.filter(({ key }) => !named.has(key!))).toEqual([]);

  await harness.campaigns.pause(pausedDuring);
  const created = await harness.startCampaign(5);
  const resumed = pausedBefore;
  expect(await harness.campaigns.resume(resumed)).toMatchObject({ acknowledged: true, status: 'active' });
  for (const id of [goesOn, created, resumed]) await holds(id);
  expect(harness.simulator.ledger().calls.map(({ key }) => key)).toEqual(atTheAnswer);

  const started = await startCalls(pool, 'all', { tell });
  expect(started.resumed.map(({ id }) => id).toSorted()).toEqual([goesOn, created, resumed].toSorted());
  expect(started.left).toMatchObject([{ id: pausedDuring, status: 'paused' }]);
  for (const id of [goesOn, created, resumed]) await harness.result(id);
  const { calls } = harness.simulator.ledger();
  expect(new Set(calls.map(({ key }) => key)).size).toBe(calls.length);
  const beforeThe = atTheAnswer.filter((key) => key!.startsWith(pausedDuring)).length;
  expect(harness.callsOf(pausedDuring)).toHaveLength(beforeThe);
});

it('with --hang-up: the calls of the connection end at the carrier', async () => {
  let baseUrl = '';
  let token = '';
  const settings = { account_sid: `AC${'0'.repeat(32)}`, twiml: '<Response><Say>Hello</Say></Response>' };
  harness = await SystemHarness.start({
    simulator: {
      carrier: 'twilio',
      webhook: null,
      faults: {
        poses: { webhooks: false },
        rules: [
          { match: {}, fault: { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: 600_000 } },
        ],
      },
    },
    limits: { lookUpAfterMs: 1_000 },
    adapter: (base_url, auth_token) => {
      [baseUrl, token] = [base_url, auth_token];
      return createTwilioProvider(TwilioSettings.parse({ ...settings, auth_token, base_url }), {
        webhookUrl: 'https://calls.example.com/webhooks/twilio',
        callerNumbers: ['+14155550100'],
      });
    },
  });
  const id = await harness.startCampaign(6, { max_concurrent_calls: 4 });
  await vi.waitFor(() => expect(harness.callsOf(id)).toHaveLength(4));
  const connection = {
    provider: 'twilio',
    ...settings,
    auth_token: 'env:TOKEN',
    base_url: baseUrl,
    countries: ['US'],
    number_types: ['mobile', 'fixed_line'],
    caller_numbers: ['+14155550100'],
    webhook_base_url: 'https://calls.example.com',
  };
  vi.stubEnv('TOKEN', token);
  vi.stubEnv(
    'RINGFENCE_CONNECTIONS',
    await fileOf('connections.json', JSON.stringify({ connections: { twilio: connection } })),
  );
  vi.stubEnv('DATABASE_URL', harness.db.url);
  vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
  expect(await runCli('stop', '--connection', 'twilio', '--hang-up', '--json'), out).toBe(0);
  const answer = JSON.parse(out) as { hang_up: { ended: string[]; not_ended: string[] } };
  expect(answer.hang_up.ended).toHaveLength(4);
  expect(answer.hang_up.not_ended).toEqual([]);
  expect(harness.callsOf(id).filter(({ ended_at }) => ended_at !== null)).toHaveLength(4);
  await holds(id);
  expect(harness.callsOf(id)).toHaveLength(4);
});
