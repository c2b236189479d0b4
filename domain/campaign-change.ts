/** A change of a campaign's terms: what `PATCH /batch-calls/{id}` may state, and what it makes of the present terms. */
import { z } from 'zod';
import { CampaignTermsRules, Fields, MOST_CONCURRENT_CALLS, type CampaignTerms } from './campaign-request.ts';
import { RingfenceError } from './errors.ts';
import { scheduleChangeShape } from './schedule.ts';

const CONCURRENT = `max_concurrent_calls must be a whole number from 0 (hold) to ${MOST_CONCURRENT_CALLS}`;

/** What is left out stays as it is. */
export const ChangeCampaign = z
  .strictObject(
    {
      ...scheduleChangeShape,
      scheduled_at: Fields.shape.scheduled_at.unwrap().optional(),
      ends_at: Fields.shape.ends_at.unwrap().optional(),
      max_concurrent_calls: z
        .int(CONCURRENT)
        .min(0, CONCURRENT)
        .max(MOST_CONCURRENT_CALLS, CONCURRENT)
        .optional()
        .describe('0 holds the campaign: calls under way go on, none starts.'),
      max_calls_per_day: Fields.shape.max_calls_per_day.unwrap().optional(),
      retry_failed: z.boolean('retry_failed must be true or false').optional(),
      max_retry_attempts: Fields.shape.max_retry_attempts.unwrap().optional(),
      retry_delay_minutes: Fields.shape.retry_delay_minutes.unwrap().optional(),
      retry_on: Fields.shape.retry_on.unwrap().optional(),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `${issue.keys.join(', ')} cannot be changed: correct its spelling, leave it out, or start another campaign`
          : 'the body must be a JSON object with the fields to change',
    },
  )
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    error: 'the body changes nothing: give at least one field',
  });
export type ChangeCampaign = z.infer<typeof ChangeCampaign>;

/**
 * Lays a change over the terms and checks the whole.
 * @throws RingfenceError `validation_error` when the two do not go together
 */
export function changedTerms(
  terms: CampaignTerms,
  change: ChangeCampaign,
): { readonly terms: CampaignTerms; readonly changed: Partial<CampaignTerms> } {
  const stated = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  // A number of retries that is given asks for them, as it does when a campaign is created.
  const retries =
    (change.max_retry_attempts ?? 0) > 0 && change.retry_failed === undefined ? { retry_failed: true } : {};
  const changed = { ...retries, ...stated } as Partial<CampaignTerms>;
  const merged = { ...terms, ...changed };
  const checked = CampaignTermsRules.safeParse(merged);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new RingfenceError('validation_error', issue?.message ?? 'The change does not go with the present terms.', {
      field,
    });
  }
  return { terms: merged, changed };
}
