/** The terms of a campaign: when and how much it calls. A request states them, and a change replaces them. */
import { z } from 'zod';
import { nonexistentPart } from '../engine/dates.ts';
import { RingfenceError } from '../engine/errors.ts';
import { MOST_RETRIES, RetryableOutcome } from '../engine/retry-policy.ts';
import { retryContradiction, type StatedRetries } from '../engine/retry-terms.ts';
import { callingHoursShape, checkHours } from '../engine/calling-hours.ts';

export const MOST_CONCURRENT_CALLS = 2_000;
const LONGEST_DELAY_MINUTES = 43_200;

const TYPE = 'schedule_type must be "immediate" or "scheduled"';
const CONCURRENT = `max_concurrent_calls must be a whole number from 1 to ${MOST_CONCURRENT_CALLS}`;
const PER_DAY = 'max_calls_per_day must be a whole number of at least 1; leave it out for no cap';
const RETRY = 'retry_failed must be true or false';
const ATTEMPTS = `max_retry_attempts must be a whole number from 0 to ${MOST_RETRIES}`;
/** Fractions of a second may have any length. */
const LONGEST_INSTANT = 400;
const DELAY = `retry_delay_minutes must be minutes from 0 to ${LONGEST_DELAY_MINUTES}: one number, or a list of 1 to ${MOST_RETRIES}, one per retry`;
const RETRY_ON = `retry_on must be a list of at most ${RetryableOutcome.options.length} out of ${RetryableOutcome.options.join(', ')}; a completed or lost call and an invalid number are never retried`;

const Instant = (field: string, meaning: string) => {
  const message = `${field} must be an instant with Z or an offset, such as 2026-03-20T14:30:00Z`;
  const problem = (text: unknown) => {
    const missing = nonexistentPart(text);
    return missing === null ? message : `${field} names ${missing}: correct it`;
  };
  return z.iso
    .datetime({ offset: true, error: ({ input }) => problem(input) })
    .max(LONGEST_INSTANT, { error: message, abort: true })
    .refine(hasPlainYear, `${field} must lie in the years 0000 to 9999 of UTC`)
    .nullable()
    .describe(meaning)
    .default(null);
};
/**
 * Whether the year in UTC also has four digits: an offset can move an instant into a year that responses cannot
 * express.
 */
const hasPlainYear = (text: string) => {
  const year = new Date(text).getUTCFullYear();
  return !(year < 0 || year > 9999);
};
const DelayMinutes = z.number(DELAY).min(0, DELAY).max(LONGEST_DELAY_MINUTES, DELAY);

const OPEN_ENDED = 'open_ended must be true or false';

export const timesShape = {
  schedule_type: z
    .enum(['immediate', 'scheduled'], TYPE)
    .describe('`scheduled` requires `scheduled_at`.')
    .default('immediate'),
  scheduled_at: Instant('scheduled_at', 'The start, with Z or an offset. A past time starts the campaign immediately.'),
  ends_at: Instant(
    'ends_at',
    'The end, with Z or an offset. Contacts not called by then are skipped with the reason `expired`.',
  ),
  open_ended: z
    .boolean(OPEN_ENDED)
    .describe(
      'Whether the campaign waits for more contacts when it has called all. It then ends at `ends_at`, when it is cancelled, or when this is changed to false. It may be created without contacts.',
    )
    .default(false),
};

export const limitsShape = {
  max_concurrent_calls: z
    .int(CONCURRENT)
    .min(1, CONCURRENT)
    .max(MOST_CONCURRENT_CALLS, CONCURRENT)
    .describe('The maximum number of calls in flight, including calls with an unknown outcome.')
    .default(10),
  max_calls_per_day: z
    .int(PER_DAY)
    .min(1, PER_DAY)
    .nullable()
    .describe('The maximum number of calls placed on one civil day of `day_timezone`, including retries. Null: no cap.')
    .default(null),
  retry_failed: z
    .boolean(RETRY)
    .nullable()
    .describe('Default: true if `max_retry_attempts` is at least 1. False turns retries off in any case.')
    .default(null),
  max_retry_attempts: z
    .int(ATTEMPTS)
    .min(0, ATTEMPTS)
    .max(MOST_RETRIES, ATTEMPTS)
    .nullable()
    .describe(
      'The maximum number of retries for one contact, whatever their outcomes. Default: 1 if `retry_failed` is true, otherwise 0. 0 with `retry_failed` true is refused.',
    )
    .default(null),
  retry_delay_minutes: z
    .union([DelayMinutes, z.array(DelayMinutes).min(1, DELAY).max(MOST_RETRIES, DELAY)], DELAY)
    .describe(
      'Minutes from the end of one call to the next: one number, or one number per retry. The last number repeats.',
    )
    .default(60),
  retry_on: z
    .array(z.enum(RetryableOutcome.options, RETRY_ON), RETRY_ON)
    .max(RetryableOutcome.options.length, RETRY_ON)
    .describe('Outcomes after which a contact is called again. An invalid number is never called again.')
    .default(['no_answer', 'busy', 'failed']),
};

/**
 * Refuses terms whose `ends_at` has passed. This depends on the clock, so a repeat of a request is not checked again. A
 * start in the past is not an error: the campaign starts immediately.
 *
 * @throws RingfenceError `validation_error`
 */
export function refuseExpired(terms: { readonly ends_at: string | null }, now: number): void {
  if (terms.ends_at !== null && Date.parse(terms.ends_at) <= now) {
    throw new RingfenceError('validation_error', 'ends_at has passed: give a later instant, or leave it out', {
      field: 'ends_at',
    });
  }
}

/** The rules between the fields of complete terms, for the result of a change. */
export const CampaignTermsRules = z
  .looseObject({
    ...callingHoursShape,
    schedule_type: z.enum(['immediate', 'scheduled']),
    scheduled_at: z.string().nullable(),
    ends_at: z.string().nullable(),
  })
  .superRefine(checkTerms);

type Contradiction = readonly [field: string, message: string];

/** The rules between the fields that say when and how a campaign calls, for `superRefine`. */
export function checkTerms(
  terms: Parameters<typeof contradictoryTimes>[0] & Parameters<typeof checkHours>[0],
  context: z.RefinementCtx,
): void {
  checkHours(terms, context);
  addIssues(contradictoryTimes(terms), context);
}

/** The rule between the fields that say how often a contact is called again, for `superRefine`. */
export function checkRetries(stated: StatedRetries, context: z.RefinementCtx): void {
  const message = retryContradiction(stated);
  if (message !== null) addIssues([['max_retry_attempts', message]], context);
}

export function addIssues(contradictions: Iterable<Contradiction>, context: z.RefinementCtx): void {
  for (const [field, message] of contradictions) context.addIssue({ code: 'custom', path: [field], message });
}

interface Times {
  readonly schedule_type: 'immediate' | 'scheduled';
  readonly scheduled_at: string | null;
  readonly ends_at: string | null;
}

function* contradictoryTimes(terms: Times): Generator<Contradiction> {
  const { schedule_type, scheduled_at, ends_at } = terms;
  if (schedule_type === 'scheduled' && scheduled_at === null) {
    yield ['scheduled_at', 'scheduled_at is missing: give the start, or set schedule_type to "immediate"'];
  }
  if (schedule_type === 'immediate' && scheduled_at !== null) {
    yield ['scheduled_at', 'scheduled_at needs schedule_type "scheduled": set it, or leave scheduled_at out'];
  }
  if (ends_at !== null && scheduled_at !== null && Date.parse(ends_at) <= Date.parse(scheduled_at)) {
    yield ['ends_at', 'ends_at must be after scheduled_at'];
  }
}
