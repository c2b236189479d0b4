import { z } from 'zod';
import type { Outcome } from './outcome.ts';

/**
 * Outcomes that may be retried. A completed call needs no retry, a retry of a lost call might ring twice, and a number that does
 * not exist will not exist at the next call either.
 */
export const RetryableOutcome = z.enum(['no_answer', 'busy', 'voicemail', 'declined', 'failed', 'cancelled']);

/** The largest number of retries for one contact. */
export const MOST_RETRIES = 10;

/** When and how often a contact is retried. */
export const RetryPolicy = z.object({
  /** The number of retries per contact, one budget for all outcomes. */
  budget: z.number().int().min(0).max(MOST_RETRIES),
  /** The number of retries to restore when retries are turned on again. Default: the budget. */
  attempts: z.number().int().min(0).max(MOST_RETRIES).optional(),
  /** Minutes from the end of one attempt to the next: one number for all retries, or one per retry. The last one repeats. */
  delayMinutes: z.array(z.number().min(0)).min(1).max(MOST_RETRIES),
  on: z.array(RetryableOutcome).max(RetryableOutcome.options.length),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** The bucket of a contact after an attempt. `retryAt` is in epoch milliseconds. */
export type Disposition =
  | { readonly to: 'completed' | 'failed'; readonly reason: string }
  | { readonly to: 'retrying'; readonly reason: string; readonly retryAt: number };

/** The number of this attempt among those that count: excused ones do not (`account-trouble.ts`). */
export function countedAttempt({
  attempt,
  excused = 0,
}: {
  readonly attempt: number;
  readonly excused?: number | undefined;
}): number {
  return attempt - excused;
}

/**
 * Decides what an outcome means for the contact: a terminal bucket, or a retry and its time. A voicemail counts as reached
 * unless the campaign retries voicemails.
 */
export function afterAttempt(policy: RetryPolicy, attempt: number, outcome: Outcome, endedAt: number): Disposition {
  const wanted = (policy.on as readonly Outcome[]).includes(outcome);
  if (wanted && attempt <= policy.budget) {
    return { to: 'retrying', reason: outcome, retryAt: endedAt + retryDelayMs(policy, attempt) };
  }
  const reached = outcome === 'completed' || (outcome === 'voicemail' && !wanted);
  return { to: reached ? 'completed' : 'failed', reason: outcome };
}

/** Whether a policy grants fewer retries than another to a contact that waits for a retry. */
export function grantsLess(policy: RetryPolicy, than: RetryPolicy): boolean {
  return policy.budget < than.budget || than.on.some((outcome) => !policy.on.includes(outcome));
}

/** Milliseconds from the end of this attempt to the next one. */
export function retryDelayMs({ delayMinutes }: RetryPolicy, attempt: number): number {
  return Math.round((delayMinutes[Math.min(attempt, delayMinutes.length) - 1] ?? 0) * 60_000);
}
