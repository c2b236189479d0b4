/**
 * A backend runs a campaign: it creates it, pauses and resumes it, watches it, and waits for the result.
 *
 *     RINGFENCE_API_KEY=... node --import tsx examples/start-from-backend.ts
 *
 * RINGFENCE_API_URL is the gateway. Default: the local one. Everything goes through it; a backend that must be able to pause
 * while the gateway is away connects to Temporal too, by CampaignClient.connect({ api }).
 */
import { CampaignClient, RingfenceError } from '../client/index.ts';

const baseUrl = process.env.RINGFENCE_API_URL ?? 'http://127.0.0.1:8080/api/public/v1';
const key = process.env.RINGFENCE_API_KEY;
if (!key) throw new Error('Set RINGFENCE_API_KEY to a key with the scope "write".');

const campaigns = new CampaignClient({ api: { baseUrl, key } });
try {
  const { id, total_contacts } = await campaigns.start(
    {
      name: 'Appointment reminders',
      agent_id: 'demo-agent',
      contacts: [
        { phone_number: '+12125550101', first_name: 'Ada', custom_fields: { appointment: 'Monday at nine' } },
        { phone_number: '+12125550102', first_name: 'Grace' },
        { phone_number: '+12125550103', first_name: 'Alan' },
        { phone_number: '+12125550104', first_name: 'Edsger' },
      ],
      // Every day, around the clock: a real campaign names the hours and the zone of the people it calls.
      working_days: [1, 2, 3, 4, 5, 6, 7],
      timezone: 'America/New_York',
      max_concurrent_calls: 2,
      max_calls_per_day: 100,
      max_retry_attempts: 1,
      retry_delay_minutes: 0,
    },
    // The name of this campaign in our own books: should the answer be lost, the same request is safe to send again.
    { idempotencyKey: `appointment-reminders-${new Date().toISOString()}` },
  );
  console.log(`Campaign ${id} has started. Contacts: ${total_contacts}.`);

  const paused = await campaigns.pause(id);
  if (paused.acknowledged) {
    console.log(
      `Paused. Nothing is being placed; live: ${paused.live.length}, perhaps live: ${paused.unknown.length}.`,
    );
  } else {
    console.log('No worker answered. The pause is recorded and will take effect when one runs.');
  }
  await campaigns.resume(id);

  const { status, waiting_for, in_flight } = await campaigns.progress(id);
  console.log(`Resumed: ${status}, waiting for ${waiting_for ?? 'nothing'}, calls in flight: ${in_flight}.`);

  const result = await campaigns.result(id);
  console.log(`The campaign is ${result.status}:`, result.buckets);
} catch (error) {
  if (!(error instanceof RingfenceError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
