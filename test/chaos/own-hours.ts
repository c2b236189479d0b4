/**
 * People in several zones who are called in their own hours. When their campaign begins, some of them are inside their hours, some
 * come into them within minutes, some have a break, and some stay outside for as long as the run lasts.
 */
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import type { Chance } from './chance.ts';
import { EVERY_DAY, nextMinute } from './hours.ts';
import type { Person } from './people.ts';
import { wallTime } from './wall-clock.ts';

const MINUTE_MS = 60_000;
/** All year at least two hours apart, so that the hours of one leave the others alone. */
const ZONES = [
  'Pacific/Honolulu',
  'America/Los_Angeles',
  'America/New_York',
  'America/Noronha',
  'Europe/London',
  'Europe/Athens',
  'Asia/Karachi',
  'Asia/Bangkok',
  'Asia/Tokyo',
  'Pacific/Guadalcanal',
];
/** Before and after the beginning. Two such stretches fit between two zones. */
const STRETCH_MS = 55 * MINUTE_MS;
const KINDS = ['open', 'opens', 'break', 'shut'] as const;
type Kind = (typeof KINDS)[number];
/** How many zones have people. The first four are one of each kind. */
const MOST_ZONES = 7;

export interface OwnHours {
  readonly terms: Pick<CreateCampaignInput, 'timezone' | 'day_timezone' | 'calling_hours'>;
  readonly zones: readonly string[];
}

/** @param dayTimezone the zone whose days the cap counts */
export function ownHours(chance: Chance, at: number, dayTimezone: string): OwnHours {
  const first = Math.floor(chance.unit('first zone') * ZONES.length);
  const count = Math.floor(chance.between(KINDS.length, MOST_ZONES + 1, 'zones'));
  const zones = Array.from({ length: count }, (_, index) => ZONES[(first + 3 * index) % ZONES.length]!);
  const windows = zones.flatMap((zone, index) => {
    const kind = KINDS[index] ?? chance.oneOf(KINDS, 'kind', index);
    return stretchesOf(kind, chance, index, at).map(([from, to]) => ({
      days: EVERY_DAY,
      start: wallTime(zone, from).time,
      end: wallTime(zone, to).time,
    }));
  });
  return { terms: { timezone: 'contact', day_timezone: dayTimezone, calling_hours: windows }, zones };
}

function stretchesOf(kind: Kind, chance: Chance, index: number, at: number): (readonly [number, number])[] {
  const begin = at - STRETCH_MS;
  const end = at + STRETCH_MS;
  const change = nextMinute(at + chance.between(0, 90_000, 'change', index));
  switch (kind) {
    case 'open':
      return [[begin, end]];
    case 'opens':
      return [[change, end]];
    case 'break':
      return [
        [begin, change],
        [change + Math.round(chance.between(1, 2, 'break', index)) * MINUTE_MS, end],
      ];
    case 'shut':
      return [];
  }
}

const NOT_BEFORE = 0.15;
const NOT_BEFORE_MS = { from: -10_000, to: 60_000 };

type Traits = Pick<NonNullable<CreateCampaignInput['contacts']>[number], 'timezone' | 'priority' | 'not_before'>;

/** What is stated of each person. The same person has the same zone wherever a campaign names them. */
export function withTraits(
  people: readonly Person[],
  chance: Chance,
  zones: readonly string[],
  at: number,
): (Person & Traits)[] {
  return people.map((person) => {
    const { phone_number: number } = person;
    const notBefore = at + chance.between(NOT_BEFORE_MS.from, NOT_BEFORE_MS.to, 'not before', number);
    return {
      ...person,
      ...(zones.length === 0 ? {} : { timezone: chance.oneOf(zones, 'zone', number) }),
      ...(chance.whether(0.5, 'has priority', number)
        ? { priority: 1 + Math.floor(chance.between(0, 5, 'priority', number)) }
        : {}),
      ...(chance.whether(NOT_BEFORE, 'has a time', number)
        ? { not_before: new Date(Math.round(notBefore)).toISOString() }
        : {}),
    };
  });
}
