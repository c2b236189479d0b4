/**
 * A backend runs a campaign: it imports contacts, creates the campaign, pauses and resumes it, and waits for its end.
 *
 *     RINGFENCE_API_KEY=... node --import tsx examples/start-from-backend.ts
 *
 * RINGFENCE_API_URL is the gateway. Default: the local one.
 */
import { Ringfence, RingfenceError } from '@ringfence/client';

const { RINGFENCE_API_URL: baseUrl = 'http://127.0.0.1:8080/api/public/v1', RINGFENCE_API_KEY: apiKey = '' } =
  process.env;

/** The name of this run in our records. A repeat with it, even by another process, creates nothing twice. */
const run = `appointment-reminders-${new Date().toISOString()}`;
const people = `phone,first_name,appointment
+1 212 555 0101,Ada,Monday at nine
+1 212 555 0102,Grace,
+1 212 555 0103,Alan,
+1 212 555 0104,Edsger,
`;

try {
  const ringfence = new Ringfence({ baseUrl, apiKey });

  const folder = await ringfence.folders.create({ name: run });
  // From a file: () => createReadStream('people.csv')
  const { imported, errors } = await ringfence.contacts.import(Buffer.from(people), { folder_id: folder.id });
  console.log(`Contacts imported: ${imported}, refused: ${errors}.`);

  const { id, total_contacts } = await ringfence.campaigns.create(
    {
      name: 'Appointment reminders',
      agent_id: 'demo-agent',
      contact_source: 'folder',
      contact_folder_id: folder.id,
      // Every day, around the clock: a real campaign sets the hours and the zone of the people it calls.
      working_days: [1, 2, 3, 4, 5, 6, 7],
      timezone: 'America/New_York',
      max_concurrent_calls: 2,
      max_calls_per_day: 100,
      max_retry_attempts: 1,
      retry_delay_minutes: 0,
    },
    { idempotencyKey: run },
  );
  console.log(`Campaign ${id} has started. Contacts: ${total_contacts}.`);

  const paused = await ringfence.campaigns.pause(id);
  if (paused.acknowledged) {
    console.log(
      `Paused. Nothing is being placed; live: ${paused.live.length}, perhaps live: ${paused.unknown.length}.`,
    );
  } else {
    console.log('No worker answered. The pause is recorded and will take effect when one runs.');
  }
  await ringfence.campaigns.resume(id);

  const { status, waiting_for, in_progress } = await ringfence.campaigns.get(id);
  console.log(`Resumed: ${status}, waiting for ${waiting_for ?? 'nothing'}, calls in flight: ${in_progress}.`);

  const ended = await ringfence.campaigns.untilOver(id);
  console.log(`The campaign is ${ended.status}: ${ended.completed} completed, ${ended.failed} failed.`);
  for await (const contact of ringfence.campaigns.contacts(id)) {
    console.log(`${contact.first_name}: ${contact.call_status}, ${contact.reason}`);
  }
} catch (error) {
  if (!(error instanceof RingfenceError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
