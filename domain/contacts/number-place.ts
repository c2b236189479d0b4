/**
 * Where a number belongs: its time zones, its country and, in the United States and Canada, its state. The data comes from
 * libphonenumber and from the administrator of the North American plan; `number-places.json` names both with their
 * versions. It describes numbering plans, not people: a ported mobile number may be anywhere.
 */
import { parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';
import places from './number-places.json' with { type: 'json' };

export interface NumberPlace {
  /**
   * IANA names. All of them are possible: an area code may lie in several zones. Empty if none is known, as for toll-free
   * numbers of the North American plan, which belong to no place.
   */
  readonly zones: readonly string[];
  /** ISO 3166-1 alpha-2. Null if none is known, as for toll-free numbers of the North American plan. */
  readonly country: string | null;
  /** ISO 3166-2, such as `US-FL`. Several where an area code serves several; empty if none is known. */
  readonly states: readonly string[];
}

const NORTH_AMERICA = '1';

/** Values by prefix, from the form of the file: prefixes by values, both as words. */
function byPrefix(table: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, readonly string[]>();
  for (const [values, prefixes] of Object.entries(table)) {
    const list = values.split(' ');
    for (const prefix of prefixes.split(' ')) map.set(prefix, list);
  }
  return map;
}

const zonesOfCode = byPrefix(places.countries);
const zonesOfArea = byPrefix(places.areas);
const statesOfArea = byPrefix(places.states);
const longestKnown = Math.max(...[...zonesOfCode.keys(), ...zonesOfArea.keys()].map(({ length }) => length));

const zonesByState = new Map<string, readonly string[]>();
for (const [area, states] of statesOfArea) {
  const zones = zonesOfArea.get(NORTH_AMERICA + area) ?? [];
  for (const state of states) zonesByState.set(state, [...new Set([...(zonesByState.get(state) ?? []), ...zones])]);
}

/** The zones of all area codes of a state of the United States or Canada. Empty if none is known. */
export function zonesOfState(state: string): readonly string[] {
  return zonesByState.get(state) ?? [];
}

/** @param e164 a number in strict E.164 form; it need not exist */
export function placeOf(e164: string): NumberPlace {
  const number = parsePhoneNumberFromString(e164, { extract: false });
  if (!number || number.isNonGeographic()) return { zones: [], country: null, states: [] };
  const byArea = hasArea(number);
  const isNorthAmerican = number.countryCallingCode === NORTH_AMERICA;
  const states = byArea && isNorthAmerican ? (statesOfArea.get(number.nationalNumber.slice(0, 3)) ?? []) : [];
  const digits = e164.slice(1);
  const zones = (byArea ? longestPrefix(zonesOfArea, digits) : null) ?? longestPrefix(zonesOfCode, digits) ?? [];
  // The numbering plans count every toll-free number of the North American plan as one of the United States.
  const isAnywhere = isNorthAmerican && !byArea && number.country === 'US';
  return { zones, country: isAnywhere ? null : (number.country ?? states[0]?.slice(0, 2) ?? null), states };
}

/**
 * Whether the number's first digits say where in its country it is. Mobile numbers do so in few countries, and in the
 * North American plan. Its area codes may be newer than the numbering plans that say what kind of number it is.
 */
function hasArea(number: PhoneNumber): boolean {
  const isNorthAmerican = number.countryCallingCode === NORTH_AMERICA;
  const type = number.getType();
  if (type === 'FIXED_LINE' || type === 'FIXED_LINE_OR_MOBILE') return true;
  if (type === 'MOBILE') return isNorthAmerican || places.mobileByArea.includes(number.countryCallingCode);
  return type === undefined && isNorthAmerican;
}

/** The zones of the longest known prefix. Countries with a common code have longer ones. */
function longestPrefix(table: ReadonlyMap<string, readonly string[]>, digits: string): readonly string[] | null {
  for (let length = longestKnown; length > 0; length--) {
    const zones = table.get(digits.slice(0, length));
    if (zones) return zones;
  }
  return null;
}
