/** Where a number belongs and what kind it is: what a connection allows or does not. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** Kinds of numbers, in the terms of libphonenumber, with `satellite` apart from `mobile`. */
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

export interface NumberFacts {
  /** ISO 3166-1 alpha-2, or `001`. Null: the numbering plan does not have this number. */
  readonly country: string | null;
  /** Two kinds where a country's numbers do not tell mobile from fixed line, as in the United States. */
  readonly kinds: readonly NumberKind[];
}

/** Inmarsat, Iridium and Globalstar; Thuraya and EMSat among the international networks. */
const SATELLITE = /^\+(?:870|881|88213|88216)/;

/** @param e164 a number in strict E.164 form; whether it exists does not matter */
export function numberFacts(e164: string): NumberFacts {
  const number = parsePhoneNumberFromString(e164, { extract: false });
  const country = number?.isNonGeographic() === true ? NO_COUNTRY : (number?.country ?? null);
  return { country, kinds: SATELLITE.test(e164) ? ['satellite'] : kindsOf(number?.getType()) };
}

function kindsOf(type: string | undefined): readonly NumberKind[] {
  if (type === 'FIXED_LINE_OR_MOBILE') return ['fixed_line', 'mobile'];
  const kind = NUMBER_KINDS.find((known) => known === type?.toLowerCase());
  return [kind ?? 'unknown'];
}
