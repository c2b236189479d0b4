import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverGroups } from '../../../domain/contacts/cover-groups.ts';
import { ContactGroups, type GroupTerms, type Whereabouts } from '../../../domain/contacts/contact-group.ts';
import { mergeGroups } from '../../../domain/contacts/merge-groups.ts';
import { placeOf } from '../../../domain/contacts/number-place.ts';
import type { GroupRule } from '../../../domain/windows/group-hours.ts';
import { groupSchedules, groupWindowAt } from '../../../domain/windows/group-hours.ts';
import { policiesNamed } from '../../../domain/windows/policies/built-in.ts';
import { isInside } from '../../../domain/windows/windows.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const NOW = Date.parse('2026-03-18T12:00:00Z');
const MINUTE = 60_000;
const OFFICE = scheduleOf({ start_time: '10:00', end_time: '17:00', working_days: [1, 2, 3, 4, 5, 6, 7] });
const OF_CONTACTS = { ...OFFICE, timezone: 'contact' };

const NEW_YORKER: Whereabouts = { phone_number: '+12125550101', timezone: null };
const TOLL_FREE: Whereabouts = { phone_number: '+18005550199', timezone: null };
/** An area code of Oregon, which lies in two zones. */
const OREGONIAN: Whereabouts = { phone_number: '+15415550101', timezone: null };
const PARISIAN: Whereabouts = { phone_number: '+33144556677', timezone: null };

function terms(stated: Partial<GroupTerms> = {}): GroupTerms {
  return { schedule: OF_CONTACTS, policies: [], unknownZone: null, ...stated };
}

describe('the group of a contact', () => {
  it.each<[string, Whereabouts, Partial<GroupTerms>, GroupRule | null]>([
    ['has the zone of the row', { ...NEW_YORKER, timezone: 'Asia/Tokyo' }, {}, { zones: ['Asia/Tokyo'], policies: [] }],
    ['has the zone of the number', NEW_YORKER, {}, { zones: ['America/New_York'], policies: [] }],
    ['has all zones of the number', OREGONIAN, {}, { zones: placeOf('+15415550101').zones.toSorted(), policies: [] }],
    ['is none where no zone is known', TOLL_FREE, {}, null],
    ['has the stated zone where none is known', TOLL_FREE, { unknownZone: 'UTC' }, { zones: ['UTC'], policies: [] }],
    ['has no zone where the campaign has one', NEW_YORKER, { schedule: OFFICE }, { zones: [], policies: [] }],
    [
      'has the policies of the place, and the zone in which they hold, also where the campaign has one',
      NEW_YORKER,
      { schedule: OFFICE, policies: policiesNamed(['us-tcpa', 'fr', 'us-reg-f']) },
      { zones: ['America/New_York'], policies: ['us-tcpa'] },
    ],
    [
      'has the policies of a country in its territories',
      { phone_number: '+17875550101', timezone: null },
      { policies: policiesNamed(['us-tcpa', 'us-reg-f', 'fr']) },
      { zones: ['America/Puerto_Rico'], policies: ['us-tcpa'] },
    ],
    [
      'has all policies where a number may be anywhere in the North American plan',
      TOLL_FREE,
      { policies: policiesNamed(['ca-utr', 'us-tcpa']), unknownZone: 'America/Toronto' },
      { zones: ['America/Toronto'], policies: ['ca-utr', 'us-tcpa'] },
    ],
    [
      'has no policy of another place',
      PARISIAN,
      { schedule: OFFICE, policies: policiesNamed(['us-tcpa']) },
      { zones: [], policies: [] },
    ],
    [
      'has the policies of the region on the row',
      { ...PARISIAN, region: 'US-FL' },
      { policies: policiesNamed(['us-tcpa', 'us-fl', 'fr']) },
      { zones: ['America/Chicago', 'America/New_York', 'Europe/Paris'], policies: ['us-tcpa', 'us-fl'] },
    ],
    [
      'has the zones of the state on the row and of a number from elsewhere',
      { ...NEW_YORKER, region: 'US-CA' },
      {},
      { zones: ['America/Los_Angeles', 'America/New_York'], policies: [] },
    ],
    [
      'has all zones of the state on the row, although a number of another state has one of them',
      { ...NEW_YORKER, region: 'US-FL' },
      {},
      { zones: ['America/Chicago', 'America/New_York'], policies: [] },
    ],
    [
      'has the zones of a number that lies in the state on the row',
      { phone_number: '+13055550101', timezone: null, region: 'US-FL' },
      {},
      { zones: ['America/New_York'], policies: [] },
    ],
    [
      'has the zones of a number that lies in the country on the row',
      { ...NEW_YORKER, region: 'US' },
      {},
      { zones: ['America/New_York'], policies: [] },
    ],
    [
      'has the zones of a number that lies in a territory of the country on the row',
      { phone_number: '+17875550101', timezone: null, region: 'US' },
      {},
      { zones: ['America/Puerto_Rico'], policies: [] },
    ],
    [
      'has the zone of the territory on the row and of a number from elsewhere',
      { ...NEW_YORKER, region: 'US-PR' },
      {},
      { zones: ['America/New_York', 'America/Puerto_Rico'], policies: [] },
    ],
    [
      'has the zone of the overseas department on the row and of a number from elsewhere',
      { ...PARISIAN, region: 'FR-974' },
      {},
      { zones: ['Europe/Paris', 'Indian/Reunion'], policies: [] },
    ],
    [
      'has the zone of the state on the row where mobile numbers name none',
      { phone_number: '+61412345678', timezone: null, region: 'AU-QLD' },
      {},
      { zones: ['Australia/Brisbane'], policies: [] },
    ],
    [
      'has the zone of the state on the row where the number belongs to no place',
      { ...TOLL_FREE, region: 'US-CA' },
      {},
      { zones: ['America/Los_Angeles'], policies: [] },
    ],
    [
      'has the zones of the number where those of the state are not known',
      { phone_number: '+34612345678', timezone: null, region: 'ES-CN' },
      {},
      { zones: ['Atlantic/Canary', 'Europe/Madrid'], policies: [] },
    ],
    [
      'has the zones of the state on the row and of a mobile number from another state',
      { phone_number: '+525512345678', timezone: null, region: 'MX-BCN' },
      {},
      { zones: ['America/Mexico_City', 'America/Tijuana'], policies: [] },
    ],
    [
      'has the zone of the state on the row where the area of the number lies in two',
      { phone_number: '+5567981234567', timezone: null, region: 'BR-MS' },
      {},
      { zones: ['America/Manaus'], policies: [] },
    ],
  ])('%s', (_, contact, stated, expected) => {
    expect(new ContactGroups(terms(stated), NOW).ruleOf(contact)).toEqual(expected);
  });

  it.each([
    ['AU', '+61412345678', 'ACT NSW NT QLD SA TAS VIC WA'],
    ['BR', '+5567981234567', 'MS MT RO RR'],
    ['MX', '+525512345678', 'CMX JAL YUC ZAC'],
  ])(
    'has only zones of the state on the row in %s, where the number may lie there',
    (country, phone_number, states) => {
      const { zones: ofNumber } = placeOf(phone_number);
      for (const state of states.split(' ')) {
        const rule = new ContactGroups(terms(), NOW).ruleOf({
          phone_number,
          timezone: null,
          region: `${country}-${state}`,
        });
        expect([state, ofNumber.filter((zone) => rule?.zones.includes(zone)).length]).toEqual([
          state,
          rule?.zones.length,
        ]);
        expect(rule?.zones.length).toBeLessThan(Math.max(2, ofNumber.length));
      }
    },
  );

  it('is that of each number, although places are remembered by prefix', () => {
    const groups = new ContactGroups(terms(), NOW);
    const number = fc.tuple(fc.integer({ min: 201, max: 989 }), fc.integer({ min: 200, max: 999 }), fc.nat(9999));
    fc.assert(
      fc.property(number, ([area, exchange, line]) => {
        const phone_number = `+1${area}${exchange}${String(line).padStart(4, '0')}`;
        const { zones } = placeOf(phone_number);
        const expected = zones.length === 0 ? null : { zones: zones.toSorted(), policies: [] };
        expect(groups.ruleOf({ phone_number, timezone: null })).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is none where its zones are never open at the same time', () => {
    const early = scheduleOf({ start_time: '09:00', end_time: '09:30', working_days: [1, 2, 3, 4, 5, 6, 7] });
    const groups = new ContactGroups(terms({ schedule: { ...early, timezone: 'contact' } }), NOW);
    expect(placeOf(OREGONIAN.phone_number).zones.length).toBeGreaterThan(1);
    expect(groups.zonesOf(OREGONIAN)).toEqual({ zones: [], from: 'unknown_zone' });
    expect(groups.zonesOf(NEW_YORKER)).toEqual({ zones: ['America/New_York'], from: 'number' });
  });

  it('is none where a policy leaves its zones no common hours', () => {
    const policy = { ...policiesNamed(['us-tcpa'])[0]!, name: 'early', frequency: [] };
    const early = { ...policy, hours: [{ days: [1, 2, 3, 4, 5], start: '10:00', end: '10:30' }] };
    for (const schedule of [OF_CONTACTS, OFFICE]) {
      const groups = new ContactGroups(terms({ schedule, policies: [early], unknownZone: 'America/Denver' }), NOW);
      expect(groups.ruleOf(OREGONIAN)).toEqual({ zones: ['America/Denver'], policies: ['early'] });
      expect(groups.zonesOf(NEW_YORKER)).toEqual({ zones: ['America/New_York'], from: 'number' });
    }
  });
});

const ZONES = [
  'America/New_York',
  'America/Chicago',
  'Europe/Paris',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'UTC',
];
const rule = fc.record({
  zones: fc.uniqueArray(fc.constantFrom(...ZONES), { minLength: 1, maxLength: 2 }),
  policies: fc.subarray(['us-tcpa', 'fr']),
});

const ALWAYS_OPEN = () => true;

describe('groups beyond the bound', () => {
  it('are merged into groups that are open only while each of theirs is', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (rules, most) => {
        const { rules: merged, indexOf } = mergeGroups(rules, most, NOW, ALWAYS_OPEN);
        expect(merged.length).toBeLessThanOrEqual(Math.max(most, 1));
        for (const [index, { zones, policies }] of rules.entries()) {
          const into = merged[indexOf[index]!]!;
          expect(into.zones).toEqual(expect.arrayContaining(zones));
          expect(into.policies).toEqual(expect.arrayContaining(policies));
        }
        expect(new Set(merged.map((one) => JSON.stringify(one))).size).toBe(merged.length);
        expect(mergeGroups(rules, most, NOW, ALWAYS_OPEN)).toEqual({ rules: merged, indexOf });
      }),
    );
  });

  it('merges zones with the same clock first', () => {
    const rules = ZONES.map((zone) => ({ zones: [zone], policies: [] }));
    const { rules: merged } = mergeGroups(rules, ZONES.length - 1, NOW, ALWAYS_OPEN);
    expect(merged.map(({ zones }) => zones)).toContainEqual(['Europe/Berlin', 'Europe/Paris']);
  });

  it('are open at some time, as each of theirs is', () => {
    const schedule = { ...OF_CONTACTS, start_time: '10:00', end_time: '11:00' };
    const policies = policiesNamed(['us-tcpa', 'ca-utr']);
    const clocks = Array.from({ length: 12 }, (_, hours) => `Etc/GMT+${hours + 1}`);
    const groups = new ContactGroups(terms({ schedule, policies }), NOW);
    const rules = policies.flatMap(({ name }) => clocks.map((zone) => ({ zones: [zone], policies: [name] })));
    expect(rules.filter((one) => !groups.isEverOpen(one))).toEqual([]);
    const { rules: merged } = mergeGroups(rules, clocks.length, NOW, (one) => groups.isEverOpen(one));
    expect(merged.length).toBe(clocks.length);
    expect(merged.filter((one) => !groups.isEverOpen(one))).toEqual([]);
  });

  it('take new contacts whose hours contain theirs, and no others', () => {
    const had = [
      { zones: ['America/Chicago', 'America/New_York', 'UTC'], policies: ['us-tcpa'] },
      { zones: ['America/Chicago', 'America/New_York'], policies: ['us-tcpa'] },
      { zones: ['America/New_York'], policies: [] },
    ];
    const chicago = { zones: ['America/Chicago'], policies: [] };
    const tokyo = { zones: ['Asia/Tokyo'], policies: [] };
    const florida = { zones: ['America/Chicago'], policies: ['us-fl'] };
    expect(coverGroups([...had, chicago], 3, NOW)).toEqual({ rules: had, indexOf: [0, 1, 2, 1] });
    expect(coverGroups([...had, tokyo, chicago], 3, NOW)).toEqual({
      rules: [...had, tokyo],
      indexOf: [0, 1, 2, 3, 1],
    });
    expect(coverGroups([...had, florida], 3, NOW)).toEqual({ rules: [...had, florida], indexOf: [0, 1, 2, 3] });
  });
});

describe('a group of a running campaign', () => {
  const had = [
    { zones: ['Europe/Berlin'], policies: [] },
    { zones: ['America/New_York'], policies: [] },
  ];
  const of = (...zones: string[]) => ({ zones, policies: [] });

  it('takes new contacts in a zone with its clock, whose name it then has too', () => {
    expect(coverGroups([...had, of('Europe/Paris'), of('America/Toronto'), of('Europe/Rome')], 2, NOW)).toEqual({
      rules: [of('Europe/Berlin', 'Europe/Paris', 'Europe/Rome'), of('America/New_York', 'America/Toronto')],
      indexOf: [0, 1, 0, 1, 0],
    });
  });

  it('takes none in a zone that has its clock for a part of the year', () => {
    // Havana changes its clocks on the same days as New York, an hour or two earlier.
    for (const zone of ['Africa/Lagos', 'America/Panama', 'America/Havana']) {
      expect(coverGroups([...had, of(zone)], 2, NOW).rules).toEqual([...had, of(zone)]);
    }
  });

  it('is the same for new contacts with one clock', () => {
    expect(coverGroups([...had, of('Asia/Tokyo'), of('Asia/Seoul')], 2, NOW)).toEqual({
      rules: [...had, of('Asia/Seoul', 'Asia/Tokyo')],
      indexOf: [0, 1, 2, 2],
    });
  });
});

describe('the window of a group', () => {
  it('is open exactly while every zone is inside the hours of the campaign and of each policy', () => {
    fc.assert(
      fc.property(rule, fc.nat(14 * 24 * 60), (group, after) => {
        const from = NOW + after * MINUTE;
        const policies = policiesNamed(group.policies);
        const window = groupWindowAt(OF_CONTACTS, group, policies, from);
        const areInside = (at: number) =>
          groupSchedules(OF_CONTACTS, group, policies).every(({ schedule }) => isInside(schedule, at));
        if (window === null) return;
        expect(areInside(window.opensAt) && areInside(window.closesAt - 1)).toBe(true);
        if (window.opensAt > from) expect(areInside(from)).toBe(false);
      }),
    );
  });
});
