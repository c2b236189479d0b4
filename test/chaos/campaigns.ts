/** The campaigns of every run, each with a different course, and the commands that they get. */
import type { CreateCampaignInput } from '../../domain/api/campaign-request.ts';
import { draw } from '../../simulator/draw.ts';
import { chanceOf } from './chance.ts';
import { closedFor, EVERY_DAY, nextMinute } from './hours.ts';
import { ownHours, withTraits } from './own-hours.ts';
import { peopleOf } from './people.ts';
import { zoneAtMidday, zoneWithMidnight } from './zones.ts';

export type Order = {
  readonly at: number;
  /** By which door it comes: the HTTP API, or Temporal itself. */
  readonly door: 'http' | 'temporal';
  /** How often it is given, one after the other or all at once. */
  readonly times: number;
  readonly together: boolean;
} & (
  | {
      readonly kind: 'pause' | 'resume';
      /** At the door of Temporal: as a signal with a text of this length instead of an update that is answered. */
      readonly signal: number | null;
    }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'edit'; readonly change: Readonly<Record<string, unknown>> }
  | ContactOrder
);

export type People = NonNullable<CreateCampaignInput['contacts']>;

/** Over HTTP whatever the door: it changes rows, and the workflow is only told to look at them. */
export type ContactOrder =
  | {
      readonly kind: 'add';
      readonly people: People;
      /** Whether a repeated request carries the idempotency key of the first. */
      readonly keyed: boolean;
    }
  | { readonly kind: 'remove'; readonly phoneNumber: string }
  | {
      readonly kind: 'call-at';
      readonly phoneNumber: string;
      /** Milliseconds from the beginning of the run. */
      readonly callAt: number;
    };

export interface PlannedCampaign {
  /** Its name. */
  readonly label: string;
  /** When it is created and when its orders are given, in milliseconds from the beginning of the run. */
  readonly at: number;
  /** What it is created with, its people among it. */
  readonly body: CreateCampaignInput;
  /** Whether its people come by way of a folder. */
  readonly folder: boolean;
  readonly orders: readonly Order[];
}

export interface Run {
  readonly seed: string;
  readonly durationMs: number;
  /** Epoch milliseconds of the beginning. */
  readonly begin: number;
}

const MINUTE_MS = 60_000;
/** A call takes a second or two, and trouble at the provider holds a campaign up for as long again. */
const CALLS_PER_SLOT_AND_SECOND = 0.25;

export function planCampaigns(run: Run): PlannedCampaign[] {
  const fixed = [steady, capped, inHours, pausedNowAndThen, edited, cancelled, scheduled, inTheirHours];
  return fixed.map((make) => ({ folder: false, ...make(run) }));
}

type Fixed = Omit<PlannedCampaign, 'folder'>;

/** Given once, over HTTP, as an operator would. */
const ONCE = { door: 'http', times: 1, together: false, signal: null } as const;

/** Nothing but calls and retries: it should come to its own end. */
function steady(run: Run): Fixed {
  return { label: 'steady', at: 0, body: body(run, 'steady', { limit: 6, share: 0.5 }), orders: [] };
}

/** Reaches its daily cap; where the clock allows, a new day begins during the run. */
function capped(run: Run): Fixed {
  const { seed, begin, durationMs } = run;
  const timezone = zoneWithMidnight(begin + 0.35 * durationMs, begin + 0.8 * durationMs) ?? zoneAtMidday(seed, begin);
  const common = body(run, 'capped', { limit: 5, share: 1 });
  const people = common.contacts?.length ?? 0;
  return {
    label: 'capped',
    at: 0,
    body: { ...common, timezone, max_calls_per_day: Math.max(6, Math.round(people * 0.3)) },
    orders: [],
  };
}

/** Its hours end and begin again during the run, and a longer run moves them once more. */
function inHours(run: Run): Fixed {
  const { seed, begin, durationMs } = run;
  const timezone = zoneAtMidday(seed, begin);
  const first = closedFor(timezone, nextMinute(begin + Math.min(0.2 * durationMs, MINUTE_MS)), 1);
  const orders: Order[] = [];
  if (durationMs >= 4 * MINUTE_MS) {
    const at = Math.round(0.6 * durationMs);
    const { start_time, end_time } = closedFor(timezone, nextMinute(begin + at + 10_000), 1);
    orders.push({ ...ONCE, at, kind: 'edit', change: { start_time, end_time } });
  }
  return { label: 'in hours', at: 0, body: { ...body(run, 'in hours', { limit: 7, share: 1 }), ...first }, orders };
}

function pausedNowAndThen(run: Run): Fixed {
  const { seed, durationMs } = run;
  const times = Math.max(2, Math.round(durationMs / 25_000));
  const orders = Array.from({ length: times }, (_, index): Order[] => {
    const slot = (0.85 * durationMs) / times;
    const pause = 0.08 * durationMs + slot * (index + 0.4 * draw(seed, 'pause', index));
    const resume = pause + slot * (0.2 + 0.35 * draw(seed, 'resume', index));
    return [
      { ...ONCE, at: Math.round(pause), kind: 'pause' },
      { ...ONCE, at: Math.round(resume), kind: 'resume' },
    ];
  });
  return { label: 'paused', at: 0, body: body(run, 'paused', { limit: 8, share: 0.7 }), orders: orders.flat() };
}

/** Its limit goes down, to a hold, and up again. */
function edited(run: Run): Fixed {
  const { seed, durationMs } = run;
  const times = Math.max(3, Math.round(durationMs / 20_000));
  const limits = [3, 0, 9, 1, 6];
  const orders = Array.from({ length: times }, (_, index): Order => {
    const at = durationMs * (0.1 + (0.8 * (index + draw(seed, 'edit', index))) / times);
    const change: Record<string, unknown> = { max_concurrent_calls: limits[index % limits.length] };
    if (index % 3 === 2) change.max_calls_per_day = 2_000 + index;
    return { ...ONCE, at: Math.round(at), kind: 'edit', change };
  });
  return { label: 'edited', at: 0, body: body(run, 'edited', { limit: 9, share: 0.7 }), orders };
}

function cancelled(run: Run): Fixed {
  const { seed, durationMs } = run;
  const at = Math.round(durationMs * (0.35 + 0.3 * draw(seed, 'cancel')));
  return {
    label: 'cancelled',
    at: 0,
    body: body(run, 'cancelled', { limit: 6, share: 1 }),
    orders: [{ ...ONCE, at, kind: 'cancel' }],
  };
}

/** Created while processes die, begins later, and expires before the run is over. */
function scheduled(run: Run): Fixed {
  const { begin, durationMs } = run;
  const iso = (share: number) => new Date(begin + share * durationMs).toISOString();
  const times = { schedule_type: 'scheduled' as const, scheduled_at: iso(0.35), ends_at: iso(0.85) };
  return {
    label: 'scheduled',
    at: Math.round(0.15 * durationMs),
    body: { ...body(run, 'scheduled', { limit: 4, share: 0.6 }), ...times },
    orders: [],
  };
}

/** Its people have their own hours. Some come later, some go, some are called back at a time, and some stay outside their hours. */
function inTheirHours(run: Run): Fixed {
  const { seed, begin, durationMs } = run;
  const label = 'own hours';
  const chance = chanceOf(seed, 'own hours');
  // It has the other form of the hours.
  const { working_days: _days, ...common } = body(run, label, { limit: 6, share: 0.8 });
  const { terms, zones } = ownHours(chance, begin, zoneAtMidday(seed, begin));
  const people = withTraits(common.contacts, chance, zones, begin);
  const orders = people.slice(0, Math.ceil(people.length / 4)).map(({ phone_number }, index): Order => {
    const at = Math.round(durationMs * chance.between(0.1, 0.7, 'order', index));
    if (index % 2 === 0) return { ...ONCE, at, kind: 'remove', phoneNumber: phone_number };
    const callAt = at + Math.round(chance.between(1_000, 40_000, 'call at', index));
    return { ...ONCE, at, kind: 'call-at', phoneNumber: phone_number, callAt };
  });
  const newcomers = [0.2, 0.4, 0.6].map((share, index): Order => {
    const added = peopleOf(seed, `${label} ${index}`, Math.max(3, Math.round(people.length / 8)));
    const at = Math.round(share * durationMs);
    return { ...ONCE, at, kind: 'add', people: withTraits(added, chance, zones, begin + at), keyed: true };
  });
  return {
    label,
    at: 0,
    body: { ...common, ...terms, contacts: people },
    orders: [...orders, ...newcomers].sort((a, b) => a.at - b.at),
  };
}

function body({ seed, durationMs }: Run, name: string, { limit, share }: { limit: number; share: number }) {
  const people = Math.max(12, Math.round(limit * CALLS_PER_SLOT_AND_SECOND * (durationMs / 1000) * share));
  return {
    name,
    agent_id: 'chaos-agent',
    contact_source: 'manual',
    contacts: peopleOf(seed, name, people),
    working_days: EVERY_DAY,
    max_concurrent_calls: limit,
    max_retry_attempts: 2,
    // Three seconds and six.
    retry_delay_minutes: [0.05, 0.1],
  } satisfies CreateCampaignInput;
}
