import { z } from 'zod';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { CarrierUrl } from '../carrier.ts';

/** Configuration of the Truedy adapter, parsed once in the main files. */
export const TruedyConfig = z.object({
  /** The API's root, its path included: `https://api.example.com/api/public/v1`. */
  baseUrl: CarrierUrl,
  apiKey: z.string().regex(/^[\x21-\x7e]{1,512}$/, 'must be printable ASCII without spaces'),
  /** Every secret whose signatures are accepted: two during a rotation, otherwise one. */
  webhookSecrets: z
    .array(z.string().regex(/^whsec_.+/, 'must start with whsec_'))
    .min(1)
    .max(10),
  /** Limit for a whole request, including the wait for a connection and the body of the answer. */
  requestTimeoutMs: z.int().min(100).max(120_000).default(DIAL.defaultRequestMs),
  /** Longest time that an accepted call waits at the provider before it is dialled. */
  queueBoundMs: z.int().min(0).max(3_600_000).default(30_000),
  /** Longest duration of an answered call, sent to the provider with each call. */
  maxDurationS: z.int().min(1).max(86_400).default(1_800),
  /** Longest ringing time, sent to the provider with each call. */
  joinTimeoutS: z.int().min(1).max(600).default(30),
  /** How long a repeated key certainly returns the first answer. The provider documents only "minutes to hours". */
  keyTtlMs: z.int().min(0).default(600_000),
});
export type TruedyConfig = z.infer<typeof TruedyConfig>;
