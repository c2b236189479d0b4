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

/**
 * Numbers do not name the states of these countries, which have different clocks. States by zones, in the names that the data of
 * numbers has.
 */
const STATES: Readonly<Record<string, readonly string[]>> = byState({
  AU: {
    'Australia/Sydney': 'ACT',
    'Australia/Broken_Hill Australia/Lord_Howe Australia/Sydney': 'NSW',
    'Australia/Darwin': 'NT',
    'Australia/Brisbane': 'QLD',
    'Australia/Adelaide': 'SA',
    'Australia/Hobart': 'TAS',
    'Australia/Melbourne': 'VIC',
    'Australia/Eucla Australia/Perth': 'WA',
  },
  BR: {
    'America/Eirunepe America/Manaus': 'AM',
    'America/Manaus': 'MS MT RO RR',
    'America/Noronha America/Sao_Paulo': 'PE',
    'America/Rio_Branco': 'AC',
    'America/Sao_Paulo': 'AL AP BA CE DF ES GO MA MG PA PB PI PR RJ RN RS SC SE SP TO',
  },
  MX: {
    'America/Cancun': 'ROO',
    'America/Chihuahua America/Ciudad_Juarez America/Ojinaga': 'CHH',
    'America/Matamoros America/Mexico_City': 'COA NLE TAM',
    'America/Mazatlan': 'BCS SIN SON',
    'America/Mazatlan America/Mexico_City': 'NAY',
    'America/Mexico_City':
      'AGU CAM CHP CMX COL DIF DUR GRO GUA HID JAL MEX MIC MOR OAX PUE QUE SLP TAB TLA VER YUC ZAC',
    'America/Tijuana': 'BCN',
  },
});

function byState(countries: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  return Object.fromEntries(
    Object.entries(countries).flatMap(([country, states]) =>
      Object.entries(states).flatMap(([zones, codes]) =>
        codes.split(' ').map((code): [string, string[]] => [`${country}-${code}`, zones.split(' ')]),
      ),
    ),
  );
}

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

/** Countries whose states are all known. */
const WITH_KNOWN_STATES: readonly string[] = ['AU', 'BR', 'CA', 'MX', 'US'];

/** Whether the country of this state may have it. A state that does not exist would come under no policy of the country. */
export function mayExist(state: string): boolean {
  const country = state.slice(0, 2);
  return !WITH_KNOWN_STATES.includes(country) || zonesOfPart(state, country).length > 0;
}

/** Empty: the region is a whole country, or the zones of its states are not known. */
function zonesOfPart(region: string, country: string): readonly string[] {
  if (region === country) return [];
  const part = region.slice(country.length + 1);
  const territory = DEPARTMENTS[region] ?? TERRITORIES[country]?.find((code) => code === part);
  if (territory !== undefined) return zonesOfCountry(territory);
  return STATES[region] ?? zonesOfState(region);
}
