/**
 * `retry_failed` and `max_retry_attempts`, which together say whether and how often a contact is called again. Either may be
 * left out, at the creation of a campaign and in a change of it; what is meant then is decided here and nowhere else.
 */
import { RingfenceError } from './errors.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Both, decided. `max_retry_attempts` is kept while retries are off, for when they are turned on again. */
export interface RetryTerms {
  readonly retry_failed: boolean;
  readonly max_retry_attempts: number;
}

/** What a client states. Null, like a field that is left out, leaves it to the other one. */
export interface StatedRetries {
  readonly retry_failed?: boolean | null | undefined;
  readonly max_retry_attempts?: number | null | undefined;
}

/** Retries that are asked for without a number. */
const ATTEMPTS_ASKED_FOR = 1;
const NONE: RetryTerms = { retry_failed: false, max_retry_attempts: 0 };
const NO_ATTEMPTS = 'max_retry_attempts must be at least 1 where retry_failed is true: leave it out for one';

/** Why the two do not go together as stated, or null. The field at fault is `max_retry_attempts`. */
export function retryContradiction({ retry_failed, max_retry_attempts }: StatedRetries): string | null {
  return retry_failed === true && max_retry_attempts === 0 ? NO_ATTEMPTS : null;
}

/**
 * What holds once this is stated over what holds at present. A number alone turns retries on, and 0 turns them off;
 * retries that are turned on are at least one.
 * @throws RingfenceError `validation_error` when the two do not go together as stated
 */
export function decideRetries(stated: StatedRetries, present: RetryTerms = NONE): RetryTerms {
  const contradiction = retryContradiction(stated);
  if (contradiction !== null) {
    throw new RingfenceError('validation_error', contradiction, { field: 'max_retry_attempts' });
  }
  const { retry_failed: wanted = null, max_retry_attempts: given = null } = stated;
  const attempts = given ?? present.max_retry_attempts;
  const on = wanted ?? (given === null ? present.retry_failed : given > 0);
  return { retry_failed: on, max_retry_attempts: on ? Math.max(attempts, ATTEMPTS_ASKED_FOR) : attempts };
}

/** The same two as an engine's policy holds them. */
export function retryTermsOf({ budget, attempts = budget }: RetryPolicy): RetryTerms {
  return { retry_failed: budget > 0, max_retry_attempts: attempts };
}

/** What they are in an engine's policy. */
export function retryBudget({ retry_failed, max_retry_attempts: attempts }: RetryTerms): {
  readonly budget: number;
  readonly attempts: number;
} {
  return { budget: retry_failed ? attempts : 0, attempts };
}
