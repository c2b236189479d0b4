import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type PhoneNumber,
} from 'libphonenumber-js/max';
import { z } from 'zod';
import { allowedByAny, type NumberRefusal, type NumberRule } from './allowed-numbers.ts';
import { factsOf } from './number-kind.ts';

/** Strict E.164: the only form in which a number is stored and dialled. Always a string, never a number. */
export const E164 = /^\+[1-9]\d{6,14}$/;

const COUNTRY = 'must be a two-letter country code such as US or GB (ISO 3166-1 alpha-2)';

/** An ISO 3166-1 alpha-2 country code for numbers without an international prefix. */
export const Country = z
  .string()
  .trim()
  .max(2, { error: COUNTRY, abort: true })
  .toUpperCase()
  .refine((code): code is CountryCode => isSupportedCountry(code), COUNTRY);
export type Country = CountryCode;

/**
 * The reason why a field is not a phone number.
 * - `missing_phone`: it contains nothing visible.
 * - `spreadsheet_damaged`: a spreadsheet has replaced the digits (`4.479E+11`, `#####`); they cannot be recovered.
 * - `invalid_phone`: everything else, including short and emergency numbers and two numbers in one field.
 * And the reason why a number may not be dialled if that does not depend on a connection:
 * - `premium_rate`: the called party would charge for the call.
 */
export type PhoneProblem = 'missing_phone' | 'invalid_phone' | 'premium_rate' | 'spreadsheet_damaged';

export interface Phone {
  readonly e164: string;
  /** Digits to dial once the switchboard answers. */
  readonly extension: string | null;
}

const SCIENTIFIC = /^[+-]?\d+(?:[.,]\d+)?\s*E\s*[+-]?\s*\d+$/i;
const SPREADSHEET_ERROR = /^#(?:#*|(?:VALUE|NAME|REF|N\/A|NUM|NULL|DIV\/0)[!?]?)$/i;
/** Digits that were once a floating point number. The decimals would be dialled as digits. */
const DECIMAL = /^[+-]?\d{5,}[.,](?:0+|\d{1,2})$/;
const BETWEEN_TWO_NUMBERS = /[/\\,;|&]|\s(?:or|and)\s|[\r\n]/i;
const LONGEST = 100;
/**
 * Maximum length of the original field. The conversion of some texts takes a time that grows with the square of the
 * length.
 */
const LONGEST_WRITTEN = 200;

/** Where nothing is known about connections: every country, and the usual kinds of numbers. */
const usualNumber = allowedByAny([]);

/**
 * Reads a phone field in the forms that people and spreadsheets use. Without a default country only the international
 * form with its `+` is accepted. Nothing is guessed: an ambiguous field is refused.
 */
export function parsePhone(
  input: string,
  defaultCountry: Country | null,
  rule: NumberRule = usualNumber,
): Phone | { readonly reason: PhoneProblem } | NumberRefusal {
  if (input.trim().length > LONGEST_WRITTEN) return { reason: 'invalid_phone' };
  const text = plainText(input);
  if (text === '') return { reason: 'missing_phone' };
  if (SCIENTIFIC.test(text) || SPREADSHEET_ERROR.test(text)) return { reason: 'spreadsheet_damaged' };
  if (text.length > LONGEST || DECIMAL.test(text) || holdsTwoNumbers(text, defaultCountry)) {
    return { reason: 'invalid_phone' };
  }
  const number = parseWhole(text, defaultCountry);
  if (!number || !E164.test(number.number)) return { reason: 'invalid_phone' };
  if (!number.isValid() && !isIntendedUnknown(text, number, rule)) return { reason: 'invalid_phone' };
  return rule(factsOf(number)) ?? { e164: number.number, extension: number.ext ?? null };
}

/**
 * Whether to accept a number that no numbering plan contains. It may belong to a new range, but most are typing errors,
 * so it must be written in full, have a length that its country has, and be of a kind that is named.
 */
function isIntendedUnknown(text: string, number: PhoneNumber, rule: NumberRule): boolean {
  return text.startsWith('+') && number.isPossible() && rule({ ...factsOf(number), kinds: ['unknown'] }) === null;
}

function parseWhole(text: string, defaultCountry: Country | null) {
  return parsePhoneNumberFromString(text, {
    ...(defaultCountry === null ? {} : { defaultCountry }),
    // A number picked from surrounding words might be a wrong one.
    extract: false,
  });
}

/** Countries with numbers of varying length would accept two joined short numbers as one long number. */
function holdsTwoNumbers(text: string, defaultCountry: Country | null): boolean {
  const separator = BETWEEN_TWO_NUMBERS.exec(text);
  if (separator === null) return false;
  const parts = [text.slice(0, separator.index), text.slice(separator.index + separator[0].length)];
  return parts.every((part) => parseWhole(part.trim(), defaultCountry)?.isValid() === true);
}

/** The same characters in plain form: no full-width or Arabic digits, no invisible characters, no enclosing marks. */
function plainText(input: string): string {
  return (
    input
      .normalize('NFKC')
      // A number copied from an address book is often enclosed in marks for the writing direction.
      .replace(/\p{Cf}/gu, '')
      // U+0660 and U+06F0 begin the two rows of Arabic digits; both end in the digit's own value.
      .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf))
      .trim()
      // The notation that makes a spreadsheet keep the digits: ="0123" or '0123.
      .replace(/^="(.*)"$|^'(?=[+\d(])/, '$1')
      .replace(/^(?:tel|callto):\s*/i, '')
      .replace(/^[([]\s*\+/, '+')
      .trim()
  );
}
