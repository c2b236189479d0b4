/** Where a contact is, for policies: the region on its row, else the country and state of its number. */
import type { Place } from '../windows/policies/narrow.ts';
import { placeOf } from './number-place.ts';

/** @param region a country, or a state of it, such as `US-FL`. Null: none is stated */
export function contactPlace(region: string | null, phoneNumber: string): Place {
  return region === null ? placeOf(phoneNumber) : placeOfRegion(region);
}

/** The place that a contact's row states. */
export function placeOfRegion(region: string): Place {
  return { country: region.slice(0, 2), states: region.length > 2 ? [region] : [] };
}
