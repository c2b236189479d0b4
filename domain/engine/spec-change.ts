/**
 * A change of a campaign's terms. It contains only the changed fields and is merged into the terms in effect when its turn comes.
 * Two simultaneous changes therefore both take effect.
 */
import { z } from 'zod';
import { changedHours } from './calling-hours.ts';
import { EngineSpec } from './campaign-spec.ts';
import { RingfenceError } from './errors.ts';
import { RetryPolicy } from './retry-policy.ts';
import { decideRetries, retryBudget, retryTermsOf } from './retry-terms.ts';
import { type EngineSchedule, engineScheduleChangeShape, refuseOtherGroups } from './schedule-fields.ts';

/** Missing fields do not change. Times are epoch milliseconds. */
export const SpecChange = z.strictObject({
  schedule: z.strictObject(engineScheduleChangeShape).optional(),
  scheduled_at: EngineSpec.shape.scheduled_at.optional(),
  ends_at: EngineSpec.shape.ends_at.optional(),
  open_ended: EngineSpec.shape.open_ended,
  max_concurrent_calls: EngineSpec.shape.max_concurrent_calls.optional(),
  max_calls_per_day: EngineSpec.shape.max_calls_per_day.optional(),
  /** `enabled` and `budget` as stated. Merging decides the result, from the policy in effect then. */
  retry: RetryPolicy.omit({ attempts: true }).partial().extend({ enabled: z.boolean().optional() }).optional(),
});
export type SpecChange = z.infer<typeof SpecChange>;

/** The limit of the API. The text is carried from run to run until it is recorded. */
const LONGEST_INSTANT = 400;
const instant = z.iso.datetime({ offset: true }).max(LONGEST_INSTANT).nullable().optional();

/** The changed fields of the API request, as they are recorded and returned. */
export const EditTerms = z.strictObject({
  ...engineScheduleChangeShape,
  scheduled_at: instant,
  ends_at: instant,
  open_ended: EngineSpec.shape.open_ended,
  max_concurrent_calls: EngineSpec.shape.max_concurrent_calls.optional(),
  max_calls_per_day: EngineSpec.shape.max_calls_per_day.optional(),
  retry_failed: z.boolean().optional(),
  max_retry_attempts: RetryPolicy.shape.budget.optional(),
  retry_delay_minutes: z.union([z.number().min(0), RetryPolicy.shape.delayMinutes]).optional(),
  retry_on: RetryPolicy.shape.on.optional(),
});
export type EditTerms = z.infer<typeof EditTerms>;

/** Converts the fields of an API request. */
export function specChange(change: EditTerms): SpecChange {
  const { timezone, day_timezone, calling_hours, start_time, end_time, working_days, blackout_dates, holidays } =
    change;
  const { max_concurrent_calls, max_calls_per_day, scheduled_at, ends_at, open_ended } = change;
  const { retry_failed, max_retry_attempts, retry_delay_minutes: delay, retry_on } = change;
  return {
    schedule: {
      timezone,
      day_timezone,
      calling_hours,
      start_time,
      end_time,
      working_days,
      blackout_dates,
      holidays,
    },
    scheduled_at: toEpoch(scheduled_at),
    ends_at: toEpoch(ends_at),
    open_ended,
    max_concurrent_calls,
    max_calls_per_day,
    retry: {
      enabled: retry_failed,
      budget: max_retry_attempts,
      delayMinutes: typeof delay === 'number' ? [delay] : delay,
      on: retry_on,
    },
  };
}

/**
 * The terms after the change.
 * @throws RingfenceError `validation_error` if the result is contradictory
 */
export function mergeSpec(spec: EngineSpec, change: SpecChange): EngineSpec {
  const { schedule, retry, ...rest } = change;
  const merged = {
    ...over(spec, rest),
    schedule: scheduleOver(spec.schedule, schedule),
    retry: retryOver(spec.retry, retry),
  };
  const read = EngineSpec.safeParse(merged);
  if (!read.success) {
    const [issue] = read.error.issues;
    const message = issue?.message ?? 'The change contradicts the present terms.';
    throw new RingfenceError('validation_error', message, { field: String(issue?.path.at(-1) ?? '') });
  }
  if ((merged.scheduled_at === null) !== (spec.scheduled_at === null)) {
    const message =
      spec.scheduled_at === null
        ? 'scheduled_at does not go with a campaign that starts at once: leave it out'
        : 'scheduled_at cannot be taken away: give another instant, one in the past to start at once';
    throw new RingfenceError('validation_error', message, { field: 'scheduled_at' });
  }
  if (merged.ends_at !== null && merged.scheduled_at !== null && merged.ends_at <= merged.scheduled_at) {
    throw new RingfenceError('validation_error', 'ends_at must be after scheduled_at', { field: 'ends_at' });
  }
  return read.data;
}

function scheduleOver(present: EngineSchedule, change: SpecChange['schedule'] = {}): EngineSchedule {
  refuseOtherGroups(present, change);
  const { calling_hours, start_time, end_time, working_days } = changedHours(present, change);
  return { ...over(present, change), calling_hours, start_time, end_time, working_days };
}

function retryOver(present: RetryPolicy, change: SpecChange['retry'] = {}): RetryPolicy {
  const { enabled, budget, ...rest } = change;
  const terms = decideRetries({ retry_failed: enabled, max_retry_attempts: budget }, retryTermsOf(present));
  return { ...over(present, rest), ...retryBudget(terms) };
}

function over<T extends object>(present: T, change: { readonly [K in keyof T]?: T[K] | undefined } | undefined): T {
  const stated = Object.entries(change ?? {}).filter(([, value]) => value !== undefined);
  return { ...present, ...Object.fromEntries(stated) };
}

function toEpoch(instant: string | null | undefined): number | null | undefined {
  return typeof instant === 'string' ? Date.parse(instant) : instant;
}
