import { z } from 'zod';
import { OutcomeWeights } from './call-life.ts';
import { EventName, FaultPlan } from './faults.ts';

/** Where a provider reports to. */
export const WebhookTarget = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  secret: z.string().regex(/^whsec_.+/, 'must start with whsec_'),
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
  apiKey: z.string().min(1).default('simulator-key'),
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
