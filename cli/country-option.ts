import type { Country } from '../domain/contacts/phone.ts';
import { RingfenceError } from '../domain/engine/errors.ts';

/**
 * The country that `--default-country` names by its two letters, or null where it was left out. Read by the command and not by
 * Commander, because the data of phone numbers is large.
 * @throws RingfenceError `bad_request`
 */
export async function readCountry(given: string | undefined): Promise<Country | null> {
  if (given === undefined) return null;
  const { Country } = await import('../domain/contacts/phone.ts');
  const country = Country.safeParse(given);
  if (country.success) return country.data;
  const message = '--default-country must be a two-letter country code such as US or GB (not UK).';
  throw new RingfenceError('bad_request', message, { field: '--default-country' });
}
