import { NO_COUNTRY, numberFacts } from '../../domain/contacts/number-kind.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import type { Connection } from './connection.ts';

/**
 * Refuses a number that the connection does not allow: nothing is dialled to other countries or other kinds of numbers.
 * The kind decides first where the numbering plan names no country.
 *
 * @param e164 a number in strict E.164 form
 * @param field the input that contains it, for the error
 * @throws RingfenceError `country_not_allowed` or `number_type_not_allowed`
 */
export function assertAllowed(connection: Connection, e164: string, field: string): void {
  const { name, countries, numberTypes } = connection;
  const { country, kinds } = numberFacts(e164);
  const belongs = country !== null && country !== NO_COUNTRY;
  const countryAllowed = countries === null || (country !== null && countries.includes(country));
  if (belongs && !countryAllowed) {
    throw new RingfenceError(
      'country_not_allowed',
      `The connection ${name} does not allow calls to ${country}: add it to "countries" if calls there are intended.`,
      { field, details: { country } },
    );
  }
  if (numberTypes !== null && !kinds.some((kind) => numberTypes.includes(kind))) {
    throw new RingfenceError(
      'number_type_not_allowed',
      `The connection ${name} does not allow calls to numbers of the kind ${kinds.join(' or ')}: add it to "number_types" if such calls are intended.`,
      { field, details: { country, number_types: kinds } },
    );
  }
  if (!countryAllowed) {
    throw new RingfenceError(
      'country_not_allowed',
      `The connection ${name} does not allow calls to numbers that belong to no country: add "${NO_COUNTRY}" to "countries" if such calls are intended.`,
      { field, details: { country } },
    );
  }
}
