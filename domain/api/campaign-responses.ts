/** Responses about campaigns, which the gateway writes and the client reads. Instants are ISO 8601 in UTC. */
import { z } from 'zod';
import { HoursWindow } from '../engine/calling-hours.ts';
import { CampaignStatus, WaitingFor } from '../engine/campaign-state.ts';
import { Uuid } from '../engine/ids.ts';
import { Interruption, RecordedStatus } from './interruption.ts';
import { BUCKETS } from '../engine/tally.ts';

const count = z.int().min(0);
const instant = z.iso.datetime();

export const ProviderTrouble = z.object({
  reason: z
    .string()
    .describe(
      'A code: `throttled`, or `unavailable`, `blocked` or `unknown` with a detail after a colon, such as `blocked:http_402`, or a fault of the account.',
    ),
  since: instant,
  times: count.describe('How often calls have stopped because of it.'),
  scope: z
    .enum(['connection', 'campaign'])
    .describe(
      '`connection`: it holds all campaigns on the connection, and one call at a time over all of them probes the provider. `campaign`: it concerns this campaign alone.',
    ),
});
export type ProviderTrouble = z.infer<typeof ProviderTrouble>;

export const Campaign = z.object({
  id: Uuid,
  status: RecordedStatus.describe(
    '`interrupted`: its workflow was ended from outside, and no call is placed until it is restarted.',
  ),
  interrupted: Interruption.nullable().describe('Why the campaign is interrupted. Null if it is not.'),
  failure: z
    .string()
    .nullable()
    .describe(
      "Why Temporal refuses to start its workflow, in the server's words. Such a campaign is `failed` and has placed no calls. Null for any other campaign.",
    ),
  waiting_for: WaitingFor.nullable().describe(
    'What prevents the next call. Null while calls are being placed, or if none is left. An open-ended campaign without contacts to call waits for more, and shows null.',
  ),
  until: instant.nullable().describe('When that ends. Null if unknown.'),
  provider_trouble: ProviderTrouble.nullable().describe(
    'Trouble at the provider. It lasts until calls are placed as usual again. Null if there is none, or only a single short pause.',
  ),
  total_contacts: count.describe('The sum of the six buckets `pending` to `skipped`.'),
  group_count: count
    .nullable()
    .describe(
      'The number of groups of contacts with different hours. Null if all contacts have those of the campaign, and until a folder is copied.',
    ),
  called: count.describe('Contacts with at least one placed call.'),
  pending: count,
  in_progress: count,
  retrying: count,
  completed: count,
  failed: count,
  skipped: count,
  placed_today: count.describe('Calls placed on the present civil day of `day_timezone`.'),
  name: z.string(),
  agent_id: z.string(),
  connection: z.string().describe('The connection through which it calls.'),
  phone_number_ids: z.array(z.string()),
  phone_rotation_strategy: z.string().nullable(),
  policy: z.array(z.string()).describe('Names of the calling policies that hold for its contacts.'),
  contact_source: z.string(),
  contact_folder_id: Uuid.nullable(),
  schedule_type: z.string(),
  scheduled_at: z.string().nullable(),
  ends_at: z.string().nullable(),
  open_ended: z.boolean(),
  timezone: z.string().describe('`contact` where each contact has its own.'),
  unknown_zone: z.string().describe('`skip`, or the time zone of contacts whose own is not known.'),
  calling_hours: z
    .array(HoursWindow)
    .describe('The windows, also of a campaign whose hours were stated in the short form.'),
  start_time: z.string().nullable().describe('The short form. Null for the whole day, and with `calling_hours`.'),
  end_time: z.string().nullable(),
  working_days: z.array(z.int()).nullable().describe('Null if the hours were stated as `calling_hours`.'),
  blackout_dates: z.array(z.string()),
  holidays: z.string().nullable(),
  day_timezone: z.string().nullable(),
  max_concurrent_calls: z.int(),
  max_calls_per_day: z.int().nullable(),
  retry_failed: z.boolean(),
  max_retry_attempts: z.int(),
  retry_delay_minutes: z.union([z.number(), z.array(z.number())]),
  retry_on: z.array(z.string()),
  created_at: instant,
  updated_at: instant.describe('When the record last changed.'),
  as_of: instant.describe('When the record was read.'),
});
export type Campaign = z.infer<typeof Campaign>;

export const RestartResponse = z.object({ id: Uuid, status: RecordedStatus, restarted_at: instant });
export type RestartResponse = z.infer<typeof RestartResponse>;

const acknowledged = { id: Uuid, acknowledged: z.literal(true) };

export const PauseResponse = z.object({
  ...acknowledged,
  status: z.literal('paused'),
  paused_at: instant,
  live: z.array(z.string()),
  unknown: z.array(z.string()),
});

export const ResumeResponse = z.object({ ...acknowledged, status: CampaignStatus, resumed_at: instant });

/**
 * The response to a command that Temporal keeps until a worker runs again. The status is the recorded one, not the
 * requested one.
 */
export const NotYetResponse = z.object({ id: Uuid, acknowledged: z.literal(false), status: RecordedStatus });

/** The response to the cancel of an interrupted campaign. For any other campaign the workflow acknowledges it. */
export const CancelResponse = z.object({
  ...acknowledged,
  status: CampaignStatus,
  cancel_requested_at: instant,
});
export type CancelResponse = z.infer<typeof CancelResponse>;

export const CampaignContactResponse = z.object({
  contact_id: Uuid,
  phone_number: z.string(),
  first_name: z.string().nullable(),
  call_status: z.enum(BUCKETS).describe("The contact's bucket."),
  reason: z
    .string()
    .nullable()
    .describe(
      'The reason for the bucket, if there is one: an outcome, a refusal, `suppressed`, `country_not_allowed`, `number_type_not_allowed`, `unknown_zone`, `never_open` (a policy leaves nothing of the calling hours), `removed`, `expired` or `cancelled`.',
    ),
  attempt: z.int().describe('The present attempt or, while the contact waits, the next one.'),
  priority: z.int().describe('1 to 5: contacts with a lower number get their first call before others.'),
  not_before: instant.nullable().describe('No call is placed before this instant.'),
  call_id: z.string().nullable(),
  called_at: instant.nullable(),
});
export type CampaignContactResponse = z.infer<typeof CampaignContactResponse>;

export const Pagination = z.object({
  total: count.describe('The number of items in the list. With `cursor`, it may be the number at the first page.'),
  total_is_exact: z.boolean().describe('False if there are more: lists without a counter are counted up to 10,000.'),
  limit: count,
  offset: count.describe('The requested offset; 0 with `cursor`.'),
  has_more: z.boolean(),
  next_cursor: z.string().nullable().describe('The `cursor` of the next page. Null at the end.'),
});
export type Pagination = z.infer<typeof Pagination>;

/** The metadata of every response. */
export const Meta = z.object({ request_id: z.string(), ts: instant });

/** The response to a refused request. */
export const ErrorResponse = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
  meta: Meta,
});
