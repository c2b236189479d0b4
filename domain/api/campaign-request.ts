/** The request that creates a campaign, and its form for the engine. */
import { z } from 'zod';
import { namesOf } from '../contacts/bounds.ts';
import type { EngineSpec } from '../engine/campaign-spec.ts';
import { ContactInput, isStorable } from '../contacts/contact.ts';
import { decidedHours, type StatedHours } from '../engine/calling-hours.ts';
import { uuid } from '../engine/ids.ts';
import { decideRetries, retryBudget, type RetryTerms, type StatedRetries } from '../engine/retry-terms.ts';
import { scheduleShape, UnknownZone } from '../windows/schedule.ts';
import { EngineSchedule } from '../engine/schedule-fields.ts';
import { addIssues, checkRetries, checkTerms, limitsShape, timesShape } from './campaign-terms.ts';

/** More contacts than this belong in a folder. An import adds any number of contacts to a folder. */
const MOST_CONTACTS = 10_000;

const NAME = 'name must be 1 to 255 characters, none of them NUL';
const AGENT = 'agent_id must be the id of the agent that speaks, 1 to 255 characters';
const CONNECTION = 'connection must be the name of a connection';
const NUMBERS = 'phone_number_ids must be a list of at most 100 ids of numbers to call from';
const ROTATION = 'phone_rotation_strategy must be "random", "sequential" or "round_robin"';
const POLICY = 'policy must be a list of at most 20 names of calling policies, such as "us-tcpa"';
const SOURCE = 'contact_source must be "folder", "manual" or "csv"';
const FOLDER = 'contact_folder_id must be the id of a folder (a UUID)';
const IDS = `contact_ids must be a list of at most ${MOST_CONTACTS} contact ids (UUIDs); use a folder for more`;
const CONTACTS = `contacts must be a list of at most ${MOST_CONTACTS} contacts; use a folder for more`;

const Text = (message: string) =>
  z.string(message).trim().min(1, message).max(255, { error: message, abort: true }).refine(isStorable, message);
/**
 * An omitted field, or null if it has no other default, means "not wanted". An unknown field is refused by name: a
 * misspelt limit must not become no limit.
 */
export const Fields = z.strictObject(
  {
    name: Text(NAME).describe('A name for people.'),
    agent_id: Text(AGENT).describe("The provider's id of the agent that speaks."),
    connection: Text(CONNECTION)
      .nullable()
      .describe('The connection through which it calls. Default: the only one that the account may use.')
      .default(null),
    phone_number_ids: z
      .array(Text(NUMBERS), NUMBERS)
      .max(100, NUMBERS)
      .describe(
        "The provider's ids of the numbers to call from. Empty: those of the connection or, if it names none, the provider chooses.",
      )
      .default([]),
    phone_rotation_strategy: z
      .enum(['random', 'sequential', 'round_robin'], ROTATION)
      .nullable()
      .describe(
        'How these numbers are distributed over the calls. Null: each contact is always called from the same number.',
      )
      .default(null),
    policy: z
      .array(Text(POLICY), POLICY)
      .max(20, POLICY)
      .describe(
        'Names of calling policies. Those that hold at the place of the person narrow the hours and limit the calls to one number. The field cannot be changed.',
      )
      .default([]),
    contact_source: z
      .enum(['csv', 'folder', 'manual'], SOURCE)
      .describe('`folder` copies a folder. The other sources use `contacts` and `contact_ids`.')
      .default('manual'),
    contact_folder_id: uuid(FOLDER)
      .nullable()
      .describe('The campaign gets the contacts that the folder has when the campaign is created.')
      .default(null),
    contact_ids: z.array(uuid(IDS), IDS).max(MOST_CONTACTS, IDS).describe('Contacts from any folders.').default([]),
    contacts: z
      .array(ContactInput, CONTACTS)
      .max(MOST_CONTACTS, CONTACTS)
      .describe('The contacts. Duplicates are called once.')
      .default([]),
    ...timesShape,
    ...scheduleShape,
    unknown_zone: UnknownZone,
    ...limitsShape,
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${namesOf(issue.keys)}: correct its spelling or leave it out`
        : 'the body must be a JSON object that describes a campaign',
  },
);

/** The body of `POST /batch-calls`. */
export const CreateCampaign = Fields.superRefine(checkWhole).transform(withTermsDecided);
export type CreateCampaign = z.infer<typeof CreateCampaign>;
/** The input of a client. Fields with a default may be omitted. */
export type CreateCampaignInput = z.input<typeof CreateCampaign>;

/** Contacts that are counted but not read, for a caller that reads them in parts. */
export const unreadContacts = { contacts: z.array(z.unknown(), CONTACTS).max(MOST_CONTACTS, CONTACTS).default([]) };

/** The same body before its contacts are read. */
export const CreateCampaignHead = Fields.extend(unreadContacts).superRefine(checkWhole).transform(withTermsDecided);

function checkWhole(
  request: Parameters<typeof checkTerms>[0] & StatedRetries & People,
  context: z.RefinementCtx,
): void {
  checkTerms(request, context);
  checkRetries(request, context);
  checkPeople(request, context);
}

/** Retries and hours in the form in which they are recorded and returned: never left open. */
export function withTermsDecided<T extends StatedRetries & StatedHours>(
  request: T,
): Omit<T, keyof RetryTerms> & RetryTerms {
  return { ...request, ...decidedHours(request), ...decideRetries(request) };
}

/** A campaign in the form in which it is recorded: the request with its defaults, without its contacts. */
export type CampaignTerms = Omit<CreateCampaign, 'contacts' | 'contact_ids' | 'connection' | 'unknown_zone'> & {
  readonly connection: string;
  /** Campaigns of earlier versions have none. */
  readonly unknown_zone?: string;
};

/** @param connection the connection that was chosen for it */
export function campaignTerms(request: CreateCampaign, connection: string): CampaignTerms {
  const { contacts: _people, contact_ids: _ids, ...terms } = request;
  return { ...terms, connection };
}

/** The part of a campaign that its workflow needs. */
export function engineSpec(terms: CampaignTerms): EngineSpec {
  const { retry_delay_minutes: delay } = terms;
  return {
    name: terms.name,
    agent_id: terms.agent_id,
    connection: terms.connection,
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
    ...(terms.open_ended ? { open_ended: true } : {}),
    ...(terms.policy.length === 0 ? {} : { policies: terms.policy }),
  };
}

/** The rules between the fields that name the contacts, for `superRefine`. */
export function checkPeople(request: People, context: z.RefinementCtx): void {
  addIssues(contradictoryPeople(request), context);
}

type People = Pick<z.infer<typeof Fields>, 'contact_source' | 'contact_folder_id' | 'contact_ids' | 'open_ended'> & {
  readonly contacts: readonly unknown[];
};

function* contradictoryPeople(request: People): Generator<readonly [field: keyof People, message: string]> {
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
    if (brought === 0 && !request.open_ended) {
      yield [
        'contacts',
        'contacts is empty: give contacts or contact_ids, or a contact_folder_id with contact_source "folder", or set open_ended',
      ];
    }
  }
}
