import { type NumberPlace, placeOf } from '../domain/contacts/number-place.ts';
import { parsePhone } from '../domain/contacts/phone.ts';
import { RingfenceError } from '../domain/engine/errors.ts';

/**
 * Where the number of an option belongs.
 *
 * @throws RingfenceError `validation_error`
 */
export function placeOfNumber(written: string): NumberPlace {
  // Where a number belongs does not depend on what may be called.
  const phone = parsePhone(written, null, () => null);
  if ('e164' in phone) return placeOf(phone.e164);
  const message = '--number must be a phone number with its country code, such as +12125550101';
  throw new RingfenceError('validation_error', message, { field: '--number' });
}
