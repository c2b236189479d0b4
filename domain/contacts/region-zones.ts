/** The time zones of a country or state that a contact's row names. */
import { zonesOfCountry } from '../windows/zone-data.ts';
import { type NumberPlace, zonesOfState } from './number-place.ts';

/** Parts of a country with a separate country code. */
const TERRITORIES: Readonly<Record<string, readonly string[]>> = {
  US: ['AS', 'GU', 'MP', 'PR', 'UM', 'VI'],
  FR: ['BL', 'GF', 'GP', 'MF', 'MQ', 'NC', 'PF', 'PM', 'RE', 'WF', 'YT'],
  AU: ['CC', 'CX', 'NF'],
};

/** Numbers of the overseas departments of France in ISO 3166-2. */
const DEPARTMENTS: Readonly<Record<string, string>> = {
  'FR-971': 'GP',
  'FR-972': 'MQ',
  'FR-973': 'GF',
  'FR-974': 'RE',
  'FR-976': 'YT',
};

/** Numbers do not name the states of Australia, which have different clocks. */
const STATES_OF_AUSTRALIA: Readonly<Record<string, readonly string[]>> = {
  'AU-ACT': ['Australia/Sydney'],
  'AU-NSW': ['Australia/Sydney', 'Australia/Broken_Hill', 'Australia/Lord_Howe'],
  'AU-NT': ['Australia/Darwin'],
  'AU-QLD': ['Australia/Brisbane'],
  'AU-SA': ['Australia/Adelaide'],
  'AU-TAS': ['Australia/Hobart'],
  'AU-VIC': ['Australia/Melbourne'],
  'AU-WA': ['Australia/Perth', 'Australia/Eucla'],
};

/**
 * The zones in which a person in that country or state may be. Null: the number, which lies there, says as much or more, or the zones
 * are not known.
 *
 * @param region ISO 3166-1 or ISO 3166-2
 * @param place that of the person's number
 */
export function zonesOfRegion(region: string, place: NumberPlace): readonly string[] | null {
  if (place.states.includes(region)) return null;
  const country = region.slice(0, 2);
  const zones = zonesOfPart(region, country);
  if (zones.length > 0) return zones;
  const liesThere = place.country === country || TERRITORIES[country]?.includes(place.country ?? '');
  if (liesThere && place.zones.length > 0) return null;
  const all = zonesOfCountry(country);
  return all.length > 0 ? all : null;
}

/** Empty: the region is a whole country, or the zones of its states are not known. */
function zonesOfPart(region: string, country: string): readonly string[] {
  if (region === country) return [];
  const part = region.slice(country.length + 1);
  const territory = DEPARTMENTS[region] ?? TERRITORIES[country]?.find((code) => code === part);
  if (territory !== undefined) return zonesOfCountry(territory);
  return STATES_OF_AUSTRALIA[region] ?? zonesOfState(region);
}
