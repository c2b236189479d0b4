import { MOST_CUSTOM_FIELDS, isCustomFieldName } from './contact.ts';
import { RingfenceError } from '../engine/errors.ts';

/** The field name in every refusal of a contact file, however the file was sent. */
export const CONTACT_FILE = 'file';

/** The reason why a whole contact file is unreadable. */
export function unparsableFile(message: string, details: Readonly<Record<string, unknown>> = {}): RingfenceError {
  return new RingfenceError('unparsable_file', message, { field: CONTACT_FILE, details });
}

/** The content of a column of a contact file. `unnamed`: its header is blank, so its values have no meaning. */
export type Column =
  | { readonly kind: KnownField }
  | { readonly kind: 'custom'; readonly name: string }
  | { readonly kind: 'unnamed' };

type KnownField =
  | 'phone_number'
  | 'extension'
  | 'first_name'
  | 'last_name'
  | 'email'
  | 'timezone'
  | 'region'
  | 'priority'
  | 'not_before';

const SYNONYMS: Readonly<Record<KnownField, readonly string[]>> = {
  phone_number: [
    'phone',
    'phone_no',
    'phone_nr',
    'phonenumber',
    'primary_phone',
    'contact_number',
    'mobile',
    'mobile_number',
    'mobile_phone',
    'mobile_no',
    'cell',
    'cell_phone',
    'cell_number',
    'cellphone',
    'tel',
    'tel_no',
    'telephone',
    'telephone_number',
    'phone_1_value',
    'msisdn',
    'e164',
    'e_164',
  ],
  extension: ['ext', 'phone_extension', 'phone_ext'],
  first_name: ['firstname', 'first', 'given_name', 'givenname', 'forename', 'fname'],
  last_name: ['lastname', 'last', 'family_name', 'familyname', 'surname', 'lname'],
  email: ['e_mail', 'email_address', 'e_mail_address', 'mail'],
  timezone: ['time_zone', 'tz'],
  region: [],
  priority: [],
  not_before: ['call_at', 'call_after'],
};

const FIELD_BY_NAME = new Map<string, KnownField>(
  Object.entries(SYNONYMS).flatMap(([field, synonyms]) =>
    [field, ...synonyms].map((name) => [name, field as KnownField] as const),
  ),
);

/** Includes blank columns, of which spreadsheets leave dozens. */
export const MOST_COLUMNS = 1_000;
/** Longer texts are not names. Reading a maliciously long one takes a time that grows with the square of its length. */
const LONGEST_NAME = 200;

/**
 * Determines the content of each column of a contact file. A header that is exactly a field's name takes precedence
 * over a synonym, which then becomes a custom field. Every unknown column and every `custom_x` becomes a custom field
 * too.
 *
 * @throws RingfenceError `unparsable_file` if no column, or more than one, could be the phone number, or if two columns
 *   have the same name
 */
export function readHeader(cells: readonly string[]): readonly Column[] {
  if (cells.length > MOST_COLUMNS) {
    throw unparsableFile(`There are more than ${MOST_COLUMNS} columns. Remove those that the agent does not need.`);
  }
  if (cells.some(looksLikeData)) {
    throw unparsableFile('The first row holds data. Put a row of column names before it, one of them phone_number.');
  }
  const names = cells.map((cell, index) => {
    if (cell.length > LONGEST_NAME) throw noFieldName(index);
    return snakeCase(cell);
  });
  const columns = names.map((name, index) => columnNamed(name, names, index));
  refuseDuplicates(columns, cells);
  if (!columns.some(({ kind }) => kind === 'phone_number')) {
    throw unparsableFile(`No column holds the phone number. Name one of them phone_number; found: ${listed(cells)}.`);
  }
  if (columns.filter(({ kind }) => kind === 'custom').length > MOST_CUSTOM_FIELDS) {
    throw unparsableFile(
      `There are more than ${MOST_CUSTOM_FIELDS} custom fields. Remove columns that the agent does not need.`,
    );
  }
  return columns;
}

/** Whether one of the columns is clearly the phone number. Distinguishes the right delimiter from a wrong one. */
export function namesPhone(cells: readonly string[]): boolean {
  return cells.some((cell) => cell.length <= LONGEST_NAME && FIELD_BY_NAME.get(snakeCase(cell)) === 'phone_number');
}

function columnNamed(name: string, names: readonly string[], index: number): Column {
  if (name === '') return { kind: 'unnamed' };
  const field = FIELD_BY_NAME.get(name);
  if (field !== undefined && (field === name || !names.includes(field))) return { kind: field };
  const custom = name.replace(/^custom_(?=.)/, '');
  if (!isCustomFieldName(custom)) throw noFieldName(index);
  return { kind: 'custom', name: custom };
}

function noFieldName(index: number): RingfenceError {
  return unparsableFile(
    `The name of column ${index + 1} cannot be a custom field's. Use letters, digits and underscores, at most 64, not beginning with ringfence_.`,
    { column: index + 1 },
  );
}

function refuseDuplicates(columns: readonly Column[], cells: readonly string[]): void {
  const seen = new Map<string, number>();
  for (const [index, column] of columns.entries()) {
    if (column.kind === 'unnamed') continue;
    const key = column.kind === 'custom' ? `custom ${column.name}` : column.kind;
    const before = seen.get(key);
    if (before !== undefined) {
      throw unparsableFile(
        `Columns ${listed([cells[before] ?? '', cells[index] ?? ''])} both stand for ${key}. Rename or remove one of them.`,
        { columns: [before + 1, index + 1] },
      );
    }
    seen.set(key, index);
  }
}

/** The header row is missing if its cells look like phone numbers or addresses. */
function looksLikeData(cell: string): boolean {
  return cell.replace(/\D/g, '').length >= 7 || cell.includes('@');
}

function listed(cells: readonly string[]): string {
  const shown = cells.slice(0, 20).map((cell) => `"${cell.trim().slice(0, 40)}"`);
  return shown.join(', ') + (cells.length > shown.length ? ` and ${cells.length - shown.length} more` : '');
}

/** `First Name`, `firstName` and `FIRST-NAME` are all `first_name`. */
function snakeCase(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/(\p{Ll}|\p{N})(?=\p{Lu}\p{Ll})/gu, '$1_')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}
