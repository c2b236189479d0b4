import { z } from 'zod';
import { canonicalCallId } from './ids.ts';

/** How a call ended. `lost`: nothing could be learned by the time at which the call could not be going on any more. */
export const Outcome = z.enum(['completed', 'no_answer', 'busy', 'voicemail', 'failed', 'cancelled', 'lost']);
export type Outcome = z.infer<typeof Outcome>;

/** What a provider may say of an end. That a call is lost is our own word for not knowing, which an end replaces. */
export const ToldOutcome = Outcome.refine((outcome): boolean => outcome !== 'lost', 'must say how the call ended');

/**
 * A terminal event of a call as the campaign workflow takes it: what ended, when, and under which event id it is
 * remembered so that a second delivery changes nothing. Instants are milliseconds since the epoch.
 */
export const EndedEvent = z.object({
  event_id: z.string().min(1).max(200),
  call_id: z
    .string()
    .min(1)
    .max(120)
    .overwrite((id) => canonicalCallId(id) ?? id),
  outcome: Outcome,
  ended_at: z.number().int(),
  /**
   * Set where the reply to the placement was not on record when the event was stored. Until the reply is heard the event
   * waits, because the reply may prove it to be of another call.
   */
  unconfirmed: z.boolean().optional(),
});
export type EndedEvent = z.infer<typeof EndedEvent>;
