import { z } from 'zod';
import { canonicalCallId } from './ids.ts';

/**
 * How a call ended. `declined`: the callee refused it. `invalid_number`: the carrier says that the number does not exist, so it is
 * never called again. `lost`: the end was not known at the call's deadline.
 */
export const Outcome = z.enum([
  'completed',
  'no_answer',
  'busy',
  'voicemail',
  'declined',
  'invalid_number',
  'failed',
  'cancelled',
  'lost',
]);
export type Outcome = z.infer<typeof Outcome>;

/** The outcomes that a provider may report. Only Ringfence gives a call up as `lost`, and a reported end replaces it. */
export const ToldOutcome = Outcome.refine((outcome): boolean => outcome !== 'lost', 'must say how the call ended');

/**
 * Why a call that the provider had accepted did not take place: a fault of the account, as the circuit breaker names the same fault
 * of a refused placement. The outcome of such a call is `failed`.
 */
export const AccountFault = z.string().regex(/^(?:throttled|blocked):[\w.:-]{1,80}$/);

/**
 * A terminal event of a call, as signalled to the campaign workflow. The event id identifies repeated deliveries, which change
 * nothing. Times are epoch milliseconds.
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
  account_fault: AccountFault.optional(),
  /**
   * Set if the reply to the placement was not recorded when the event was stored. The event waits for the reply, because the
   * reply may prove that it belongs to another call.
   */
  unconfirmed: z.boolean().optional(),
});
export type EndedEvent = z.infer<typeof EndedEvent>;
