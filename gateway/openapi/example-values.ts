/** Things that examples of several operations speak of. Numbers that nobody has. */
import type { Campaign } from '../../domain/api/campaign-responses.ts';
import type { ContactResponse, FolderResponse } from '../../domain/api/contact-responses.ts';

export const FOLDER_ID = 'c0a1f2b3-0d5e-4c6f-8a7b-9c8d7e6f5a41';
export const CONTACT_ID = '5b0d2f6e-8e1c-4a3b-9f7d-2c4e6a8b0d12';
/** What the idempotency key gives to the account `default`. */
export const CAMPAIGN_ID = '3ff9b7c5-abd9-8137-b348-b15a736e53e9';
export const IDEMPOTENCY_KEY = 'appointment-reminders-2026-03';
export const CALL_ID = `${CAMPAIGN_ID}.1.1`;
export const PROVIDER_CALL_ID = 'call_7Xk2Q9';

export const FOLDER: FolderResponse = { id: FOLDER_ID, name: 'Patients', created_at: '2026-03-17T09:12:00.000Z' };

export const CONTACT: ContactResponse = {
  id: CONTACT_ID,
  folder_id: FOLDER_ID,
  phone_number: '+12125550101',
  extension: null,
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@example.com',
  timezone: 'America/New_York',
  region: null,
  priority: null,
  not_before: null,
  custom_fields: { appointment: 'Monday at ten' },
  created_at: '2026-03-17T09:13:00.000Z',
  updated_at: '2026-03-17T09:13:00.000Z',
};

/** A campaign in the middle of its first day. */
export const CAMPAIGN: Campaign = {
  id: CAMPAIGN_ID,
  status: 'active',
  interrupted: null,
  failure: null,
  waiting_for: null,
  until: null,
  provider_trouble: null,
  total_contacts: 242,
  group_count: null,
  called: 96,
  pending: 146,
  in_progress: 8,
  retrying: 19,
  completed: 66,
  failed: 3,
  skipped: 0,
  placed_today: 101,
  name: 'Appointment reminders',
  agent_id: 'demo-agent',
  connection: 'truedy',
  phone_number_ids: [],
  phone_rotation_strategy: null,
  policy: [],
  contact_source: 'manual',
  contact_folder_id: null,
  schedule_type: 'immediate',
  scheduled_at: null,
  ends_at: null,
  open_ended: false,
  timezone: 'America/New_York',
  unknown_zone: 'skip',
  calling_hours: [{ days: [1, 2, 3, 4, 5], start: '10:00', end: '17:00' }],
  start_time: '10:00',
  end_time: '17:00',
  working_days: [1, 2, 3, 4, 5],
  blackout_dates: [],
  holidays: null,
  day_timezone: null,
  max_concurrent_calls: 8,
  max_calls_per_day: 120,
  retry_failed: true,
  max_retry_attempts: 1,
  retry_delay_minutes: 60,
  retry_on: ['no_answer', 'busy', 'failed'],
  created_at: '2026-03-18T13:55:00.000Z',
  updated_at: '2026-03-18T14:29:58.000Z',
  as_of: '2026-03-18T14:30:00.000Z',
};
