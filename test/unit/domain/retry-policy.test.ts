/** What an outcome means for a contact, and when it is called again, by examples. */
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../domain/engine/outcome.ts';
import {
  afterAttempt,
  grantsLess,
  RetryableOutcome,
  retryDelayMs,
  type RetryPolicy,
} from '../../../domain/engine/retry-policy.ts';
import { at, MINUTE } from '../../support/factories/campaign-state.ts';

/** Two retries, the first after half an hour and the second after two hours, of people who did not answer. */
function policy(stated: Partial<RetryPolicy> = {}): RetryPolicy {
  return { budget: 2, delayMinutes: [30, 120], on: ['no_answer', 'busy'], ...stated };
}

const END = at('12:00');

describe('after an attempt', () => {
  const VOICEMAILS = policy({ on: ['voicemail'] });
  const DECLINED = policy({ on: ['declined'] });
  const EVERYTHING = policy({ on: [...RetryableOutcome.options] });

  test.each<[string, RetryPolicy, number, Outcome, 'completed' | 'failed' | number]>([
    ['a call that rings out is tried again after the delay', policy(), 1, 'no_answer', at('12:30')],
    ['a line that is busy is tried again likewise', policy(), 1, 'busy', at('12:30')],
    ['a second retry comes after the second delay', policy(), 2, 'no_answer', at('14:00')],
    ['the outcomes of one contact share one budget', policy(), 3, 'busy', 'failed'],
    ['a campaign without retries tries nobody again', policy({ budget: 0 }), 1, 'no_answer', 'failed'],
    ['an outcome that is not listed is not tried again', policy({ on: ['busy'] }), 1, 'no_answer', 'failed'],
    ['a call that was completed is never tried again', policy(), 1, 'completed', 'completed'],
    ['a voicemail counts as reached', policy(), 1, 'voicemail', 'completed'],
    ['a voicemail that is listed does not, and is tried again', VOICEMAILS, 1, 'voicemail', at('12:30')],
    ['a voicemail that is listed has not been reached when the budget is spent', VOICEMAILS, 3, 'voicemail', 'failed'],
    ['a call that failed at the carrier has failed unless it is listed', policy(), 1, 'failed', 'failed'],
    ['a call that somebody cancelled has failed unless it is listed', policy(), 1, 'cancelled', 'failed'],
    ['a lost call is never tried again: it might ring twice', policy(), 1, 'lost', 'failed'],
    ['a person who declines is not called again unless it is listed', policy(), 1, 'declined', 'failed'],
    ['a person who declines is called again if it is listed', DECLINED, 1, 'declined', at('12:30')],
    ['a person who declines has not been reached when the budget is spent', DECLINED, 3, 'declined', 'failed'],
    ['an invalid number is never tried again, whatever is listed', EVERYTHING, 1, 'invalid_number', 'failed'],
    ['a lost call is never tried again, whatever is listed', EVERYTHING, 1, 'lost', 'failed'],
    ['a completed call is never tried again, whatever is listed', EVERYTHING, 1, 'completed', 'completed'],
  ])('%s', (_, policy, attempt, outcome, expected) => {
    const retry = typeof expected === 'number' ? { to: 'retrying', retryAt: expected } : { to: expected };
    expect(afterAttempt(policy, attempt, outcome, END)).toEqual({ reason: outcome, ...retry });
  });
});

describe('the delay before a retry', () => {
  test.each<[string, number[], number, number]>([
    ['is one for all retries', [30], 1, 30 * MINUTE],
    ['is the same for the last retry', [30], 5, 30 * MINUTE],
    ['or one for each', [5, 60, 1440], 2, 60 * MINUTE],
    ['of which the last repeats', [5, 60], 4, 60 * MINUTE],
    ['may be nothing at all', [0], 1, 0],
    ['may be a part of a minute', [0.5], 1, MINUTE / 2],
  ])('%s', (_, delayMinutes, attempt, delay) => {
    expect(retryDelayMs(policy({ delayMinutes }), attempt)).toBe(delay);
  });
});

describe('a change of the policy', () => {
  test.each<[string, Partial<RetryPolicy>, boolean]>([
    ['to fewer retries grants less', { budget: 1 }, true],
    ['to more retries does not', { budget: 3 }, false],
    ['that leaves out an outcome grants less', { on: ['busy'] }, true],
    ['that adds an outcome does not', { on: ['no_answer', 'busy', 'failed'] }, false],
    ['to more retries of fewer outcomes grants less', { budget: 3, on: ['no_answer'] }, true],
    ['to a longer delay does not: retries that are promised stay', { delayMinutes: [600] }, false],
  ])('%s', (_, stated, expected) => {
    expect(grantsLess(policy(stated), policy())).toBe(expected);
  });
});
