/** Responses about one contact of a campaign and its calls. Instants are ISO 8601 in UTC. */
import { z } from 'zod';
import { CampaignContactResponse } from './campaign-responses.ts';
import { Gate } from './contact-gate.ts';
import { Outcome } from '../engine/outcome.ts';
import { RecordedStatus } from './interruption.ts';

const instant = z.iso.datetime();
const outcome = z
  .string()
  .nullable()
  .describe(`How the call ended: ${Outcome.options.map((word) => `\`${word}\``).join(', ')}. Null if it has not.`);

const FollowedPolicy = z.object({
  name: z.string(),
  version: z.string().describe('The version of its rules.'),
});

/** Whose hours hold for a contact. */
const ContactHours = z.object({
  timezones: z.array(z.string()).describe('The contact is called only while the hours are open in all of these.'),
  from: z
    .enum(['campaign', 'contact', 'region', 'number', 'unknown_zone'])
    .describe(
      'What says so: the `timezone` of the campaign, the one of the contact, its region with its number, its number, or the `unknown_zone` of the campaign.',
    ),
  policies: z
    .array(z.object({ name: z.string(), version: z.string() }))
    .describe('The policies that narrow the hours of the campaign for this contact.'),
});
export type ContactHours = z.infer<typeof ContactHours>;

export const ContactExplanation = CampaignContactResponse.omit({ call_id: true, called_at: true }).extend({
  campaign_status: RecordedStatus,
  hours: ContactHours.nullable().describe(
    'The time zones in whose hours the contact is called, and where they come from. Null if it was skipped because its time zone is not known.',
  ),
  gate: Gate.nullable().describe(
    'What prevents a call now. Null while the contact is being called, and after its last call.',
  ),
  number_limit: z
    .string()
    .nullable()
    .describe(
      'The limit of calls to the number that its calls have reached, such as `10 in 24 hours`. A limit of a policy names it: `3 in 24 hours (us-fl)`. Null while it has calls left.',
    ),
  policies: z
    .array(FollowedPolicy)
    .describe('The calling policies of the campaign that hold for the contact, by where the person is.'),
  next_eligible_at: instant
    .nullable()
    .describe('When the contact may be called next. Null if unknown, or if it does not depend on time.'),
  attempts: z.array(
    z.object({
      call_id: z.string(),
      attempt: z.int(),
      first_sent_at: instant.nullable().describe('When the request was or may have been sent.'),
      provider_call_id: z.string().nullable(),
      policies: z.array(FollowedPolicy).describe('The calling policies that held for this call.'),
      not_placed_reason: z.string().nullable().describe('Why the call was certainly not placed.'),
      outcome,
      outcome_as_sent: z.string().nullable().describe("The outcome in the provider's word."),
      account_fault: z
        .string()
        .nullable()
        .describe(
          'The fault of the account for which an accepted call did not take place. Such an attempt does not count against `max_retry_attempts`: three times while calls to others take place, otherwise always.',
        ),
      ended_at: instant.nullable(),
    }),
  ),
  as_of: instant,
});
export type ContactExplanation = z.infer<typeof ContactExplanation>;

/** A webhook, as the adapter read it and as it arrived. */
export const CallEventResponse = z.object({
  event_id: z.string(),
  connection: z.string().describe('The connection at whose address the event arrived.'),
  provider: z.string().describe('The carrier of this connection.'),
  provider_call_id: z.string().nullable(),
  kind: z.string(),
  outcome,
  outcome_as_sent: z.string().nullable().describe("The outcome in the provider's word."),
  occurred_at: instant,
  received_at: instant,
  contradicts: z
    .boolean()
    .describe(
      'True if the event names this call but belongs, by the records, to another call or connection. Such an event changes nothing.',
    ),
  late: z.boolean().describe('True if the event arrived after its call was settled. Such an event changes nothing.'),
  signalled_at: instant
    .nullable()
    .describe('When the event was signalled to the campaign. Only the end of a call is signalled.'),
  raw: z.string().describe('The body, byte for byte.'),
});
export type CallEventResponse = z.infer<typeof CallEventResponse>;
