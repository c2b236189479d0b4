import { z } from 'zod';
import { RetryPolicy } from './retry-policy.ts';
import { EngineSchedule } from './schedule-fields.ts';

/** The terms of a campaign as the engine uses them. Contains no personal data, because it appears in the workflow's history. */
export const EngineSpec = z.looseObject({
  name: z.string(),
  agent_id: z.string(),
  /** Name of the connection through which it calls. It never changes. */
  connection: z.string(),
  schedule: EngineSchedule,
  /** Epoch milliseconds. Null: immediately. */
  scheduled_at: z.number().nullable(),
  /** Epoch milliseconds. Contacts not called by then expire. */
  ends_at: z.number().nullable(),
  max_concurrent_calls: z.number().int().min(0),
  /** Null: no cap. */
  max_calls_per_day: z.number().int().min(1).nullable(),
  retry: RetryPolicy,
  /** Names of the calling policies that hold for its contacts. Default: none. They never change. */
  policies: z.array(z.string()).optional(),
  /** Whether it waits for more contacts when none is left. Default: no. */
  open_ended: z.boolean().optional(),
});
export type EngineSpec = z.infer<typeof EngineSpec>;
