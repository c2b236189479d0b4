/** What a client is told of one contact of a campaign and of its calls. Instants are ISO 8601 in UTC. */
import { z } from 'zod';
import { CampaignContactResponse } from './campaign-responses.ts';
import { Gate } from './contact-gate.ts';
import { RecordedStatus } from './interruption.ts';

const instant = z.iso.datetime();

export const ContactExplanation = CampaignContactResponse.omit({ call_id: true, called_at: true }).extend({
  campaign_status: RecordedStatus,
  gate: Gate.nullable().describe('What holds it now; null while it is called, and when it is done with.'),
  next_eligible_at: instant
    .nullable()
    .describe('When it may be called next, as far as that is a matter of time and known.'),
  attempts: z.array(
    z.object({
      call_id: z.string(),
      attempt: z.int(),
      first_sent_at: instant.nullable().describe('When the request left, or may have left.'),
      provider_call_id: z.string().nullable(),
      not_placed_reason: z.string().nullable().describe('Why it surely was not placed.'),
      outcome: z.string().nullable(),
      outcome_as_sent: z.string().nullable().describe("The provider's own word."),
      ended_at: instant.nullable(),
    }),
  ),
  as_of: instant,
});
export type ContactExplanation = z.infer<typeof ContactExplanation>;

/** A webhook as it was read, and as it came. */
export const CallEventResponse = z.object({
  event_id: z.string(),
  provider: z.string(),
  provider_call_id: z.string().nullable(),
  kind: z.string(),
  outcome: z.string().nullable(),
  outcome_as_sent: z.string().nullable().describe("The provider's own word."),
  occurred_at: instant,
  received_at: instant,
  contradicts: z
    .boolean()
    .describe(
      'It names this call and is of another one by the records, at this provider or elsewhere: it changed nothing.',
    ),
  late: z.boolean().describe('It came after its call was over and written down, and changed nothing.'),
  signalled_at: instant.nullable().describe('When its campaign was told; only the end of a call is told.'),
  raw: z.string().describe('The body, byte for byte.'),
});
export type CallEventResponse = z.infer<typeof CallEventResponse>;
