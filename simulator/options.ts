import { z } from 'zod';
import { OutcomeWeights } from './call-life.ts';
import { CARRIERS, EventName, FaultPlan } from './faults.ts';

/** Where an account's events go. At Twilio each call says that itself. */
export const WebhookTarget = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  /** What signs them: a webhook secret, or the API key that has this duty. */
  secret: z.string().min(1),
});
export type WebhookTarget = z.infer<typeof WebhookTarget>;

const Delivery = z.strictObject({
  /** How many deliveries may be under way at once. */
  concurrency: z.int().min(1).max(1_000).default(32),
  /** The wait after the first failure; it doubles from one to the next. */
  retryBaseMs: z.int().min(1).default(250),
  retryMaxMs: z.int().min(1).default(30_000),
  /** After so many deliveries without a 2xx an event is given up. */
  tries: z.int().min(1).default(20),
  timeoutMs: z.int().min(1).default(10_000),
});

export const SimulatorOptions = z.strictObject({
  /** Whose API it speaks. */
  carrier: z.enum(CARRIERS).default('truedy'),
  /** What a caller signs in with: an API key, or at Twilio the auth token. */
  apiKey: z.string().min(1).default('simulator-key'),
  /** The id of the account in the paths of its API (Twilio). */
  account: z
    .string()
    .min(1)
    .default(`AC${'0'.repeat(32)}`),
  /**
   * The name under which a caller sends its own id of a call along, so that the ledger knows it where there are no keys:
   * in `metadata` (Retell), or in the query of the status callback (Twilio).
   */
  reference: z.string().min(1).default('ringfence_call_id'),
  webhook: WebhookTarget.nullable().default(null),
  /** Every chance is drawn from it. */
  seed: z.string().default('1'),
  /** The provider's durations (queue, ringing, talk, and the limits that a call is placed with) are divided by it. */
  timeScale: z.number().min(0.001).max(1_000_000).default(1),
  /** For how long a key brings back its first answer; real time. */
  keyTtlMs: z.int().min(0).default(3_600_000),
  outcomes: OutcomeWeights.prefault({}),
  /** The events that are reported. Leaving some out spares large runs three deliveries in four. */
  events: z.array(EventName).default(EventName.options),
  delivery: Delivery.prefault({}),
  /** Whether the ledger lists every request, or only counts them. */
  keepRequests: z.boolean().default(true),
  faults: FaultPlan.prefault({}),
});
export type SimulatorOptions = z.infer<typeof SimulatorOptions>;
