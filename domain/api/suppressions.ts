/** Requests and responses about the suppression list. */
import { z } from 'zod';
import { isStorable } from '../contacts/contact.ts';

const NUMBER = 'phone_number must be a number in international form, such as +14155550132';
const REASON = 'reason must be 1 to 255 characters, none of them NUL';

/** The body of `POST /suppressions`. */
export const SuppressionInput = z.strictObject({
  phone_number: z
    .string(NUMBER)
    .max(200, NUMBER)
    .describe('The number in international form. It is suppressed with all its extensions.'),
  reason: z
    .string(REASON)
    .trim()
    .min(1, REASON)
    .max(255, { error: REASON, abort: true })
    .refine(isStorable, REASON)
    .nullish(),
});

export type SuppressionInput = z.infer<typeof SuppressionInput>;

export const SuppressionResponse = z.object({
  phone_number: z.string(),
  reason: z.string().nullable(),
  created_at: z.iso.datetime(),
});
export type SuppressionResponse = z.infer<typeof SuppressionResponse>;
