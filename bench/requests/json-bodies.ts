/** JSON bodies that cost most to read, each as large as it may be. */
import { numberOf } from '../contacts.ts';
import { filled } from './filled.ts';

export interface JsonBody {
  readonly name: string;
  readonly of: (size: number) => Buffer;
}

const MOST_CONTACTS = 10_000;
const HEAD = '{"name":"n","agent_id":"a"';
/** Two of them, so that only one needs the comma. */
const tail = (item: string) => `${item}]}`;

/** For every route that reads JSON: most of them stand in no schema, and must be refused before they cost anything. */
export const ANY_JSON: readonly JsonBody[] = [
  { name: 'lists in lists', of: (size) => Buffer.from('['.repeat(size)) },
  { name: 'lists in lists, closed', of: (size) => Buffer.from('['.repeat(size / 2) + ']'.repeat(size / 2)) },
  { name: 'objects in objects', of: (size) => filled(size, ['', '{"a":', '']) },
  { name: 'lists in a field, nested', of: (size) => filled(size, ['{"name":', '[', '']) },
  { name: 'a million fields', of: (size) => filled(size, ['{"a":1', (n) => `,"f${n}":1`, '}']) },
  { name: 'one field a million times', of: (size) => filled(size, ['{"name":"n"', ',"name":"n"', '}']) },
  { name: 'a name of many megabytes', of: (size) => filled(size, ['{"', 'x', '":1}']) },
  { name: 'a text of many megabytes', of: (size) => filled(size, ['{"name":"', 'x', '"}']) },
  { name: 'a text of Unicode escapes', of: (size) => filled(size, ['{"name":"', String.raw`\u00e9`, '"}']) },
  { name: 'a text of lone surrogates', of: (size) => filled(size, ['{"name":"', String.raw`\ud800`, '"}']) },
  { name: 'a text of escaped quotes', of: (size) => filled(size, ['{"name":"', String.raw`\"`, '"}']) },
  { name: 'a text that never ends', of: (size) => filled(size, ['{"name":"', 'x', '']) },
  { name: 'a long name and a million colons', of: (size) => filled(size, [`{"${'x'.repeat(size / 2)}"`, ':', '1}']) },
  { name: 'a long name and many lists', of: (size) => filled(size, [`{"${'x'.repeat(size / 2)}":[]`, ',[]', '}']) },
  { name: 'a number of many digits', of: (size) => filled(size, ['{"max_concurrent_calls":', '9', '}']) },
  { name: 'a fraction of many digits', of: (size) => filled(size, ['{"max_concurrent_calls":0.', '3', '}']) },
  { name: 'white space', of: (size) => filled(size, ['{', ' ', '}']) },
  { name: 'bytes that are no UTF-8', of: (size) => notUtf8(size) },
  { name: 'a list of numbers', of: (size) => filled(size, ['[9', ',9', ']']) },
  { name: 'a list of objects', of: (size) => filled(size, ['[{}', ',{}', ']']) },
];

/** For the routes that take a campaign. */
export const CAMPAIGN_JSON: readonly JsonBody[] = [
  list('working_days of nines', 'working_days', '9'),
  list('retry_on of numbers', 'retry_on', '1'),
  list('retry_delay_minutes of numbers', 'retry_delay_minutes', '0'),
  list('blackout_dates of texts', 'blackout_dates', '"x"'),
  list('phone_number_ids of empty texts', 'phone_number_ids', '""'),
  {
    name: 'hundreds of lists of numbers',
    of: (size) => {
      const numbers = Array.from({ length: MOST_CONTACTS }, () => 9).join(',');
      return filled(size, [HEAD, (n) => `,"list${n}":[${numbers}]`, '}']);
    },
  },
  {
    name: 'one list, hundreds of times',
    of: (size) => {
      const numbers = Array.from({ length: MOST_CONTACTS }, () => 9).join(',');
      return filled(size, [HEAD, `,"working_days":[${numbers}]`, '}']);
    },
  },
];

/** For the routes that take people as well. */
export const PEOPLE_JSON: readonly JsonBody[] = [
  list('contacts of millions of empty objects', 'contacts', '{}'),
  list('contacts of lists in lists', 'contacts', `${'['.repeat(900)}${']'.repeat(900)}`),
  list('contacts of objects in objects', 'contacts', `${'{"a":'.repeat(900)}1${'}'.repeat(900)}`),
  list('contacts of many fields', 'contacts', object(Array.from({ length: 900 }, (_, n) => `f${n}`))),
  {
    name: 'custom_fields of a million fields',
    of: (size) => filled(size, [`${HEAD},"contacts":[{"custom_fields":{"a":1`, (n) => `,"f${n}":1`, '}}]}']),
  },
  {
    name: 'custom_fields nested',
    of: (size) => filled(size, [`${HEAD},"contacts":[{"custom_fields":`, '{"a":', '']),
  },
  people('10,000 contacts with zones', (n, room) => ({
    ...person(n),
    timezone: ['America/New_York', 'europe/berlin', 'Asia/Kolkata'][n % 3],
    custom_fields: { note: 'x'.repeat(room) },
  })),
  people('10,000 contacts, the last with an unknown zone', (n, room) => ({
    ...person(n),
    timezone: n === MOST_CONTACTS - 1 ? 'Nowhere/Land' : 'UTC',
    custom_fields: { note: 'x'.repeat(room) },
  })),
  people('10,000 contacts with unknown zones', (n) => ({ ...person(n), timezone: `Nowhere/Land${n}` })),
  people('10,000 contacts of many custom fields', (n, room) => ({
    ...person(n),
    custom_fields: Object.fromEntries(Array.from({ length: Math.floor(room / 10) }, (_, i) => [`f${i}`, 'x'])),
  })),
  people('10,000 contacts with odd numbers', (n, room) => ({
    phone_number: `+1 (415) 555-${String(n).padStart(4, '0')} ext. ${'5'.repeat(7)}${' '.repeat(60)}`,
    email: `${'a'.repeat(150)}@${'b'.repeat(150)}`,
    custom_fields: { note: 'é'.repeat(room / 4) },
  })),
  {
    name: '50 contacts as large as any',
    of: (size) => filled(size, [`${HEAD},"contacts":[${large(0)}`, (n) => `,${large(n + 1)}`, ']}'], MOST_CONTACTS - 1),
  },
  { name: 'contacts of one long text', of: (size) => filled(size, [`${HEAD},"contacts":["`, 'x', '"]}']) },
  list('contact_ids that are none', 'contact_ids', '"x"'),
];

function list(name: string, field: string, item: string): JsonBody {
  return { name, of: (size) => filled(size, [`${HEAD},"${field}":[`, `${item},`, tail(item)]) };
}

/** As many contacts as may be, each with its share of the body. */
function people(name: string, make: (n: number, room: number) => object): JsonBody {
  return {
    name,
    of: (size) => {
      const share = Math.floor((size - 1_000) / MOST_CONTACTS);
      const contacts = Array.from({ length: MOST_CONTACTS }, (_, n) =>
        make(n, Math.max(0, share - Buffer.byteLength(JSON.stringify(make(n, 0))) - 10)),
      );
      return Buffer.from(`${HEAD},"contacts":${JSON.stringify(contacts)}}`);
    },
  };
}

function person(n: number): object {
  return { phone_number: numberOf(n) };
}

function large(n: number): string {
  return JSON.stringify({ ...person(n), custom_fields: largestFields() });
}

/** As many custom fields as one contact may have, each as long as it may be. */
export function largestFields(): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`field_${n}`, 'x'.repeat(2_000)]));
}

function object(names: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, 1])));
}

function notUtf8(size: number): Buffer {
  const [start, end] = [Buffer.from('{"name":"'), Buffer.from('"}')];
  return Buffer.concat([start, Buffer.alloc(size - start.length - end.length, 0xff), end]);
}
