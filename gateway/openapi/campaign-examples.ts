import type { z } from 'zod';
import type { CampaignContactResponse } from '../../domain/api/campaign-responses.ts';
import type { AddContactsInput } from '../../domain/api/added-contacts.ts';
import type { ChangeCampaign } from '../../domain/api/campaign-change.ts';
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import type { CallEventResponse, ContactExplanation } from '../../domain/api/contact-explanation.ts';
import type { ForecastResponse } from '../../domain/forecast/response.ts';
import type { ForecastRequest } from '../../domain/forecast/request.ts';
import { type Described, exampleList, exampleOf } from './described.ts';
import {
  CALL_ID,
  CAMPAIGN,
  CAMPAIGN_ID,
  CONTACT_ID,
  FOLDER_ID,
  IDEMPOTENCY_KEY,
  PROVIDER_CALL_ID,
} from './example-values.ts';

const id = CAMPAIGN_ID;

const PEOPLE: CreateCampaignInput = {
  name: 'Appointment reminders',
  agent_id: 'demo-agent',
  contacts: [
    { phone_number: '+12125550101', first_name: 'Ada', custom_fields: { appointment: 'Monday at ten' } },
    { phone_number: '+12125550102' },
  ],
  timezone: 'America/New_York',
  start_time: '10:00',
  end_time: '17:00',
  max_concurrent_calls: 8,
  max_calls_per_day: 120,
  max_retry_attempts: 1,
};

const FOLDER: CreateCampaignInput = {
  name: 'Spring survey',
  agent_id: 'demo-agent',
  contact_source: 'folder',
  contact_folder_id: FOLDER_ID,
  schedule_type: 'scheduled',
  scheduled_at: '2036-03-20T09:00:00+01:00',
  ends_at: '2036-04-30T22:00:00Z',
  timezone: 'Europe/Berlin',
  calling_hours: [
    { days: [1, 2, 3, 4, 5], start: '09:00', end: '12:30' },
    { days: [1, 2, 3, 4, 5], start: '14:00', end: '20:00' },
    { days: [6], start: '10:00', end: '14:00' },
  ],
  blackout_dates: ['2036-04-11'],
  holidays: 'DE-BY',
  max_retry_attempts: 2,
  retry_delay_minutes: [30, 1440],
  retry_on: ['no_answer', 'busy', 'declined'],
};

const MORE_PEOPLE: AddContactsInput = {
  contacts: [{ phone_number: '+12125550104', first_name: 'Mary' }, { phone_number: '+12125550102' }],
};
const NEW_LIMITS: ChangeCampaign = { max_concurrent_calls: 5, max_calls_per_day: 300 };
const NEW_HOURS: ChangeCampaign = { timezone: 'America/Chicago', start_time: '09:00', end_time: '16:30' };
const NEW_WINDOWS: ChangeCampaign = {
  calling_hours: [
    { days: [1, 2, 3, 4, 5], start: '09:00', end: '21:30' },
    { days: [6, 7], start: '10:00', end: '18:00' },
  ],
  holidays: 'CA-ON',
};
const HELD: ChangeCampaign = { max_concurrent_calls: 0 };

const ASKED: z.input<typeof ForecastRequest> = {
  contact_count: 2_000,
  timezone: 'America/New_York',
  start_time: '10:00',
  end_time: '17:00',
  max_concurrent_calls: 8,
  max_calls_per_day: 1_200,
  max_retry_attempts: 1,
  call_seconds: 90,
  retry_share: 0.4,
};

const COURSE: ForecastResponse = {
  outcome: 'finishes',
  finishes_at: '2026-03-20T17:32:11.000Z',
  calls: 2_800,
  expires: 0,
  calling_days: 3,
  calls_per_day: 933.3,
  days: [
    { date: '2026-03-18', calls: 1_200 },
    { date: '2026-03-19', calls: 1_200 },
    { date: '2026-03-20', calls: 400 },
  ],
  limited_by: [
    { limit: 'daily_cap', finishes_at_without: '2026-03-19T16:47:40.000Z', expires_without: 0 },
    { limit: 'window', finishes_at_without: '2026-03-20T06:10:02.000Z', expires_without: 0 },
  ],
  status: null,
  contacts: 2_000,
  if_resumed_now: null,
  assumed: { call_seconds: 90, call_seconds_from: 'request', retry_share: 0.4, retry_share_from: 'request' },
  as_of: '2026-03-18T14:30:00.000Z',
};

const CONTACT: CampaignContactResponse = {
  contact_id: CONTACT_ID,
  phone_number: '+12125550101',
  first_name: 'Ada',
  call_status: 'retrying',
  reason: 'no_answer',
  attempt: 2,
  priority: 3,
  not_before: null,
  call_id: CALL_ID,
  called_at: '2026-03-18T14:01:12.000Z',
};

const { call_id: _callId, called_at: _calledAt, ...standing } = CONTACT;
const EXPLAINED: ContactExplanation = {
  ...standing,
  campaign_status: 'active',
  gate: 'retry',
  number_limit: null,
  hours: { timezones: ['America/New_York'], from: 'campaign', policies: [] },
  policies: [],
  next_eligible_at: '2026-03-18T15:01:40.000Z',
  attempts: [
    {
      call_id: CALL_ID,
      attempt: 1,
      first_sent_at: '2026-03-18T14:01:12.000Z',
      provider_call_id: PROVIDER_CALL_ID,
      policies: [],
      not_placed_reason: null,
      outcome: 'no_answer',
      outcome_as_sent: 'no_answer',
      account_fault: null,
      ended_at: '2026-03-18T14:01:40.000Z',
    },
  ],
  as_of: '2026-03-18T14:30:00.000Z',
};

const EVENT: CallEventResponse = {
  event_id: 'evt_4Tq8Zb',
  connection: 'truedy',
  provider: 'truedy',
  provider_call_id: PROVIDER_CALL_ID,
  kind: 'ended',
  outcome: 'no_answer',
  outcome_as_sent: 'no_answer',
  occurred_at: '2026-03-18T14:01:40.000Z',
  received_at: '2026-03-18T14:01:40.312Z',
  contradicts: false,
  late: false,
  signalled_at: '2026-03-18T14:01:40.330Z',
  raw: '{"id":"evt_4Tq8Zb","event":"call.ended","timestamp":"2026-03-18T14:01:40Z","data":{"call_id":"call_7Xk2Q9","status":"no_answer"}}',
};

const OVER = 'The campaign has ended, or is interrupted.';
const NOT_YET = exampleOf({ id, acknowledged: false, status: 'active' });
const AFTER_202 =
  '202: no worker answered in time. Temporal keeps the command, and the campaign executes it when a worker runs again. Nothing is promised about this moment.';

/** By method and path below the root of the API. */
export const CAMPAIGN_OPERATIONS: Readonly<Record<string, Described>> = {
  'POST /batch-calls': {
    operationId: 'createCampaign',
    description:
      'Responds once the campaign and its contacts are recorded; the campaign then starts on its own. The idempotency key of a campaign is never deleted. If Temporal permanently refuses to start the campaign, the response is 422 with the code `start_refused`: the campaign is recorded as `failed`, `details.campaign` is its id, and every repeat with the key gets the same response.',
    parameters: { 'x-idempotency-key': IDEMPOTENCY_KEY },
    requests: {
      people: { summary: 'Contacts in the request', value: PEOPLE, status: 201 },
      folder: { summary: 'A folder, with a start date and hours in another time zone', value: FOLDER, status: 201 },
    },
    answers: {
      201: exampleOf({
        ...CAMPAIGN,
        waiting_for: 'start',
        total_contacts: 2,
        pending: 2,
        called: 0,
        in_progress: 0,
        retrying: 0,
        completed: 0,
        failed: 0,
        placed_today: 0,
      }),
    },
  },
  'GET /batch-calls': {
    operationId: 'listCampaigns',
    description: 'Returns the campaigns of the account, optionally filtered by agent and status.',
    parameters: { agent_id: 'demo-agent', status: 'active', limit: 50 },
    answers: { 200: exampleList(CAMPAIGN) },
  },
  'GET /batch-calls/{id}': {
    operationId: 'getCampaign',
    description:
      'Returns the terms, the status, what the campaign waits for, and the number of contacts in each bucket.',
    parameters: { id },
    answers: { 200: exampleOf(CAMPAIGN) },
  },
  'PATCH /batch-calls/{id}': {
    operationId: 'editCampaign',
    parameters: { id },
    conflict: OVER,
    requests: {
      limits: { summary: 'Change limits', value: NEW_LIMITS, status: 200 },
      hours: { summary: 'Change hours and time zone', value: NEW_HOURS, status: 200 },
      windows: { summary: 'Other hours at the weekend, and holidays', value: NEW_WINDOWS, status: 200 },
      hold: { summary: 'Stop new calls', value: HELD, status: 200 },
    },
    answers: { 200: exampleOf({ ...CAMPAIGN, max_concurrent_calls: 5, max_calls_per_day: 300 }) },
  },
  'DELETE /batch-calls/{id}': {
    operationId: 'deleteCampaign',
    description:
      'Deletes the campaign with its contacts, calls and events. Its calls still count for the limits of calls to one number. The campaign must be completed, cancelled or failed. An interrupted campaign can be deleted once none of its calls can be live.',
    parameters: { id },
    conflict: 'The campaign has not ended, or it is interrupted and one of its calls may be live.',
    answers: { 200: exampleOf({ id, deleted: true }) },
  },
  'POST /batch-calls/{id}/pause': {
    operationId: 'pauseCampaign',
    description: `200: no placement is under way. \`live\` lists the live calls, and \`unknown\` the calls that the provider may have accepted. Both continue to their end. ${AFTER_202}`,
    parameters: { id },
    conflict: 'The campaign is already paused, is interrupted, or has ended.',
    answers: {
      200: exampleOf({
        id,
        acknowledged: true,
        status: 'paused',
        paused_at: '2026-03-18T14:30:00.000Z',
        live: [CALL_ID],
        unknown: [],
      }),
      202: NOT_YET,
    },
  },
  'POST /batch-calls/{id}/resume': {
    operationId: 'resumeCampaign',
    description: `The campaign becomes scheduled if its start is in the future, and active otherwise. ${AFTER_202}`,
    parameters: { id },
    conflict: 'The campaign is not paused.',
    answers: {
      200: exampleOf({ id, acknowledged: true, status: 'active', resumed_at: '2026-03-18T14:30:00.000Z' }),
      202: exampleOf({ id, acknowledged: false, status: 'paused' }),
    },
  },
  'POST /batch-calls/{id}/cancel': {
    operationId: 'cancelCampaign',
    description: `Live calls run to their end, and all contacts that still wait are skipped with the reason \`cancelled\`. An interrupted campaign gets a new workflow for this, which tracks its live calls and places none. ${AFTER_202}`,
    parameters: { id },
    conflict: 'The campaign is already ending, or has ended.',
    answers: {
      200: exampleOf({ id, acknowledged: true, status: 'active', cancel_requested_at: '2026-03-18T14:30:00.000Z' }),
      202: NOT_YET,
    },
  },
  'POST /batch-calls/{id}/restart': {
    operationId: 'restartCampaign',
    description:
      'A campaign is interrupted if its workflow was ended from outside; `interrupted` gives the reason. A restart starts another workflow under the same id. It adopts the records: no call is repeated, live calls are tracked, and a paused campaign stays paused. Simultaneous requests start one workflow and get the same response. If Temporal permanently refuses the start, the response is 422 `start_refused` and the campaign stays interrupted.',
    parameters: { id },
    conflict:
      'The campaign is not interrupted. Or its workflow ended it but the record does not show it, for example because it was restored from a backup: another run would call people again.',
    answers: { 200: exampleOf({ id, status: 'active', restarted_at: '2026-03-18T14:30:00.000Z' }) },
  },
  'GET /batch-calls/{id}/forecast': {
    operationId: 'forecastCampaign',
    parameters: { id, call_seconds: 90, retry_share: 0.4 },
    answers: { 200: exampleOf({ ...COURSE, status: 'active' }) },
  },
  'POST /batch-calls/forecast': {
    operationId: 'forecastNewCampaign',
    requests: {
      number: { summary: 'A number of contacts', value: ASKED, status: 200 },
      campaign: { summary: 'The request that would create the campaign', value: PEOPLE, status: 200 },
    },
    answers: { 200: exampleOf(COURSE) },
  },
  'GET /batch-calls/{id}/contacts': {
    operationId: 'listCampaignContacts',
    description:
      'Contacts come in the order in which they were given. `call_id` and `called_at` belong to the latest placed call.',
    parameters: { id, limit: 50 },
    answers: { 200: exampleList(CONTACT) },
  },
  'POST /batch-calls/{id}/contacts': {
    operationId: 'addCampaignContacts',
    description:
      'Adds contacts to a campaign that has not ended, whatever its status is. A number with its extension is added once: contacts that the campaign has already are counted and not added again. The bounds are those of the contacts that create a campaign; send several requests for more. The campaign calls added contacts after those that it has.',
    parameters: { id },
    conflict: 'The campaign has ended or is ending (`campaign_over`).',
    requests: { people: { summary: 'Two more contacts', value: MORE_PEOPLE, status: 200 } },
    answers: { 200: exampleOf({ id, added: 1, already_there: 1, total_contacts: 243 }) },
  },
  'DELETE /batch-calls/{id}/contacts/{contact_id}': {
    operationId: 'removeCampaignContact',
    description:
      'Takes out a contact that waits for a call. It is skipped with the reason `removed`, and this campaign never calls it again. A repeat changes nothing and gets the same response. To keep a number out of all campaigns, use `POST /suppressions`.',
    parameters: { id, contact_id: CONTACT_ID },
    conflict:
      'The contact is being called (`contact_in_call`), or is completed, failed or skipped (`contact_over`). Or the campaign has ended or is ending (`campaign_over`).',
    answers: { 200: exampleOf({ id, contact_id: CONTACT_ID, call_status: 'skipped', reason: 'removed' }) },
  },
  'POST /batch-calls/{id}/contacts/{contact_id}/call-at': {
    operationId: 'callContactAt',
    description:
      'Moves the next call of a waiting contact, a first call or a retry. The call is due at that time. It is placed inside all limits, before calls without a time. If the time is outside the calling hours, the call waits for the next window.',
    parameters: { id, contact_id: CONTACT_ID },
    conflict:
      'The contact is being called (`contact_in_call`), or is completed, failed or skipped (`contact_over`). Or the campaign has ended or is ending (`campaign_over`).',
    requests: {
      later: { summary: 'A callback at half past three', value: { at: '2036-03-19T15:30:00-04:00' }, status: 200 },
    },
    answers: {
      200: exampleOf({
        id,
        contact_id: CONTACT_ID,
        call_status: 'retrying',
        attempt: 2,
        not_before: '2036-03-19T19:30:00.000Z',
      }),
    },
  },
  'GET /batch-calls/{id}/contacts/{contact_id}': {
    operationId: 'explainContact',
    parameters: { id, contact_id: CONTACT_ID },
    answers: { 200: exampleOf(EXPLAINED) },
  },
  'GET /batch-calls/{id}/calls/{call_id}/events': {
    operationId: 'listCallEvents',
    description: 'Returns each event in the order of arrival, as parsed and as received.',
    parameters: { id, call_id: CALL_ID, limit: 50 },
    answers: { 200: exampleList(EVENT) },
  },
};
