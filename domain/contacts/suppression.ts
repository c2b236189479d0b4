/** The suppression list: numbers that no campaign of an account may call. */
import { RingfenceError } from '../engine/errors.ts';
import { anyNumber, type NumberRule } from './allowed-numbers.ts';
import { parsePhone } from './phone.ts';

const NUMBER = 'phone_number must be a number in international form, such as +14155550132';
/** The number in the form of the list, strict E.164. @throws RingfenceError `validation_error` */
export function suppressedNumber(input: string, rule: NumberRule = anyNumber): string {
  const phone = parsePhone(input, null, rule);
  if ('e164' in phone) return phone.e164;
  throw new RingfenceError('validation_error', NUMBER, { field: 'phone_number', details: { reason: phone.reason } });
}
