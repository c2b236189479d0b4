import { RingfenceError } from '../domain/engine/errors.ts';
import type { CallToPlace } from './port.ts';

const E164 = /^\+[1-9]\d{6,14}$/;

export function isE164(text: string): boolean {
  return E164.test(text);
}

/**
 * Some carriers take several numbers in one field, separated by a character, and call them all.
 *
 * @throws RingfenceError `validation_error` if the callee is not one strict E.164 number
 */
export function checkCallee({ phoneNumber, callId }: Pick<CallToPlace, 'phoneNumber' | 'callId'>): void {
  if (isE164(phoneNumber)) return;
  throw new RingfenceError(
    'validation_error',
    'phone_number is not one E.164 number: give it as + and country code, digits only, at most 15.',
    { field: 'phone_number', details: { call_id: callId } },
  );
}
