/** What a client states to create a campaign, and what the engine makes of it. */
import { z } from 'zod';
import { namesOf } from '../contacts/bounds.ts';
import type { EngineSpec } from '../engine/campaign-spec.ts';
import { ContactInput, isStorable } from '../contacts/contact.ts';
import { nonexistentPart } from '../engine/dates.ts';
import { RingfenceError } from '../engine/errors.ts';
import { uuid } from '../engine/ids.ts';
import { MOST_RETRIES, RetryableOutcome } from '../engine/retry-policy.ts';
import {
  decideRetries,
  retryBudget,
  retryContradiction,
  type RetryTerms,
  type StatedRetries,
} from '../engine/retry-terms.ts';
import { scheduleShape } from '../windows/schedule.ts';
import { checkHours, EngineSchedule } from '../engine/schedule-fields.ts';

/** More people than this belong in a folder, which takes any number through the import. */
const MOST_CONTACTS = 10_000;
export const MOST_CONCURRENT_CALLS = 2_000;
const LONGEST_DELAY_MINUTES = 43_200;

const NAME = 'name must be 1 to 255 characters, none of them NUL';
const AGENT = 'agent_id must be the id of the agent that speaks, 1 to 255 characters';
const NUMBERS = 'phone_number_ids must be a list of at most 100 ids of numbers to call from';
const ROTATION = 'phone_rotation_strategy must be "random", "sequential" or "round_robin"';
const SOURCE = 'contact_source must be "folder", "manual" or "csv"';
const FOLDER = 'contact_folder_id must be the id of a folder (a UUID)';
const IDS = `contact_ids must be a list of at most ${MOST_CONTACTS} contact ids (UUIDs); use a folder for more`;
const CONTACTS = `contacts must be a list of at most ${MOST_CONTACTS} contacts; use a folder for more`;
const TYPE = 'schedule_type must be "immediate" or "scheduled"';
const CONCURRENT = `max_concurrent_calls must be a whole number from 1 to ${MOST_CONCURRENT_CALLS}`;
const PER_DAY = 'max_calls_per_day must be a whole number of at least 1; leave it out for no cap';
const RETRY = 'retry_failed must be true or false';
const ATTEMPTS = `max_retry_attempts must be a whole number from 0 to ${MOST_RETRIES}`;
/** Fractions of a second are taken to any length that somebody might write. */
const LONGEST_INSTANT = 400;
const DELAY = `retry_delay_minutes must be minutes from 0 to ${LONGEST_DELAY_MINUTES}: one number, or a list of 1 to ${MOST_RETRIES}, one per retry`;
const RETRY_ON = `retry_on must be a list of at most ${RetryableOutcome.options.length} out of ${RetryableOutcome.options.join(', ')}; a completed or lost call is never tried again`;

const Text = (message: string) =>
  z.string(message).trim().min(1, message).max(255, { error: message, abort: true }).refine(isStorable, message);
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
/** Whether the year in UTC has four digits too: an offset can carry an instant out of the years that answers can name. */
const hasPlainYear = (text: string) => {
  const year = new Date(text).getUTCFullYear();
  return !(year < 0 || year > 9999);
};
const DelayMinutes = z.number(DELAY).min(0, DELAY).max(LONGEST_DELAY_MINUTES, DELAY);

/**
 * A field that is left out, or null where it has no other default, stands for "not wanted". A field that is not listed
 * here is refused by name: a misspelt limit must not become no limit.
 */
export const Fields = z.strictObject(
  {
    name: Text(NAME).describe('For people.'),
    agent_id: Text(AGENT).describe('The agent that speaks, as the provider knows it.'),
    phone_number_ids: z
      .array(Text(NUMBERS), NUMBERS)
      .max(100, NUMBERS)
      .describe("Numbers to call from, as the provider knows them. Empty: the provider's choice.")
      .default([]),
    phone_rotation_strategy: z
      .enum(['random', 'sequential', 'round_robin'], ROTATION)
      .describe('Which of these numbers calls whom.')
      .default('round_robin'),
    contact_source: z
      .enum(['csv', 'folder', 'manual'], SOURCE)
      .describe('`folder` copies a folder; the others take `contacts` and `contact_ids`.')
      .default('manual'),
    contact_folder_id: uuid(FOLDER)
      .nullable()
      .describe('Its contacts are those of the instant at which the campaign is created.')
      .default(null),
    contact_ids: z.array(uuid(IDS), IDS).max(MOST_CONTACTS, IDS).describe('People out of any folders.').default([]),
    contacts: z
      .array(ContactInput, CONTACTS)
      .max(MOST_CONTACTS, CONTACTS)
      .describe('People. Who is named twice is called once.')
      .default([]),
    schedule_type: z
      .enum(['immediate', 'scheduled'], TYPE)
      .describe('`scheduled` needs `scheduled_at`.')
      .default('immediate'),
    scheduled_at: Instant('scheduled_at', 'With Z or an offset. One in the past starts at once.'),
    ends_at: Instant('ends_at', 'With Z or an offset. Who has not been called by then is skipped as expired.'),
    ...scheduleShape,
    max_concurrent_calls: z
      .int(CONCURRENT)
      .min(1, CONCURRENT)
      .max(MOST_CONCURRENT_CALLS, CONCURRENT)
      .describe('Calls that are going on, or may be, at any moment.')
      .default(10),
    max_calls_per_day: z
      .int(PER_DAY)
      .min(1, PER_DAY)
      .nullable()
      .describe('Calls placed on one civil day of the time zone, retries included. Null: no cap.')
      .default(null),
    retry_failed: z
      .boolean(RETRY)
      .nullable()
      .describe('Left out, it follows from `max_retry_attempts`; false turns retries off whatever that says.')
      .default(null),
    max_retry_attempts: z
      .int(ATTEMPTS)
      .min(0, ATTEMPTS)
      .max(MOST_RETRIES, ATTEMPTS)
      .nullable()
      .describe(
        'Further calls to one contact, whatever becomes of them. Left out: 1 where `retry_failed` is true, otherwise 0. 0 together with `retry_failed` true is refused.',
      )
      .default(null),
    retry_delay_minutes: z
      .union([DelayMinutes, z.array(DelayMinutes).min(1, DELAY).max(MOST_RETRIES, DELAY)], DELAY)
      .describe('From the end of one call to the next: one number, or one per retry, of which the last repeats.')
      .default(60),
    retry_on: z
      .array(z.enum(RetryableOutcome.options, RETRY_ON), RETRY_ON)
      .max(RetryableOutcome.options.length, RETRY_ON)
      .describe('Outcomes after which a contact is called again.')
      .default(['no_answer', 'busy', 'failed']),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${namesOf(issue.keys)}: correct its spelling or leave it out`
        : 'the body must be a JSON object that describes a campaign',
  },
);

/** The body of `POST /batch-calls`. */
export const CreateCampaign = Fields.superRefine(checkWhole).transform(withRetryDecided);
export type CreateCampaign = z.infer<typeof CreateCampaign>;
/** What a client may send: everything that has a default may be left out. */
export type CreateCampaignInput = z.input<typeof CreateCampaign>;

/** Instead of the contacts: how many there are. For whoever reads them by themselves, some at a time. */
export const unreadContacts = { contacts: z.array(z.unknown(), CONTACTS).max(MOST_CONTACTS, CONTACTS).default([]) };

/** The same body before its contacts are looked at. */
export const CreateCampaignHead = Fields.extend(unreadContacts).superRefine(checkWhole).transform(withRetryDecided);

function checkWhole(
  request: Parameters<typeof checkTerms>[0] & StatedRetries & People,
  context: z.RefinementCtx,
): void {
  checkTerms(request, context);
  checkRetries(request, context);
  checkPeople(request, context);
}

/** Retries as they are recorded and answered: never left open. */
export function withRetryDecided<T extends StatedRetries>(request: T): Omit<T, keyof RetryTerms> & RetryTerms {
  return { ...request, ...decideRetries(request) };
}

/** A campaign as it is recorded: the request with its defaults, without its people. */
export type CampaignTerms = Omit<CreateCampaign, 'contacts' | 'contact_ids'>;

export function campaignTerms(request: CreateCampaign): CampaignTerms {
  const { contacts: _people, contact_ids: _ids, ...terms } = request;
  return terms;
}

/** The part of a campaign that its workflow needs. */
export function engineSpec(terms: CampaignTerms): EngineSpec {
  const { retry_delay_minutes: delay } = terms;
  return {
    name: terms.name,
    agent_id: terms.agent_id,
    schedule: EngineSchedule.parse(terms),
    scheduled_at: terms.scheduled_at === null ? null : Date.parse(terms.scheduled_at),
    ends_at: terms.ends_at === null ? null : Date.parse(terms.ends_at),
    max_concurrent_calls: terms.max_concurrent_calls,
    max_calls_per_day: terms.max_calls_per_day,
    retry: {
      ...retryBudget(terms),
      delayMinutes: typeof delay === 'number' ? [delay] : delay,
      on: terms.retry_on,
    },
  };
}

/**
 * What depends on the clock, and is therefore not asked again when a request is repeated. A start in the past is no
 * error: the campaign starts at once.
 * @throws RingfenceError `validation_error`
 */
export function refuseExpired(terms: Pick<CampaignTerms, 'ends_at'>, now: number): void {
  if (terms.ends_at !== null && Date.parse(terms.ends_at) <= now) {
    throw new RingfenceError('validation_error', 'ends_at has passed: give a later instant, or leave it out', {
      field: 'ends_at',
    });
  }
}

/** The rules between the fields of terms that stand, for a change laid over them. */
export const CampaignTermsRules = z
  .looseObject({
    start_time: z.string().nullable(),
    end_time: z.string().nullable(),
    schedule_type: z.enum(['immediate', 'scheduled']),
    scheduled_at: z.string().nullable(),
    ends_at: z.string().nullable(),
  })
  .superRefine(checkTerms);

type Contradiction = readonly [field: keyof z.infer<typeof Fields>, message: string];

/** The rules between the fields that say when and how a campaign calls; goes into `superRefine`. */
export function checkTerms(
  terms: Parameters<typeof contradictoryTimes>[0] & Parameters<typeof checkHours>[0],
  context: z.RefinementCtx,
): void {
  checkHours(terms, context);
  addIssues(contradictoryTimes(terms), context);
}

/** The rule between the fields that say how often a contact is called again; goes into `superRefine`. */
export function checkRetries(stated: StatedRetries, context: z.RefinementCtx): void {
  const message = retryContradiction(stated);
  if (message !== null) addIssues([['max_retry_attempts', message]], context);
}

/** The rules between the fields that say whom a campaign calls; goes into `superRefine`. */
export function checkPeople(request: People, context: z.RefinementCtx): void {
  addIssues(contradictoryPeople(request), context);
}

function addIssues(contradictions: Iterable<Contradiction>, context: z.RefinementCtx): void {
  for (const [field, message] of contradictions) context.addIssue({ code: 'custom', path: [field], message });
}

type People = Pick<z.infer<typeof Fields>, 'contact_source' | 'contact_folder_id' | 'contact_ids'> & {
  readonly contacts: readonly unknown[];
};

function* contradictoryPeople(request: People): Generator<Contradiction> {
  const { contact_source, contact_folder_id } = request;
  const brought = request.contacts.length + request.contact_ids.length;
  if (contact_source === 'folder') {
    if (contact_folder_id === null) {
      yield ['contact_folder_id', 'contact_folder_id is missing: name the folder, or set contact_source to "manual"'];
    }
    if (brought > 0) {
      const field = request.contacts.length > 0 ? 'contacts' : 'contact_ids';
      yield [field, `${field} does not go with contact_source "folder": set it to "manual", or leave ${field} out`];
    }
  } else {
    if (contact_folder_id !== null) {
      yield ['contact_folder_id', 'contact_folder_id needs contact_source "folder": set it, or leave the folder out'];
    }
    if (brought === 0) {
      yield [
        'contacts',
        'contacts is empty: give contacts or contact_ids, or a contact_folder_id with contact_source "folder"',
      ];
    }
  }
}

function* contradictoryTimes(
  terms: Pick<z.infer<typeof Fields>, 'schedule_type' | 'scheduled_at' | 'ends_at'>,
): Generator<Contradiction> {
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
