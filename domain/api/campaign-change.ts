/** Changes of a campaign's terms: the body of `PATCH /batch-calls/{id}`, and its effect on the present terms. */
import { z } from 'zod';
import { namesOf, shortened } from '../contacts/bounds.ts';
import type { CampaignTerms } from './campaign-request.ts';
import { CampaignTermsRules, checkRetries, limitsShape, MOST_CONCURRENT_CALLS, timesShape } from './campaign-terms.ts';
import type { CampaignEdit } from '../engine/editing.ts';
import { RingfenceError } from '../engine/errors.ts';
import { decideRetries } from '../engine/retry-terms.ts';
import { changedHours, checkHoursChange } from '../engine/calling-hours.ts';
import { refuseOtherGroups } from '../engine/schedule-fields.ts';
import { scheduleChangeShape } from '../windows/schedule.ts';
import { specChange } from '../engine/spec-change.ts';

const CONCURRENT = `max_concurrent_calls must be a whole number from 0 (no new calls) to ${MOST_CONCURRENT_CALLS}`;

/** An omitted field does not change. */
export const ChangeCampaign = z
  .strictObject(
    {
      ...scheduleChangeShape,
      scheduled_at: timesShape.scheduled_at.unwrap().optional(),
      ends_at: timesShape.ends_at.unwrap().optional(),
      open_ended: timesShape.open_ended.unwrap().optional(),
      max_concurrent_calls: z
        .int(CONCURRENT)
        .min(0, CONCURRENT)
        .max(MOST_CONCURRENT_CALLS, CONCURRENT)
        .optional()
        .describe('The maximum number of calls in flight. 0 stops new calls; live calls continue.'),
      max_calls_per_day: limitsShape.max_calls_per_day.unwrap().optional(),
      retry_failed: z
        .boolean('retry_failed must be true or false')
        .optional()
        .describe('Default: follows `max_retry_attempts` if that is given.'),
      max_retry_attempts: limitsShape.max_retry_attempts
        .unwrap()
        .unwrap()
        .optional()
        .describe(
          'The maximum number of retries for one contact, whatever their outcomes. 0 turns retries off. If it was 0, `retry_failed` true alone sets it to 1. 0 with `retry_failed` true is refused.',
        ),
      retry_delay_minutes: limitsShape.retry_delay_minutes.unwrap().optional(),
      retry_on: limitsShape.retry_on.unwrap().optional(),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `${namesOf(issue.keys)} cannot be changed: correct its spelling, leave it out, or start another campaign`
          : 'the body must be a JSON object with the fields to change',
    },
  )
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    error: 'the body changes nothing: give at least one field',
  })
  .superRefine(checkRetries)
  .superRefine(checkHoursChange);
export type ChangeCampaign = z.infer<typeof ChangeCampaign>;
/** The input of a client. */
export type ChangeCampaignInput = z.input<typeof ChangeCampaign>;

/**
 * Reads the change that a program passes.
 *
 * @throws RingfenceError `validation_error` for the first fault
 */
export function readChange(change: unknown): ChangeCampaign {
  const read = ChangeCampaign.safeParse(change);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
  const message = issue?.message ?? 'The change is unreadable.';
  throw new RingfenceError('validation_error', message, { field: shortened(String(field ?? 'body')) });
}

/**
 * Applies a change to the terms and validates the result.
 *
 * @throws RingfenceError `validation_error` if the two contradict each other
 */
export function changedTerms(terms: CampaignTerms, change: ChangeCampaign): CampaignTerms {
  refuseOtherGroups(terms, change);
  const { calling_hours, start_time, end_time, working_days } = changedHours(terms, change);
  const hours = { calling_hours, start_time, end_time, working_days };
  const merged = { ...terms, ...stated(change), ...hours, ...decideRetries(change, terms) };
  const checked = CampaignTermsRules.safeParse(merged);
  if (checked.success) return merged;
  const [issue] = checked.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new RingfenceError('validation_error', issue?.message ?? 'The change contradicts the present terms.', {
    field,
  });
}

/** The change in the form for a campaign's workflow, which applies it to the terms at that time. */
export function campaignEdit(change: ChangeCampaign): CampaignEdit {
  return { change: specChange(change), terms: stated(change) };
}

/** The fields that the change contains. */
function stated(change: ChangeCampaign): Partial<CampaignTerms> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
