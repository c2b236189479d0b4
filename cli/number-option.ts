import { placeOf } from '../domain/contacts/number-place.ts';
import { parsePhone } from '../domain/contacts/phone.ts';
import { RingfenceError } from '../domain/engine/errors.ts';

/**
 * The time zones of a number; none if it belongs to no place.
 *
 * @throws RingfenceError `validation_error`
 */
export function zonesOf(written: string): readonly string[] {
  // Where a number belongs does not depend on what may be called.
  const phone = parsePhone(written, null, () => null);
  if ('e164' in phone) return placeOf(phone.e164).zones;
  const message = '--number must be a phone number with its country code, such as +12125550101';
  throw new RingfenceError('validation_error', message, { field: '--number' });
}
