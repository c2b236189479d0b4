/** The fields of a connection that every carrier has, and the form of the file. A carrier's own fields come from its settings. */
import { z } from 'zod';
import { Country } from '../../domain/contacts/phone.ts';
import { hasCredentials, HTTP_FOR, isHttpsOrLocal } from '../https-url.ts';
import { NO_COUNTRY, NUMBER_KINDS } from '../../domain/contacts/number-kind.ts';
import { LOOK_UP_BOUNDS } from './look-ups.ts';

const Name = z
  .string('must be a text: put a number in quotes')
  .min(1, 'must not be empty')
  .max(200, 'must be at most 200 characters');
const names = (what: string, example: string) =>
  z.array(Name, `must be a list of ${what}, such as ${example}`).min(1, 'must not be empty: leave it out to allow all');

export const Countries = z
  .array(z.union([z.literal(NO_COUNTRY), Country], 'must be a two-letter country code such as US or GB'), {
    error: 'must be a list of two-letter country codes, such as [US, CA]: nothing else is dialled',
  })
  .min(1, 'must name at least one country: nothing else is dialled');

export const NumberTypes = z
  .array(z.enum(NUMBER_KINDS, `must be one of ${NUMBER_KINDS.join(', ')}`), {
    error: 'must be a list of kinds of numbers, such as [mobile, fixed_line, voip]: nothing else is dialled',
  })
  .min(1, 'must name at least one kind of number: nothing else is dialled');

const WEBHOOKS = 'must be an https URL that the carrier can reach, such as https://calls.example.com';
const PublicUrl = z
  .url({ protocol: /^https?$/, error: WEBHOOKS, abort: true })
  .refine(isHttpsOrLocal, `${WEBHOOKS}: ${HTTP_FOR}`)
  .refine((url) => !hasCredentials(url), 'must contain no user and no password: it is shown')
  .refine((url) => !/[?#]/.test(url), 'must have no query')
  // As the carrier is told it, and signs it: with a host in small letters and without a standard port.
  .transform((url) => new URL(url).href.replace(/\/+$/, ''));

/** As many as a hundred campaigns of the largest size. */
const MOST_CONCURRENT_CALLS = 100_000;

export const CommonFields = z.object({
  provider: z.string('must name the carrier, such as twilio'),
  calls_per_second: z
    .number('must be a number above 0')
    .positive('must be above 0')
    .max(1_000, 'must be at most 1000')
    .optional(),
  look_up_after_seconds: z
    .number('must be a number of seconds')
    .min(LOOK_UP_BOUNDS.shortestAfterS, `must be at least ${LOOK_UP_BOUNDS.shortestAfterS}`)
    .max(LOOK_UP_BOUNDS.longestAfterS, `must be at most ${LOOK_UP_BOUNDS.longestAfterS}`)
    .optional(),
  look_ups_per_minute: z
    .int('must be a whole number')
    .min(LOOK_UP_BOUNDS.leastPerMinute, `must be at least ${LOOK_UP_BOUNDS.leastPerMinute}`)
    .max(LOOK_UP_BOUNDS.mostPerMinute, `must be at most ${LOOK_UP_BOUNDS.mostPerMinute}`)
    .optional(),
  max_concurrent_calls: z
    .int('must be a whole number above 0')
    .positive('must be above 0')
    .max(MOST_CONCURRENT_CALLS, `must be at most ${MOST_CONCURRENT_CALLS}`)
    .optional(),
  countries: Countries,
  number_types: NumberTypes,
  accounts: names('accounts', '[default]').optional(),
  agents: names("the carrier's agent ids", '[agent_1]').optional(),
  caller_numbers: names('numbers to call from', '["+14155550100"]').optional(),
  webhook_base_url: PublicUrl.optional(),
});
export type CommonFields = z.infer<typeof CommonFields>;

/** Stands in the path of its webhooks. */
export const CONNECTION_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const BY_NAME = 'must contain the connections by name, such as "clinic-us:" with its fields below it';
export const ConnectionsFile = z.strictObject(
  {
    connections: z.record(z.string(), z.unknown(), BY_NAME),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? `must contain "connections:", which ${BY_NAME}` : undefined) },
);
