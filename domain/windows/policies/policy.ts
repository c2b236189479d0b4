/**
 * Calling policies: what the law of a place asks for, as data. A policy narrows calling hours and limits how often a
 * person is called. It is no legal advice, and covers neither consent nor do-not-call registers.
 */
import { z } from 'zod';
import { HoursWindow } from '../../engine/calling-hours.ts';
import { RingfenceError } from '../../engine/errors.ts';
import { regionProblem } from '../holidays.ts';
import { zonesOfCountry } from '../zone-data.ts';

const LONGEST_TEXT = 500;
const MOST = 50;

const Name = z
  .string()
  .max(64)
  .regex(/^[a-z\d]+(?:-[a-z\d]+)*$/, 'name must be lower-case letters and digits with hyphens between them');
/** ISO 3166-1 alpha-2, or ISO 3166-2. */
const PlaceCode = z
  .string()
  .max(6)
  .regex(/^[A-Z]{2}(?:-[A-Z\d]{1,3})?$/, 'places must be countries such as "US" or states such as "US-FL"');
const NO_COUNTRY = 'places must begin with a country code of ISO 3166, such as "GB" for the United Kingdom';
const isInCountry = (code: string) => zonesOfCountry(code.slice(0, 2)).length > 0;
const Text = z.string().min(1).max(LONGEST_TEXT);

export const Policy = z
  .strictObject({
    name: Name,
    /** Names this content, so that records can say which rules they followed. */
    version: z.string().min(1).max(64),
    title: Text,
    /** Where the called person is. */
    places: z.array(PlaceCode.refine(isInCountry, NO_COUNTRY)).min(1).max(MOST),
    /** The kind of calls that it is about. For people; nothing is decided by it. */
    purpose: Text,
    /** Nobody is called outside these windows, in the person's time zone. Null: at any time. */
    hours: z.array(HoursWindow).min(1).max(MOST).nullable().default(null),
    /** The country or state on whose public holidays nobody is called. Null: holidays are days like others. */
    holidays: PlaceCode.nullable()
      .default(null)
      .superRefine((region, context) => {
        const problem = region === null ? null : regionProblem(region);
        if (problem !== null) context.addIssue({ code: 'custom', message: problem });
      }),
    /** The most calls to one number within so many hours; all of these hold. */
    frequency: z
      .array(z.strictObject({ max: z.int().min(1).max(1_000), hours: z.int().min(1).max(8_784) }))
      .max(MOST)
      .default([]),
    /** Nobody is called within so many hours after a conversation. */
    after_conversation_hours: z.int().min(1).max(8_784).nullable().default(null),
    /** The first and the last civil day in the person's time zone on which it holds. Null: no limit. */
    valid_from: z.iso.date().nullable().default(null),
    valid_to: z.iso.date().nullable().default(null),
    /** Where it comes from, and when that was read. */
    source: z.strictObject({ text: Text, url: z.url().max(LONGEST_TEXT), read: z.iso.date() }),
    /** What the same law asks for besides. */
    not_covered: z.array(Text).max(MOST).default([]),
  })
  .refine(({ valid_from, valid_to }) => valid_from === null || valid_to === null || valid_from <= valid_to, {
    error: 'valid_to must not be before valid_from',
    path: ['valid_to'],
  });
export type Policy = z.infer<typeof Policy>;
/** A policy as a file or a program states it. Fields with a default may be omitted. */
export type PolicyInput = z.input<typeof Policy>;

const Policies = z.array(Policy, 'the file must hold a list of policies').min(1).max(MOST);

/**
 * Reads own policies, for example from a file.
 *
 * @throws RingfenceError `validation_error` for the first fault
 */
export function readPolicies(content: unknown): Policy[] {
  const read = Policies.safeParse(content);
  if (!read.success) {
    const [issue] = read.error.issues;
    const parts = (issue?.path ?? []).map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
    const field = parts.join('').replace(/^\./, '');
    const message = issue?.message ?? 'The policies are unreadable.';
    throw new RingfenceError('validation_error', `${field} ${message}`.trim(), { field: field || 'policies' });
  }
  const names = read.data.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return read.data;
  const message = `two policies have the name "${twice}": give each its own`;
  throw new RingfenceError('validation_error', message, { field: 'name' });
}
