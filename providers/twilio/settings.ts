import { z } from 'zod';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { CarrierUrl } from '../carrier.ts';
import { problemOfTwiml } from './twiml.ts';

/** Twilio's own limit for `Twiml`. */
export const LONGEST_TWIML = 4_000;

const Secret = z.string().regex(/^[\x21-\x7e]{1,512}$/, 'must be printable ASCII without spaces');

const Twiml = z
  .string()
  .max(LONGEST_TWIML, { error: `must have at most ${LONGEST_TWIML} characters`, abort: true })
  .superRefine((text, context) => {
    const problem = problemOfTwiml(text);
    if (problem !== null) context.addIssue(problem);
  });

/** https, and no placeholder before the path: a contact's text must not choose the host. */
const TwimlUrl = z
  .string()
  .max(2_000)
  .regex(
    /^https:\/\/[^\s/?#{}@]+(?:[/?#]\S*)?$/,
    'must be an https URL without spaces; placeholders are allowed after the host',
  );

/** The fields of a Twilio connection, in the connections file. */
export const TwilioSettings = z
  .strictObject({
    /** Twilio's have hex digits; the one that stands for an account in its documents has letters. */
    account_sid: z.string().regex(/^AC[0-9A-Za-z]{32}$/, 'must be AC and 32 letters or digits'),
    /** Signs in to the API and verifies webhooks. */
    auth_token: Secret,
    /** The other token of the account, during a rotation. Only verifies webhooks. */
    secondary_auth_token: Secret.optional(),
    /** What an answered call does: TwiML, or the URL that returns it. Exactly one of them. */
    twiml: Twiml.optional(),
    url: TwimlUrl.optional(),
    /** `enable` says at once who answered, `detect_message_end` when a greeting is over. Both cost extra. */
    machine_detection: z.enum(['off', 'enable', 'detect_message_end']).default('enable'),
    /** Ringing time. Twilio may add five seconds. */
    ring_seconds: z.int().min(5).max(600).default(30),
    /** Longest duration of an answered call. */
    max_duration_seconds: z.int().min(1).max(14_400).default(1_800),
    /**
     * Longest time that an accepted call waits in Twilio's queue before it is dialled. Twilio states no bound below 24
     * hours: the queue is as long as what the whole account has placed beyond its calls per second.
     */
    queue_bound_seconds: z.int().min(0).max(3_600).default(300),
    request_timeout_seconds: z
      .number()
      .min(0.1)
      .max(DIAL.longestRequestMs / 1000)
      .default(DIAL.defaultRequestMs / 1000),
    /** Another root of the API, such as that of a region or of a stand-in. */
    base_url: CarrierUrl.default('https://api.twilio.com'),
  })
  .refine(({ twiml, url }) => (twiml === undefined) !== (url === undefined), {
    path: ['twiml'],
    message: 'give exactly one of twiml and url',
  });
export type TwilioSettings = z.infer<typeof TwilioSettings>;
