import { z } from 'zod';
import { Id, Word } from '../fields.ts';

/** Schemas of single fields in Truedy's messages. A field that is missing or of another type reads as undefined. */

/** Whether the callee joined: a flag, or the time of joining, which is null if the callee did not join. */
export const Joined = z
  .union([z.boolean(), z.null().transform(() => false), z.union([z.string().min(1), z.number()]).transform(() => true)])
  .optional()
  .catch(undefined);

export const Variables = z.object({ ringfence_call_id: Id }).optional().catch(undefined);

/** The fields about the state or the end of a call, which webhooks and look-ups share. */
export const Reported = {
  status: Word,
  outcome: Word,
  endReason: Word,
  end_reason: Word,
  joined: Joined,
  joined_at: Joined,
  variables: Variables,
};
