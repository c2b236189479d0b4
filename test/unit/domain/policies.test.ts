import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonWindows, type LimitedSchedule } from '../../../domain/windows/common-windows.ts';
import { BUILT_IN, policiesNamed } from '../../../domain/windows/policies/built-in.ts';
import { appliesTo, narrowed, type Place } from '../../../domain/windows/policies/narrow.ts';
import { Policy, readPolicies } from '../../../domain/windows/policies/policy.ts';
import { Schedule } from '../../../domain/windows/schedule.ts';
import { type CallingWindow, isInside } from '../../../domain/windows/windows.ts';
import { DAY_MS, offsetAt } from '../../../domain/windows/zone-offsets.ts';
import { HOURS } from '../../simulation/arbitrary-scenario.ts';
import { HOUSE_RULES } from '../../support/factories/policies.ts';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const always = (timezone: string) => Schedule.parse({ timezone, working_days: EVERY_DAY });

/** Near the end of summer time in Europe, and that in the United States. */
const FROM = Date.parse('2026-10-23T00:00:00Z');

function windowsOf(schedules: readonly LimitedSchedule[], from: number, until: number): CallingWindow[] {
  const found: CallingWindow[] = [];
  for (const window of commonWindows(schedules, from)) {
    if (window.opensAt >= until) break;
    found.push(window);
  }
  return found;
}

/** The wall times of the windows that open within so many days, such as `10:00-13:00`. */
function hoursOn(names: readonly string[], timezone: string, from: string, days = 1): string[] {
  const begin = Date.parse(`${from}T00:00:00Z`) - offsetAt(timezone, Date.parse(`${from}T12:00:00Z`));
  const wall = (at: number) => new Date(at + offsetAt(timezone, at)).toISOString().slice(11, 16);
  return windowsOf(narrowed(always(timezone), policiesNamed(names), null), begin, begin + days * DAY_MS).map(
    ({ opensAt, closesAt }) => `${wall(opensAt)}-${wall(closesAt!)}`,
  );
}

describe('the policies of Ringfence', () => {
  it.each([
    ['us-tcpa', 'America/New_York', '2026-06-07', ['08:00-21:00']],
    ['us-fl', 'America/New_York', '2026-06-07', ['08:00-20:00']],
    ['ca-utr', 'America/Toronto', '2026-06-05', ['09:00-21:30']],
    ['ca-utr', 'America/Toronto', '2026-06-06', ['10:00-18:00']],
    ['fr', 'Europe/Paris', '2026-06-05', ['10:00-13:00', '14:00-20:00']],
    ['fr', 'Europe/Paris', '2026-06-06', []],
    ['fr', 'Europe/Paris', '2026-07-14', []],
    ['au', 'Australia/Sydney', '2026-06-05', ['09:00-20:00']],
    ['au', 'Australia/Sydney', '2026-06-06', ['09:00-17:00']],
    ['au', 'Australia/Sydney', '2026-06-07', []],
    ['au', 'Australia/Sydney', '2026-04-03', []],
  ])('%s in %s on %s allow %j', (name, timezone, date, hours) => {
    expect(hoursOn([name], timezone, date)).toEqual(hours);
  });

  it('limit how often a person is called', () => {
    const limits = BUILT_IN.map(({ name, frequency, after_conversation_hours }) => [
      name,
      frequency.map(({ max, hours }) => `${max}/${hours}`).join(),
      after_conversation_hours,
    ]);
    expect(limits).toEqual([
      ['us-tcpa', '', null],
      ['us-fl', '3/24', null],
      ['us-reg-f', '7/168', 168],
      ['ca-utr', '', null],
      ['fr', '4/720', null],
      ['au', '', null],
    ]);
  });

  it('leave the hours as they are where they say nothing about hours', () => {
    expect(narrowed(always('UTC'), policiesNamed(['us-reg-f']), null)).toHaveLength(1);
  });

  it('name their source, the day it was read, and what they do not cover', () => {
    for (const { source, not_covered, version } of BUILT_IN) {
      expect(source.url).toMatch(/^https:/);
      expect(version >= source.read).toBe(true);
      expect(not_covered.length).toBeGreaterThan(0);
    }
  });

  it('together allow what each of them allows', () => {
    expect(hoursOn(['us-tcpa', 'us-fl'], 'America/New_York', '2026-06-05')).toEqual(['08:00-20:00']);
  });
});

describe('where a policy applies', () => {
  it.each<[string[], Place | null, boolean]>([
    [['US'], { country: 'US', states: [] }, true],
    [['US'], { country: 'CA', states: ['CA-ON'] }, false],
    [['US-FL'], { country: 'US', states: ['US-FL'] }, true],
    [['US-FL'], { country: 'US', states: ['US-NY'] }, false],
    [['US-FL'], { country: 'US', states: ['US-NY', 'US-FL'] }, true],
    [['US-FL'], { country: 'FR', states: [] }, false],
    [['CA', 'US'], { country: 'US', states: ['US-NY'] }, true],
    // Not known: it applies, because it only narrows.
    [['US-FL'], { country: 'US', states: [] }, true],
    [['US-FL'], { country: null, states: [] }, true],
    [['US-FL'], null, true],
  ])('%j for a person in %j: %s', (places, place, applies) => {
    expect(appliesTo({ places }, place)).toBe(applies);
  });
});

describe('a policy that holds for a time', () => {
  const [policy] = readPolicies([
    {
      ...HOUSE_RULES,
      hours: [{ days: EVERY_DAY, start: '10:00', end: '11:00' }],
      valid_from: '2026-03-08',
      valid_to: '2026-03-09',
    },
  ]);

  it('narrows on its civil days in the zone, and not before or after', () => {
    const from = Date.parse('2026-03-07T00:00:00Z');
    const windows = windowsOf(narrowed(always('America/New_York'), [policy!], null), from, from + 5 * DAY_MS);
    expect(
      windows.map(({ opensAt, closesAt }) => [opensAt, closesAt].map((at) => at && new Date(at).toISOString())),
    ).toEqual([
      ['2026-03-07T00:00:00.000Z', '2026-03-08T05:00:00.000Z'],
      ['2026-03-08T14:00:00.000Z', '2026-03-08T15:00:00.000Z'],
      ['2026-03-09T14:00:00.000Z', '2026-03-09T15:00:00.000Z'],
      ['2026-03-10T04:00:00.000Z', null],
    ]);
  });
});

describe('any policies', () => {
  const minute = fc.integer({ min: 0, max: 1_439 }).map((at) => {
    const two = (part: number) => String(part).padStart(2, '0');
    return `${two(Math.floor(at / 60))}:${two(at % 60)}`;
  });
  const window = fc
    .record({ days: fc.subarray(EVERY_DAY, { minLength: 1 }), start: minute, end: minute })
    .filter(({ start, end }) => start !== end);
  const date = fc.option(
    fc.integer({ min: -10, max: 10 }).map((days) => new Date(FROM + days * DAY_MS).toISOString().slice(0, 10)),
  );
  const policy = fc
    .record({
      hours: fc.option(fc.array(window, { minLength: 1, maxLength: 3 })),
      holidays: fc.constantFrom(null, 'FR', 'US'),
      valid_from: date,
      valid_to: date,
    })
    .map((drawn) => Policy.safeParse({ ...HOUSE_RULES, ...drawn }).data)
    .filter((read) => read !== undefined);
  const schedule = fc
    .record({
      timezone: fc.constantFrom('America/New_York', 'Europe/Paris', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
      times: fc.constantFrom(...HOURS),
      working_days: fc.subarray(EVERY_DAY, { minLength: 1 }),
    })
    .map(({ timezone, times: [start_time, end_time], working_days }) =>
      Schedule.parse({ timezone, start_time, end_time, working_days }),
    );

  it('only narrow: no instant is open that the hours alone do not allow, nor one that a valid policy forbids', () => {
    const offsets = fc.array(fc.nat(12 * DAY_MS), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(schedule, fc.array(policy, { maxLength: 3 }), offsets, (hours, policies, at) => {
        const schedules = narrowed(hours, policies, { country: 'US', states: ['US-NY'] });
        const windows = windowsOf(schedules, FROM, FROM + 13 * DAY_MS);
        const edges = windows.flatMap(({ opensAt, closesAt }) => [opensAt, (closesAt ?? opensAt + 1) - 1]);
        for (const instant of [...edges, ...at.map((offset) => FROM + offset)]) {
          const isOpen = windows.some(
            ({ opensAt, closesAt }) => opensAt <= instant && instant < (closesAt ?? Infinity),
          );
          const localDate = new Date(instant + offsetAt(hours.timezone, instant)).toISOString().slice(0, 10);
          const allowed = policies.every(
            ({ hours: calling_hours, holidays, valid_from, valid_to }) =>
              localDate < (valid_from ?? localDate) ||
              localDate > (valid_to ?? localDate) ||
              isInside(
                Schedule.parse({
                  timezone: hours.timezone,
                  holidays,
                  ...(calling_hours === null ? { working_days: EVERY_DAY } : { calling_hours }),
                }),
                instant,
              ),
          );
          expect(isOpen, new Date(instant).toISOString()).toBe(isInside(hours, instant) && allowed);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('own policies', () => {
  it('need no more than a name, a version, places, a purpose and a source', () => {
    expect(readPolicies([HOUSE_RULES])).toMatchObject([{ hours: null, holidays: null, frequency: [], valid_to: null }]);
  });

  it('come before those of Ringfence with the same name', () => {
    const own = readPolicies([{ ...HOUSE_RULES, name: 'us-tcpa' }]);
    expect(policiesNamed(['us-tcpa'], own)).toEqual(own);
    expect(policiesNamed(['us-fl'], own)).toEqual(BUILT_IN.filter(({ name }) => name === 'us-fl'));
  });

  it.each([
    ['no list', HOUSE_RULES, 'list of policies'],
    ['an unknown field', [{ ...HOUSE_RULES, hour: [] }], '[0]'],
    ['a country in words', [{ ...HOUSE_RULES, places: ['France'] }], '[0].places[0]'],
    [
      'a code that no country has',
      [{ ...HOUSE_RULES, places: ['UK'] }],
      '[0].places[0] places must begin with a country code',
    ],
    ['holidays that nobody knows', [{ ...HOUSE_RULES, holidays: 'US-ZZ' }], '[0].holidays has no "ZZ" in US'],
    [
      'hours of no length',
      [{ ...HOUSE_RULES, hours: [{ days: [1], start: '09:00', end: '09:00' }] }],
      '[0].hours[0].end',
    ],
    ['no source', [{ ...HOUSE_RULES, source: undefined }], '[0].source'],
    ['an end before its start', [{ ...HOUSE_RULES, valid_from: '2026-02-01', valid_to: '2026-01-01' }], '[0].valid_to'],
    ['a name twice', [HOUSE_RULES, HOUSE_RULES], 'two policies have the name "house"'],
  ])('with %s are refused, and the fault named', (_, content, named) => {
    expect(() => readPolicies(content)).toThrow(named);
    expect(() => readPolicies(content)).toThrow(expect.objectContaining({ code: 'validation_error' }) as Error);
  });
});
