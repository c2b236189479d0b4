import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';
import { boundedRecord } from './bounds.ts';
import { RingfenceError } from '../engine/errors.ts';
import { notAllowed, type NumberProblem, type NumberRefusal, type NumberRule } from './allowed-numbers.ts';
import { instantInput } from './instants.ts';
import { type Country, type PhoneProblem, parsePhone } from './phone.ts';
import { mayExist } from './region-zones.ts';
import { LONGEST_ZONE_NAME } from '../engine/schedule-fields.ts';
import { zonesOfCountry } from '../windows/zone-data.ts';
import { canonicalZoneName, readZoneName } from '../windows/zone-name.ts';

/** A person to call. All fields are personal data: never in a log, an error message, an id or a workflow. */
export interface Contact {
  /** Strict E.164. Number and extension identify the person. */
  readonly phone_number: string;
  readonly extension: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
  /** IANA name of the zone in which the person lives. */
  readonly timezone: string | null;
  /** Country or state in which the person is. */
  readonly region: string | null;
  /** 1 to 5: contacts with a lower number are called first. Null: not stated. */
  readonly priority: number | null;
  /** Nobody calls the contact before this instant, ISO 8601 in UTC. */
  readonly not_before: string | null;
  /** Values that the agent may mention, by name. */
  readonly custom_fields: Readonly<Record<string, string>>;
}

/** Maximum number of characters in one field. */
const LONGEST_FIELD = 2_000;
/** Maximum number of custom fields of one contact. */
export const MOST_CUSTOM_FIELDS = 100;
/** PostgreSQL stores neither. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

export function isStorable(text: string): boolean {
  return text.length <= LONGEST_FIELD && !UNSTORABLE.test(text);
}

const REGION = 'must be a country or a state of it, such as US or US-FL';
/** ISO 3166-1 alpha-2, or ISO 3166-2. */
const REGION_FORM = /^[A-Z]{2}(?:-[A-Z\d]{1,3})?$/;

/** Whether the text is a country, or may be a state of one. The letters of a state alone, such as FL, are neither. */
export function isRegion(text: string): boolean {
  const country = text.slice(0, 2);
  if (!REGION_FORM.test(text) || (zonesOfCountry(country).length === 0 && !isSupportedCountry(country))) return false;
  return text === country || mayExist(text);
}

/** Whether the text could be an e-mail address. Only a message could prove that it is one. */
export function looksLikeEmail(text: string): boolean {
  return text.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(text);
}

/** Names of custom fields are snake case in any script. `ringfence_` is reserved for the engine's own variables. */
export function isCustomFieldName(name: string): boolean {
  return name.length <= 128 && /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_]{0,63}$/u.test(name) && !name.startsWith('ringfence_');
}

const TEXT = `must be a text of at most ${LONGEST_FIELD} characters, all of them valid Unicode and none of them NUL`;
const Text = z.string(TEXT).trim().max(LONGEST_FIELD, { error: TEXT, abort: true }).refine(isStorable, TEXT);

const CUSTOM_VALUE = `must be a text of at most ${LONGEST_FIELD} characters, a number, true or false`;

/** The agent gets custom field values as text, so plain numbers and booleans are accepted and converted. */
const CustomValue = z.union([Text, z.number(), z.boolean()], CUSTOM_VALUE).transform(String);

const CONTACT = 'must be an object that describes a contact, with its phone_number at least';
const LONGEST_PHONE = 200;
const PHONE = `must be a phone number in international form, as a text of at most ${LONGEST_PHONE} characters: plus sign, country code, number`;
const EXTENSION = 'must be 1 to 20 digits, as a text';
const ZONE = 'must be an IANA time zone such as Europe/Berlin';
const PRIORITY = 'must be a whole number from 1 to 5';
const CUSTOM_FIELDS = 'must be an object of names and values';
const CUSTOM_NAME = 'must be letters, digits and underscores, at most 64, and not begin with ringfence_';

/** A contact in a request. Omitted fields and null mean "not known". */
export const ContactInput = z.strictObject(
  {
    phone_number: z
      .string(PHONE)
      .max(LONGEST_PHONE, PHONE)
      .describe(
        'The number in international form: plus sign, country code, number. Spaces and punctuation are allowed.',
      ),
    extension: z
      .string(EXTENSION)
      .trim()
      .max(20, { error: EXTENSION, abort: true })
      .regex(/^\d{1,20}$/, EXTENSION)
      .nullish()
      .describe('The extension at a switchboard. Number and extension together identify the person.'),
    first_name: Text.nullish(),
    last_name: Text.nullish(),
    email: Text.refine((text) => text === '' || looksLikeEmail(text), 'must be an e-mail address').nullish(),
    timezone: z
      .string(ZONE)
      .max(LONGEST_ZONE_NAME, { error: ZONE, abort: true })
      .superRefine((name, context) => {
        const read = readZoneName(name);
        if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem });
      })
      .nullish()
      .describe(
        "IANA name of the person's time zone. A campaign with `timezone` `contact` calls the person in it. Other campaigns call in their `timezone`. The agent is not told.",
      ),
    region: z
      .string(REGION)
      .max(6, { error: REGION, abort: true })
      .refine(isRegion, REGION)
      .nullish()
      .describe(
        'Country or state in which the person is (ISO 3166), such as `US` or `US-FL`. It decides which policies hold and, unless the row states a time zone, in which time zones of the number the person is called. Where they have none in common, and where the number is of another state, the hours must be open in the zones of both. Default: that of the number.',
      ),
    priority: z
      .int(PRIORITY)
      .min(1, PRIORITY)
      .max(5, PRIORITY)
      .nullish()
      .describe('1 to 5: contacts with a lower number get their first call before others. Default: 3.'),
    not_before: instantInput('not_before')
      .nullish()
      .describe(
        'No call is placed before this instant, and the first one is due then. It is placed inside all limits and before calls that have no time. If the campaign ends before, the contact is skipped with the reason `expired`.',
      ),
    custom_fields: boundedRecord(
      MOST_CUSTOM_FIELDS,
      `must be at most ${MOST_CUSTOM_FIELDS} fields: leave out what the agent does not need`,
      z.record(z.string().refine(isCustomFieldName, CUSTOM_NAME), CustomValue, CUSTOM_FIELDS),
    )
      .nullish()
      .describe('Values that the agent may use, by name.'),
  },
  { error: ({ code }) => (code === 'invalid_type' ? CONTACT : undefined) },
);
export type ContactInput = z.infer<typeof ContactInput>;

/** The reason why number and extension of a person cannot be dialled. */
export type ContactProblem = PhoneProblem | NumberProblem | 'invalid_extension';

/**
 * Converts a contact of a request into one that can be dialled.
 *
 * @param defaultCountry country of numbers without an international prefix: null if none was given, undefined if none
 *   can be given
 * @param field the place of the contact in the request, for the error: `contacts[3]`, or empty for the request itself
 * @param rule the numbers that may be dialled
 * @throws RingfenceError `validation_error` if the number cannot be dialled, `country_not_allowed` or
 *   `number_type_not_allowed` if it may not be
 */
export function contactFrom(
  input: ContactInput,
  defaultCountry: Country | null | undefined,
  field = '',
  rule?: NumberRule,
): Contact {
  const phone = phoneWithExtension(input.phone_number, input.extension ?? '', defaultCountry ?? null, rule);
  if ('reason' in phone) {
    const name = phone.reason === 'invalid_extension' ? 'extension' : 'phone_number';
    const path = field === '' ? name : `${field}.${name}`;
    if ('message' in phone) throw notAllowed(phone, path);
    const problem = phone.reason === 'invalid_phone' ? notDiallable(defaultCountry) : PROBLEMS[phone.reason];
    throw new RingfenceError('validation_error', `${path}: ${problem}`, {
      field: path,
      details: { reason: phone.reason },
    });
  }
  return {
    phone_number: phone.e164,
    extension: phone.extension,
    first_name: input.first_name || null,
    last_name: input.last_name || null,
    email: input.email || null,
    timezone: input.timezone ? canonicalZoneName(input.timezone) : null,
    region: input.region ?? null,
    priority: input.priority ?? null,
    not_before: input.not_before ?? null,
    custom_fields: input.custom_fields ?? {},
  };
}

/** Reads one number from a phone field and an extension field. If both contain an extension they must agree. */
export function phoneWithExtension(
  field: string,
  extensionField: string,
  defaultCountry: Country | null,
  rule?: NumberRule,
):
  | { readonly e164: string; readonly extension: string | null }
  | { readonly reason: Exclude<ContactProblem, NumberProblem> }
  | NumberRefusal {
  const phone = parsePhone(field, defaultCountry, rule);
  if ('reason' in phone || extensionField === '') return phone;
  if (!/^\d{1,20}$/.test(extensionField)) return { reason: 'invalid_extension' };
  if (phone.extension !== null && phone.extension !== extensionField) return { reason: 'invalid_extension' };
  return { e164: phone.e164, extension: extensionField };
}

/** Suggests a default country only to callers that could have given one and did not. */
function notDiallable(defaultCountry: Country | null | undefined): string {
  const problem = 'is not one phone number that can be dialled; give it in international form';
  const form = 'plus sign, country code, number';
  if (defaultCountry === null) return `${problem} (${form}), or name its country in default_country.`;
  return defaultCountry === undefined
    ? `${problem}: ${form}.`
    : `${problem} (${form}), or correct default_country, which is ${defaultCountry}.`;
}

const PROBLEMS: Readonly<Record<Exclude<ContactProblem, 'invalid_phone' | NumberProblem>, string>> = {
  missing_phone: 'is empty; give a phone number in international form: plus sign, country code, number.',
  premium_rate:
    'is a premium-rate number: name its kind in "number_types" (TRUEDY_NUMBER_TYPES) if such calls are intended.',
  spreadsheet_damaged: 'was turned into a rounded number by a spreadsheet; export the column as text.',
  invalid_extension: 'must be digits, and the same as an extension written in phone_number.',
};
