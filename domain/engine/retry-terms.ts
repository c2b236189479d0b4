/**
 * Decides `retry_failed` and `max_retry_attempts`, which together say whether and how often a contact is retried. Either may be
 * left out, when a campaign is created and when it is changed.
 */
import { RingfenceError } from './errors.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Both values, decided. `max_retry_attempts` is kept while retries are off, to be restored later. */
export interface RetryTerms {
  readonly retry_failed: boolean;
  readonly max_retry_attempts: number;
}

/** The values that a client states. Null and a missing field follow the other value. */
export interface StatedRetries {
  readonly retry_failed?: boolean | null | undefined;
  readonly max_retry_attempts?: number | null | undefined;
}

/** The number of retries if none is stated. */
const ATTEMPTS_ASKED_FOR = 1;
const NONE: RetryTerms = { retry_failed: false, max_retry_attempts: 0 };
const NO_ATTEMPTS = 'max_retry_attempts must be at least 1 where retry_failed is true: leave it out for one';

/** Why the two values contradict each other, or null. The invalid field is `max_retry_attempts`. */
export function retryContradiction({ retry_failed, max_retry_attempts }: StatedRetries): string | null {
  return retry_failed === true && max_retry_attempts === 0 ? NO_ATTEMPTS : null;
}

/**
 * The terms after a statement, from the present terms. A number alone turns retries on, and 0 turns them off. Retries that are
 * turned on are at least one.
 * @throws RingfenceError `validation_error` if the stated values contradict each other
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

/** Both values from a policy of the engine. */
export function retryTermsOf({ budget, attempts = budget }: RetryPolicy): RetryTerms {
  return { retry_failed: budget > 0, max_retry_attempts: attempts };
}

/** Both values as fields of a policy of the engine. */
export function retryBudget({ retry_failed, max_retry_attempts: attempts }: RetryTerms): {
  readonly budget: number;
  readonly attempts: number;
} {
  return { budget: retry_failed ? attempts : 0, attempts };
}
