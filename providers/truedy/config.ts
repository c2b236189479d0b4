import { z } from 'zod';
import { DIAL } from '../../domain/engine/dial-budget.ts';

/** What the Truedy adapter must be told. Parsed once, in the main files. */
export const TruedyConfig = z.object({
  /** The API's root, its path included: `https://api.example.com/api/public/v1`. */
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .transform((url) => url.replace(/\/+$/, '')),
  apiKey: z.string().regex(/^[\x21-\x7e]{1,512}$/, 'must be printable ASCII without spaces'),
  /** Every secret whose signatures are accepted: two during a rotation, one otherwise. */
  webhookSecrets: z
    .array(z.string().regex(/^whsec_.+/, 'must start with whsec_'))
    .min(1)
    .max(10),
  /** Limit for a whole request, including the wait for a connection and the body of the answer. */
  requestTimeoutMs: z.int().min(100).max(120_000).default(DIAL.defaultRequestMs),
  /** The longest an accepted call may stay queued at the provider before it is dialled. */
  queueBoundMs: z.int().min(0).max(3_600_000).default(30_000),
  /** Told to the provider with each call: the longest a call may last once answered. */
  maxDurationS: z.int().min(1).max(86_400).default(1_800),
  /** Told to the provider with each call: the longest it may ring. */
  joinTimeoutS: z.int().min(1).max(600).default(30),
  /** How long a repeated key surely brings back the first answer. The provider says only "minutes to hours". */
  keyTtlMs: z.int().min(0).default(600_000),
});
export type TruedyConfig = z.infer<typeof TruedyConfig>;
