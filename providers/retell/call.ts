/** A call as Retell describes it in replies, lists and webhooks. Only the fields that the adapter reads. */
import { z } from 'zod';
import { canonicalCallId } from '../../domain/engine/ids.ts';
import { Id, Instant, Word } from '../fields.ts';

/** The key of `metadata` that holds our call id. Lists can be filtered by it. */
export const OUR_ID = 'ringfence_call_id';

export const RetellCall = z.object({
  call_id: Id,
  call_type: Word,
  call_status: Word,
  direction: Word,
  agent_id: Word,
  to_number: Word,
  start_timestamp: Instant,
  end_timestamp: Instant,
  disconnection_reason: Word,
  metadata: z
    .object({ [OUR_ID]: Id })
    .optional()
    .catch(undefined),
});
export type RetellCall = z.infer<typeof RetellCall>;

/** Ringfence's id of the call. Null for a call that another system placed. */
export function ourCallId({ metadata }: RetellCall): string | null {
  const id = metadata?.[OUR_ID];
  return id === undefined ? null : canonicalCallId(id);
}
