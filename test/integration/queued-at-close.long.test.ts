/** Calls that a carrier has in its queue when their campaign's time is over: none of them rings afterwards. */
import { expect, it } from 'vitest';
import { TwilioSettings } from '../../providers/twilio/settings.ts';
import { createTwilioProvider } from '../../providers/twilio/twilio.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

const ACCOUNT = `AC${'0'.repeat(32)}`;
/** Calls are placed until five seconds before the end: a busy machine needs some of this time to begin. */
const OPEN_MS = 20_000;
const LASTS_MS = OPEN_MS + 3_000;

it('are cancelled at the carrier, and calls that people are in go on', async () => {
  const harness = await SystemHarness.start({
    simulator: {
      carrier: 'twilio',
      webhook: null,
      faults: {
        poses: { webhooks: false },
        rules: [
          // Two are never dialled. The others are answered at once, and last beyond the end of the campaign.
          { match: { key: String.raw`\.[12]\.1$` }, fault: { kind: 'life', queue_ms: 86_400_000 } },
          {
            match: { key: String.raw`\.[345]\.1$` },
            fault: { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: LASTS_MS },
          },
        ],
      },
    },
    limits: { lookUpAfterMs: 1_000 },
    adapter: (base_url, auth_token) =>
      createTwilioProvider(
        TwilioSettings.parse({
          account_sid: ACCOUNT,
          auth_token,
          twiml: '<Response><Say>Hello</Say></Response>',
          base_url,
          request_timeout_seconds: 2,
          queue_bound_seconds: 3,
        }),
        { webhookUrl: 'https://calls.example.com/webhooks/twilio', callerNumbers: ['+14155550100'] },
      ),
  });
  try {
    const endsAt = Date.now() + OPEN_MS;
    const campaignId = await harness.startCampaign(5, {
      max_concurrent_calls: 5,
      ends_at: new Date(endsAt).toISOString(),
    });
    const { buckets } = await harness.result(campaignId);
    expect(buckets).toMatchObject({ completed: 3, failed: 2 });
    const { calls, requests } = harness.simulator.ledger();
    const queued = calls.filter(({ outcome }) => outcome === 'cancelled');
    expect(queued).toHaveLength(2);
    for (const { dialled_at, ended_at } of queued) {
      expect(dialled_at).toBeNull();
      expect(ended_at).toBeLessThan(endsAt);
    }
    expect(calls.filter(({ outcome }) => outcome === 'completed')).toHaveLength(3);
    expect(requests.filter(({ on }) => on === 'cancel')).toHaveLength(2);
    const { rows } = await harness.db.pool.query(
      `select seq, reason from campaign_contacts where bucket = 'failed' order by seq`,
    );
    expect(rows).toEqual([1, 2].map((seq) => ({ seq, reason: 'cancelled' })));
  } finally {
    await harness.close();
  }
});
