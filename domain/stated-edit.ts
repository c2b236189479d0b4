/**
 * An edit as it comes in from outside: from our own clients, or made by hand in the Web UI. What it has the engine do and what
 * it has written down as the campaign's terms must be one and the same, or a run that adopts the records goes on by others.
 */
import { z } from 'zod';
import { EngineSpec } from './campaign-spec.ts';
import { RetryPolicy } from './retry-policy.ts';
import { engineScheduleChangeShape } from './schedule-fields.ts';
import { SpecChange, specChange } from './spec-change.ts';

/** As the API takes it: it is carried from run to run until it is recorded. */
const LONGEST_INSTANT = 400;
const instant = z.iso.datetime({ offset: true }).max(LONGEST_INSTANT).nullable().optional();

/** The changed fields of the request, as they are recorded and read. */
const EditTerms = z.strictObject({
  ...engineScheduleChangeShape,
  scheduled_at: instant,
  ends_at: instant,
  max_concurrent_calls: EngineSpec.shape.max_concurrent_calls.optional(),
  max_calls_per_day: EngineSpec.shape.max_calls_per_day.optional(),
  retry_failed: z.boolean().optional(),
  max_retry_attempts: RetryPolicy.shape.budget.optional(),
  retry_delay_minutes: z.union([z.number().min(0), RetryPolicy.shape.delayMinutes]).optional(),
  retry_on: RetryPolicy.shape.on.optional(),
});

export const StatedEdit = z
  .strictObject({ change: SpecChange, terms: EditTerms })
  .refine(({ change, terms }) => isSame(change, specChange(terms)), {
    error: 'terms must state what change says, in the words of the API',
    path: ['terms'],
  });
export type StatedEdit = z.infer<typeof StatedEdit>;

/** Fields that are left out and fields that change nothing are the same. */
function isSame(one: SpecChange, other: SpecChange): boolean {
  return inOneForm(one) === inOneForm(other);
}

function inOneForm(stated: SpecChange): string | null {
  const change = SpecChange.safeParse(stated).data;
  if (!change) return null;
  const { schedule = {}, retry = {}, ...rest } = change;
  return JSON.stringify([rest, schedule, retry]);
}
