/** Where a number belongs and what kind it is: what a connection allows or does not. */
import { type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** Kinds of numbers, in the terms of libphonenumber, with `satellite` apart from `mobile` and `voip`. */
export const NUMBER_KINDS = [
  'mobile',
  'fixed_line',
  'voip',
  'toll_free',
  'premium_rate',
  'shared_cost',
  'personal_number',
  'pager',
  'uan',
  'voicemail',
  'satellite',
  'unknown',
] as const;
export type NumberKind = (typeof NUMBER_KINDS)[number];

/** Numbers that belong to no country, such as those of satellites and of international services (UN M.49: the world). */
export const NO_COUNTRY = '001';

/** Universal personal telecommunications, which libphonenumber counts as VoIP. */
const UNIVERSAL_PERSONAL = /^\+878/;

export interface NumberFacts {
  /** ISO 3166-1 alpha-2, or `001`. Null: the numbering plan does not have this number. */
  readonly country: string | null;
  /** Two kinds where a country's numbers do not tell mobile from fixed line, as in the United States. */
  readonly kinds: readonly NumberKind[];
}

/**
 * Inmarsat (870), Iridium and Globalstar (881); among the international networks EMSat and Thuraya, and those of ships
 * and aircraft, whose calls travel by satellite too. Some countries have ranges for satellites among their own numbers: Canada
 * (600), Australia (0145, 0147), Russia (954). The numbering plan's own kinds do not tell them from mobile phones or VoIP.
 */
const SATELLITE = /^\+(?:870|881|882(?:13|16|32|42|98|99)|1600|6114[57]|7954)/;

/** @param e164 a number in strict E.164 form; whether it exists does not matter */
export function numberFacts(e164: string): NumberFacts {
  const number = parsePhoneNumberFromString(e164, { extract: false });
  return number === undefined ? { country: null, kinds: [kindByPrefix(e164) ?? 'unknown'] } : factsOf(number);
}

/** The same facts of a number that is already parsed. */
export function factsOf(number: PhoneNumber): NumberFacts {
  const country = number.isNonGeographic() ? NO_COUNTRY : (number.country ?? null);
  const special = kindByPrefix(number.number);
  return { country, kinds: special === null ? kindsOf(number.getType()) : [special] };
}

function kindByPrefix(e164: string): NumberKind | null {
  if (SATELLITE.test(e164)) return 'satellite';
  return UNIVERSAL_PERSONAL.test(e164) ? 'personal_number' : null;
}

function kindsOf(type: string | undefined): readonly NumberKind[] {
  if (type === 'FIXED_LINE_OR_MOBILE') return ['fixed_line', 'mobile'];
  const kind = NUMBER_KINDS.find((known) => known === type?.toLowerCase());
  return [kind ?? 'unknown'];
}
