/** Campaigns that come and go all through a run: terms, people and orders drawn from the seed. */
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import type { Order, People, PlannedCampaign, Run } from './campaigns.ts';
import { type Chance, chanceOf } from './chance.ts';
import { closedFor, EVERY_DAY, nextMinute } from './hours.ts';
import { type OwnHours, ownHours, withTraits } from './own-hours.ts';
import { peopleOf, popularPeople } from './people.ts';
import { wallTime } from './wall-clock.ts';
import { zoneAtMidday } from './zones.ts';

const EVERY_MS = 20_000;
const MINUTE_MS = 60_000;
const MOST_ORDERS = 10;
/** The part of a campaign's time in which orders are given. */
const LIFE_MS = { from: 3_000, to: 200_000 };
/** Temporal takes no signal of more than two megabytes. */
const SIGNAL_LENGTH = { from: 1, to: 1_900_000 };

export function drawCampaigns(run: Run): PlannedCampaign[] {
  const count = Math.max(1, Math.round(run.durationMs / EVERY_MS));
  return Array.from({ length: count }, (_, index) => {
    const label = `drawn ${index + 1}`;
    const chance = chanceOf(run.seed, 'campaign', index);
    const at = Math.round(chance.between(0, 0.9, 'at') * run.durationMs);
    const timezone = zoneAtMidday(`${run.seed} ${label}`, run.begin);
    const own = chance.whether(0.35, 'own hours') ? ownHours(chance, run.begin + at, timezone) : null;
    const body = bodyOf(chance, label, timezone, own, run.seed, run.begin + at);
    return {
      label,
      at,
      body,
      folder: chance.whether(0.3, 'folder'),
      orders: ordersOf({ chance, run, label, timezone, zones: own?.zones ?? [], people: body.contacts }, at),
    };
  });
}

function bodyOf(chance: Chance, label: string, timezone: string, own: OwnHours | null, seed: string, at: number) {
  const people = Math.round(chance.size(3, 90, 'people'));
  const iso = (from: number, to: number, purpose: string) =>
    new Date(Math.round(at + chance.between(from, to, purpose))).toISOString();
  return {
    name: label,
    agent_id: 'chaos-agent',
    contact_source: 'manual',
    contacts: withTraits(
      chance.whether(0.4, 'popular') ? popularPeople(seed, people) : peopleOf(seed, label, people),
      chance,
      own?.zones ?? [],
      at,
    ),
    ...(chance.whether(0.1, 'open ended') ? { open_ended: true } : {}),
    timezone,
    max_concurrent_calls: Math.round(chance.size(1, 15, 'limit')),
    max_retry_attempts: Math.floor(chance.between(0, 4, 'retries')),
    retry_delay_minutes: [chance.size(0.01, 0.2, 'delay'), chance.size(0.01, 0.4, 'second delay')],
    ...(chance.whether(0.2, 'cap')
      ? { max_calls_per_day: Math.max(1, Math.round(people * chance.unit('share'))) }
      : {}),
    ...(own?.terms ?? hoursOf(chance, timezone, at)),
    ...(chance.whether(0.15, 'scheduled')
      ? { schedule_type: 'scheduled' as const, scheduled_at: iso(-10_000, 40_000, 'start') }
      : {}),
    ...(chance.whether(0.15, 'ends') ? { ends_at: iso(45_000, 4 * MINUTE_MS, 'end') } : {}),
  } satisfies CreateCampaignInput;
}

/** The whole day, or hours that are open now, end soon and begin again: in the short form, or as two windows that touch. */
function hoursOf(chance: Chance, timezone: string, at: number): Partial<CreateCampaignInput> {
  if (!chance.whether(0.25, 'hours')) return { working_days: EVERY_DAY };
  const close = nextMinute(at + chance.between(0, 90_000, 'close'));
  const hours = closedFor(timezone, close, Math.round(chance.between(1, 3, 'for')));
  if (chance.whether(0.5, 'short form')) return { ...hours, working_days: EVERY_DAY };
  const { time: between } = wallTime(timezone, close + 12 * 60 * MINUTE_MS);
  return {
    calling_hours: [
      { days: EVERY_DAY, start: hours.start_time ?? '', end: between },
      { days: EVERY_DAY, start: between, end: hours.end_time ?? '' },
    ],
  };
}

interface Ordering {
  readonly chance: Chance;
  readonly run: Run;
  readonly label: string;
  /** Of the campaign, or of one of its people. */
  readonly timezone: string;
  /** The zones of people with their own hours. */
  readonly zones: readonly string[];
  readonly people: People;
}

function ordersOf(ordering: Ordering, at: number): Order[] {
  const { chance, run, timezone } = ordering;
  const { durationMs, begin } = run;
  const count = Math.floor(chance.between(0, MOST_ORDERS + 1, 'orders'));
  const lifeMs = Math.min(chance.size(LIFE_MS.from, LIFE_MS.to, 'life'), durationMs - at);
  const orders = Array.from({ length: count }, (_, index): Order => {
    const when = Math.round(at + lifeMs * chance.unit('when', index));
    const door = chance.oneOf(['http', 'temporal'] as const, 'door', index);
    const common = {
      at: when,
      door,
      times: chance.whether(0.7, 'once', index) ? 1 : 2 + Math.floor(chance.unit('times', index) * 3),
      together: chance.whether(0.5, 'together', index),
    };
    const kind = chance.pick(
      [
        [3, 'pause'],
        [3, 'resume'],
        [3, 'edit'],
        [1, 'cancel'],
        [2, 'add'],
        [2, 'remove'],
        [2, 'call-at'],
      ] as const,
      'kind',
      index,
    );
    switch (kind) {
      case 'pause':
      case 'resume': {
        const signal = door === 'temporal' && chance.whether(0.3, 'signal', index);
        const length = Math.round(chance.size(SIGNAL_LENGTH.from, SIGNAL_LENGTH.to, 'length', index));
        return { ...common, kind, signal: signal ? length : null };
      }
      case 'edit':
        return { ...common, kind, change: changeOf(chance, index, timezone, begin + when) };
      case 'cancel':
        return { ...common, kind };
      case 'add':
        return {
          ...common,
          kind,
          people: newcomers(ordering, index, when),
          keyed: chance.whether(0.5, 'keyed', index),
        };
      case 'remove':
        return { ...common, kind, phoneNumber: somebody(ordering, index) };
      case 'call-at': {
        const callAt = Math.round(when + chance.between(-10_000, 60_000, 'call at', index));
        return { ...common, kind, phoneNumber: somebody(ordering, index), callAt };
      }
    }
  });
  return orders.sort((a, b) => a.at - b.at);
}

/** People who are new to the campaign, and perhaps some who are in it. */
function newcomers({ chance, run, label, zones, people }: Ordering, index: number, at: number): People {
  const count = Math.round(chance.size(1, 25, 'newcomers', index));
  const added = withTraits(peopleOf(run.seed, `${label} ${index}`, count), chance, zones, run.begin + at);
  return chance.whether(0.3, 'known ones', index) ? [...added, ...people.slice(0, 3)] : added;
}

function somebody({ chance, people }: Ordering, index: number): string {
  return chance.oneOf(people, 'who', index).phone_number;
}

function changeOf(chance: Chance, index: number, timezone: string, at: number): Readonly<Record<string, unknown>> {
  return chance.pick<() => Readonly<Record<string, unknown>>>(
    [
      [4, () => ({ max_concurrent_calls: Math.floor(chance.size(1, 16, 'new limit', index)) - 1 })],
      [2, () => ({ retry_failed: false })],
      [1, () => ({ max_retry_attempts: Math.floor(chance.between(0, 4, 'new retries', index)) })],
      [1, () => ({ max_calls_per_day: Math.round(chance.size(1, 200, 'new cap', index)) })],
      [
        1,
        () => ({ ends_at: new Date(Math.round(at + chance.between(20_000, 120_000, 'new end', index))).toISOString() }),
      ],
      [
        1,
        () => {
          // Of the same zone: the audit counts days in one only.
          const close = nextMinute(at + chance.between(5_000, 65_000, 'new close', index));
          const { start_time, end_time } = closedFor(timezone, close, 1);
          return { start_time, end_time, working_days: EVERY_DAY };
        },
      ],
    ],
    'change',
    index,
  )();
}
