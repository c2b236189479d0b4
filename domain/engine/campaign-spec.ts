import { z } from 'zod';
import { RetryPolicy } from './retry-policy.ts';
import { EngineSchedule } from './schedule-fields.ts';

/** What the engine needs to know of a campaign. Free of personal data: it stands in the workflow's history. */
export const EngineSpec = z.looseObject({
  name: z.string(),
  agent_id: z.string(),
  schedule: EngineSchedule,
  /** Epoch milliseconds; null: at once. */
  scheduled_at: z.number().nullable(),
  /** Epoch milliseconds; what has not been called by then expires. */
  ends_at: z.number().nullable(),
  max_concurrent_calls: z.number().int().min(0),
  /** Null: no cap. */
  max_calls_per_day: z.number().int().min(1).nullable(),
  retry: RetryPolicy,
});
export type EngineSpec = z.infer<typeof EngineSpec>;
