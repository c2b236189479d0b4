import { describe, expect, it } from 'vitest';
import places from '../../../domain/contacts/number-places.json' with { type: 'json' };
import { placeOf } from '../../../domain/contacts/number-place.ts';
import { canonicalZoneName } from '../../../domain/windows/zone-name.ts';
import oracle from '../../cases/number-zones.json' with { type: 'json' };

const zonesOf = (number: string) => placeOf(number).zones;

/** Overlays for which libphonenumber has other zones than for the area codes that they overlay. */
const OVERLAYS = ['+1474', '+1689', '+1879'];

/** Where libphonenumber has the zone of a neighbour, whose clock is another one. */
const CORRECTED: Readonly<Record<string, string>> = {
  '+7 Europe/Bucharest': 'Europe/Kaliningrad',
  '+211 Africa/Nairobi': 'Africa/Juba',
  '+212 Atlantic/Canary': 'Africa/Casablanca',
  '+213 Europe/Paris': 'Africa/Algiers',
  '+218 Europe/Bucharest': 'Africa/Tripoli',
  '+505 America/Chicago': 'America/Managua',
  '+970 Europe/Bucharest': 'Asia/Hebron',
  '+52614 America/Mazatlan': 'America/Chihuahua',
  '+52649 America/Mazatlan': 'America/Chihuahua',
  '+52652 America/Mazatlan': 'America/Chihuahua',
  '+52657 America/Mazatlan': 'America/Chihuahua',
  '+52659 America/Mazatlan': 'America/Chihuahua',
  '+7845 Europe/Moscow': 'Europe/Saratov',
  '+2434 Africa/Kinshasa': 'Africa/Lubumbashi',
  '+2436 Africa/Kinshasa': 'Africa/Lubumbashi',
};

/** Numbers of Kazakhstan, for which libphonenumber gives the zones of Russia too. */
const KAZAKH = '+77';

function corrected(number: string, zone: string): string {
  const found = Object.keys(CORRECTED).find((key) => {
    const [code = '', wrong] = key.split(' ');
    return number.startsWith(code) && zone === wrong;
  });
  return found === undefined ? zone : (CORRECTED[found] ?? zone);
}

describe('the time zones of a number', () => {
  it.each([
    ['an area code in one zone', '+12125550101', ['America/New_York']],
    ['an area code in two zones counts for both', '+15415550101', ['America/Denver', 'America/Los_Angeles']],
    ['also where its exchange lies in one of them', '+15413720101', ['America/Denver', 'America/Los_Angeles']],
    ['an overlay follows its parent', '+14585550101', ['America/Denver', 'America/Los_Angeles']],
    ['also one that libphonenumber has in another zone', '+16895550101', ['America/New_York']],
    ['also one that libphonenumber does not know yet', '+14365550101', ['America/New_York']],
    [
      'an area code with a part that the administrator alone names',
      '+19155550101',
      ['America/Chicago', 'America/Denver'],
    ],
    ['a state without daylight saving', '+16025550101', ['America/Phoenix']],
    [
      'a mobile number of a country that does not say where it is',
      '+34612345678',
      ['Atlantic/Canary', 'Europe/Madrid'],
    ],
    ['a mobile number of an island in the North American plan', '+12684641234', ['America/Antigua']],
    ['a number of a country with one zone', '+33612345678', ['Europe/Paris']],
    ['Kaliningrad, for which libphonenumber has Bucharest', '+74012345678', ['Europe/Kaliningrad']],
    ['Algeria, for which libphonenumber has Paris', '+213551234567', ['Africa/Algiers']],
    ['Morocco, for which it has the Canary Islands', '+212650123456', ['Africa/Casablanca']],
    ['Nicaragua, which has no daylight saving', '+50581234567', ['America/Managua']],
    [
      'Chile, of which libphonenumber names one zone',
      '+56221234567',
      ['America/Punta_Arenas', 'America/Santiago', 'Pacific/Easter'],
    ],
    ['Chihuahua, for which it has Mazatlan', '+526141234567', ['America/Chihuahua']],
    [
      'a town at the border, which has the hours of Texas',
      '+528681234567',
      ['America/Matamoros', 'America/Mexico_City'],
    ],
    ['the Kivus, for which it has Kinshasa', '+2436012345', ['Africa/Lubumbashi']],
    ['the west of Mongolia, not all of which has one clock', '+9761462012345', ['Asia/Hovd', 'Asia/Ulaanbaatar']],
    ['Saratov, for which it has Moscow', '+78452123456', ['Europe/Saratov']],
    ['the west of an area of the Amazon', '+559733431234', ['America/Eirunepe', 'America/Manaus']],
    [
      'a mobile number of Kazakhstan, which has a code in common with Russia',
      '+77011234567',
      ['Asia/Almaty', 'Asia/Aqtobe'],
    ],
    [
      'an Indonesian mobile number, whose prefix is that of an operator',
      '+6281234567890',
      ['Asia/Jakarta', 'Asia/Jayapura', 'Asia/Makassar'],
    ],
    [
      'Melbourne, for which it has Sydney',
      '+61391234567',
      ['Australia/Hobart', 'Australia/Melbourne', 'Australia/Sydney'],
    ],
    ['an island in an area of the mainland', '+6433051234', ['Pacific/Auckland', 'Pacific/Chatham']],
    ['a toll-free number of the North American plan', '+18005550101', []],
    ['a number for a person, wherever they are', '+15005550101', []],
    ['an international toll-free number', '+80012345678', []],
    ['no number of any plan', '+99912345678', []],
  ])('%s', (_, number, zones) => {
    expect(zonesOf(number)).toEqual(zones);
  });

  it('of an Australian mobile number are all of the country', () => {
    expect(zonesOf('+61412345678')).toEqual(
      expect.arrayContaining(['Australia/Perth', 'Australia/Darwin', 'Australia/Sydney']),
    );
  });

  it('are all known to the data of calling windows', () => {
    const zones = [places.countries, places.areas].flatMap((table) => Object.keys(table).join(' ').split(' '));
    expect(zones.filter((zone) => canonicalZoneName(zone) !== zone)).toEqual([]);
  });

  it('are never fewer than those that libphonenumber gives, where a number belongs to a place', () => {
    let compared = 0;
    const missing: string[] = [];
    for (const [zones, numbers] of Object.entries(oracle.numbers)) {
      for (const number of numbers.split(' ')) {
        const found = zonesOf(number);
        if (found.length === 0) {
          expect(number).toMatch(/^\+1(?:8(?:00|33|44|55|66|77|88)|5\d\d|900)|^\+(?:800|808|870|878|88[123]|888|979)/);
          continue;
        }
        // libphonenumber gives every zone of the plan for mobile numbers of its islands.
        if (number.startsWith('+1') && zones.split(' ').length > 20) continue;
        const followsParent = OVERLAYS.some((code) => number.startsWith(code));
        for (const zone of zones.split(' ').filter(Boolean)) {
          const expected = corrected(number, zone);
          const isOfRussia = number.startsWith(KAZAKH) && !['Asia/Almaty', 'Asia/Aqtobe'].includes(zone);
          if (!followsParent && !isOfRussia && !found.includes(expected)) missing.push(`${number} ${expected}`);
        }
        compared += 1;
      }
    }
    expect(missing).toEqual([]);
    expect(compared).toBeGreaterThan(1_000);
  });
});

describe('the country and the state of a number', () => {
  it.each([
    ['+13055550101', 'US', ['US-FL']],
    ['+14165550101', 'CA', ['CA-ON']],
    ['+19025550101', 'CA', ['CA-NS', 'CA-PE']],
    ['+14365550101', 'US', ['US-OH']],
    ['+12425550101', 'BS', []],
    ['+18005550101', null, []],
    ['+19005550101', null, []],
    ['+17875550101', 'PR', []],
    ['+33612345678', 'FR', []],
    ['+99912345678', null, []],
  ])('%s', (number, country, states) => {
    expect(placeOf(number)).toMatchObject({ country, states });
  });
});
