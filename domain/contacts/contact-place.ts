/** Where a contact is, for policies: the region on its row, else the country and state of its number. */
import type { Place } from '../windows/policies/narrow.ts';
import { placeOf } from './number-place.ts';

/** @param region a country, or a state of it, such as `US-FL`. Null: none is stated */
export function contactPlace(region: string | null, phoneNumber: string): Place {
  if (region === null) return placeOf(phoneNumber);
  return { country: region.slice(0, 2), states: region.length > 2 ? [region] : [] };
}
