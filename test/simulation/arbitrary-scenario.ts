/** Scenarios for fast-check: every kind of schedule, zone, limit, provider, fault and intervention. */
import fc from 'fast-check';
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import { NO_FAULTS, type FaultRates } from './faults.ts';
import type { ConnectionIntervention, Intervention } from './interventions.ts';
import type { Scenario, ScenarioCampaign, SharedScenario } from './scenario.ts';
import { scheduleOf } from '../support/factories/schedules.ts';
import { CONTACT_ZONE, type EngineSchedule } from '../../domain/engine/schedule-fields.ts';
import { type GroupRule, groupWindowAt } from '../../domain/windows/group-hours.ts';
import { policiesNamed } from '../../domain/windows/policies/built-in.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Zones with an instant at which their clocks change, or did; UTC and Kathmandu for those that never do. */
export const CHANGES: readonly (readonly [string, string])[] = [
  ['UTC', '2026-02-28T23:59:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Africa/Cairo', '2026-04-23T22:00:00Z'],
  ['Africa/Cairo', '2026-10-29T21:00:00Z'],
  ['America/Santiago', '2026-04-05T03:00:00Z'],
  ['America/Santiago', '2026-09-06T04:00:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Asia/Kathmandu', '2026-06-01T18:15:00Z'],
];

/** Where contacts of one campaign may be: on both hemispheres, on half and quarter hours, with and without changes of the clock. */
export const ZONES: readonly string[] = [
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Phoenix',
  'America/Los_Angeles',
  'America/Anchorage',
  'Pacific/Honolulu',
  'America/Puerto_Rico',
  'America/Halifax',
  'America/St_Johns',
  'America/Winnipeg',
  'America/Regina',
  'America/Vancouver',
  'America/Mexico_City',
  'America/Havana',
  'America/Bogota',
  'America/Sao_Paulo',
  'America/Santiago',
  'America/Asuncion',
  'Atlantic/Azores',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Paris',
  'Europe/Athens',
  'Europe/Moscow',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Africa/Johannesburg',
  'Asia/Jerusalem',
  'Asia/Beirut',
  'Asia/Tehran',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Perth',
  'Australia/Adelaide',
  'Australia/Sydney',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Pacific/Chatham',
];

export const HOURS: readonly (readonly [string | null, string | null])[] = [
  [null, null],
  ['00:00', '24:00'],
  ['09:00', '17:00'],
  ['08:30', '08:45'],
  ['22:00', '06:00'],
  ['23:30', '00:30'],
  ['01:30', '02:30'],
  ['00:00', '00:15'],
];

export interface ScenarioSize {
  /** Contacts, calls in flight, things done from outside and the time they are spread over, at the most. */
  readonly contacts: number;
  readonly limit: number;
  readonly interventions: number;
  readonly spanMs: number;
  /** Whether runs may be reset and started afresh. */
  readonly resets: boolean;
  /** Whether every campaign calls people in all zones of the list, each in their own hours. Default: some have groups. */
  readonly ownHours?: boolean;
}

/** In a long campaign a few interventions are lost among thousands of calls, so it is interrupted this often besides. */
const INTERRUPTIONS = 25;

export const SMALL: ScenarioSize = { contacts: 12, limit: 4, interventions: 8, spanMs: 6 * HOUR_MS, resets: true };

/** Of each of several campaigns. They share while they call at the same time, so all happens within an hour. */
export const SMALL_SHARED: ScenarioSize = { contacts: 8, limit: 3, interventions: 4, spanMs: HOUR_MS, resets: true };

/** One campaign, alone on its connection. */
export function arbitraryScenario(size: ScenarioSize): fc.Arbitrary<Scenario> {
  return fc.record({ ...surroundings(size), ...campaignTerms(size) }).map(({ change, beforeMs, ...rest }) => {
    const startsAt = Date.parse(change[1]) - beforeMs;
    const { seed, provider, callsPerSecond, cancels, lookUpAfterMs, graceMs, usualCallMs, faults, outages } = rest;
    const common = { seed, startsAt, provider, callsPerSecond, cancels, lookUpAfterMs, graceMs, usualCallMs, faults };
    return { ...common, outages, ...campaignOf(rest, change[0], startsAt) };
  });
}

/** Several campaigns on one connection. `size` is of each campaign, and of the connection's limit. */
export function arbitrarySharing(size: ScenarioSize, most = 6): fc.Arbitrary<SharedScenario> {
  const campaign = fc.record({
    ...campaignTerms(size),
    // Campaigns that call on different days share nothing.
    isAtOnce: fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, fc.constant(false)),
    beginsAfterMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 60_000 }),
      fc.integer({ min: 0, max: size.spanMs }),
    ),
  });
  const shared = {
    ...surroundings(size),
    maxConcurrentCalls: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 2 * size.limit }) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    accountConcurrentCalls: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 * size.limit }) },
      { weight: 3, arbitrary: fc.constant(null) },
    ),
    numbers: numbers(size),
    campaigns: fc.array(campaign, { minLength: 2, maxLength: most }),
    connectionInterventions: fc.array(connectionIntervention(size), { maxLength: size.interventions }),
    accountDays: accountDays(size),
  };
  return fc.record(shared).map(({ change, beforeMs, campaigns, ...rest }) => {
    const startsAt = Date.parse(change[1]) - beforeMs;
    return {
      ...rest,
      startsAt,
      campaigns: campaigns.map(({ isAtOnce, beginsAfterMs, ...terms }) => {
        const { spec, ...others } = campaignOf(terms, change[0], startsAt + beginsAfterMs);
        return { ...others, spec: isAtOnce ? atOnce(spec) : spec, startsAfterMs: beginsAfterMs };
      }),
    };
  });
}

/** As many numbers as one campaign has contacts, or fewer, so that each is in several campaigns; and mostly one limit. */
function numbers(size: ScenarioSize): fc.Arbitrary<SharedScenario['numbers']> {
  const limit = fc.record({ max: fc.integer({ min: 1, max: 4 }), hours: fc.constantFrom(1, 2, 24) });
  const drawn = fc.record({
    count: fc.integer({ min: Math.ceil(size.contacts / 2), max: size.contacts }),
    limits: fc.array(limit, { minLength: 1, maxLength: 2 }),
  });
  return fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: drawn });
}

/** Enough for the contacts of a campaign within days. Days of zones begin at any hour, and some zones change their clocks. */
function accountDays(size: ScenarioSize): fc.Arbitrary<SharedScenario['accountDays']> {
  const drawn = fc.record({
    limit: fc.integer({ min: Math.ceil(size.contacts / 2), max: 3 * size.contacts }),
    timezone: fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
  });
  return fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: drawn });
}

/** The same without hours and days to wait for. */
function atOnce(spec: EngineSpec): EngineSpec {
  const { retry } = spec;
  const delayMinutes = retry.delayMinutes.map((minutes) => Math.min(minutes, 30));
  const { timezone } = spec.schedule;
  const schedule = scheduleOf({ timezone, day_timezone: 'UTC', working_days: EVERY_DAY });
  return { ...spec, schedule, max_calls_per_day: null, retry: { ...retry, delayMinutes } };
}

/** What campaigns of one connection have in common. */
function surroundings(size: ScenarioSize) {
  return {
    seed: fc.integer(),
    change: fc.constantFrom(...CHANGES),
    beforeMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * HOUR_MS })),
    provider: fc.record({
      keyTtlMs: fc.constantFrom(0, 60_000, 600_000, 24 * HOUR_MS),
      finds: fc.constantFrom('by key' as const, 'by id' as const, 'nothing' as const),
      echoes: fc.boolean(),
      requestTimeoutMs: fc.constantFrom(2_000, 10_000),
      queueBoundMs: fc.constantFrom(0, 5_000, 30_000),
      callLifetimeMs: fc.constantFrom(30_000, 600_000, 1_800_000),
    }),
    callsPerSecond: rates(size),
    cancels: fc.boolean(),
    lookUpAfterMs: fc.constantFrom(5_000, 180_000, 3_600_000),
    graceMs: fc.constantFrom(60_000, 300_000),
    usualCallMs: fc.constantFrom(5_000, 60_000),
    faults: faultRates(),
    outages: fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: size.spanMs }),
        lastsMs: fc.integer({ min: 1_000, max: 2 * HOUR_MS }),
        kind: fc.constantFrom('unreachable' as const, 'errors' as const, 'account' as const),
      }),
      { maxLength: 2 },
    ),
  };
}

/** What one campaign is, and what happens to it. */
function campaignTerms(size: ScenarioSize) {
  return {
    groups: groupRules(size),
    contacts: size.contacts > 100 ? fc.constant(size.contacts) : fc.integer({ min: 1, max: size.contacts }),
    hours: fc.constantFrom(...HOURS),
    working_days: fc.constantFrom<number[]>([1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5], [6, 7], [7]),
    calling_hours: callingHours(),
    day_timezone: dayZones(),
    blackoutTomorrow: fc.boolean(),
    limit: fc.integer({ min: 1, max: size.limit }),
    cap: caps(size),
    budget: fc.constantFrom(0, 1, 2),
    delayMinutes: fc.constantFrom<number[]>([0], [1], [30, 5], [1_440]),
    endsAfterMs: fc.oneof(
      { weight: 5, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: size.spanMs }) },
    ),
    startsAfterMs: fc.oneof(
      { weight: 5, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: size.spanMs }) },
    ),
    interventions: fc
      .tuple(fc.array(intervention(size), { maxLength: size.interventions }), interruptions(size))
      .map(([some, more]) => [...some, ...more]),
  };
}

type Drawn<T extends Record<string, fc.Arbitrary<unknown>>> = {
  [K in keyof T]: T[K] extends fc.Arbitrary<infer V> ? V : never;
};

function campaignOf(
  terms: Drawn<ReturnType<typeof campaignTerms>>,
  timezone: string,
  startsAt: number,
): ScenarioCampaign {
  const { contacts, interventions, hours, working_days, calling_hours, day_timezone, blackoutTomorrow } = terms;
  const { limit, cap, budget, delayMinutes, startsAfterMs, endsAfterMs, groups } = terms;
  const short = { start_time: hours[0], end_time: hours[1], working_days };
  const tomorrow = new Date(startsAt + 24 * HOUR_MS).toISOString().slice(0, 10);
  const spec: EngineSpec = {
    name: 'Scenario',
    agent_id: 'agent-1',
    connection: 'truedy',
    schedule: scheduleOf({
      timezone: groups ? CONTACT_ZONE : timezone,
      day_timezone,
      ...(calling_hours === null ? short : { calling_hours }),
      blackout_dates: blackoutTomorrow ? [tomorrow] : [],
    }),
    scheduled_at: startsAfterMs === null ? null : startsAt + startsAfterMs,
    ends_at: endsAfterMs === null ? null : startsAt + endsAfterMs,
    max_concurrent_calls: limit,
    max_calls_per_day: cap,
    retry: { budget, delayMinutes, on: ['no_answer', 'busy', 'failed'] },
  };
  if (groups === null) return { contacts, spec, interventions };
  return {
    contacts,
    groups: groups.map((rule) => openAtOnce(rule, spec, startsAt)),
    spec,
    // An edit may leave zones without a common opening, and calls for ever to be placed.
    interventions: interventions.filter(({ kind }) => kind !== 'schedule'),
  };
}

/** The first zone alone where there is no time at which all that narrows the group is open. */
function openAtOnce(rule: GroupRule, { schedule }: EngineSpec, from: number): GroupRule {
  const opens = groupWindowAt(schedule, rule, policiesNamed(rule.policies), from) !== null;
  return opens ? rule : { zones: rule.zones.slice(0, 1), policies: [] };
}

/** Two out of three campaigns have their own hours for everybody. */
function groupRules(size: ScenarioSize): fc.Arbitrary<GroupRule[] | null> {
  if (size.ownHours) return fc.constant(ZONES.map((name) => ({ zones: [name], policies: [] })));
  const zone = fc.constantFrom(...ZONES);
  const rule = fc.record({
    zones: fc.oneof(
      { weight: 4, arbitrary: zone.map((name) => [name]) },
      { weight: 1, arbitrary: fc.uniqueArray(zone, { minLength: 2, maxLength: 3 }) },
    ),
    policies: fc.constantFrom<string[]>([], [], ['us-tcpa'], ['fr'], ['us-tcpa', 'ca-utr']),
  });
  const most = size.contacts > 100 ? ZONES.length : 4;
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.array(rule, { minLength: 1, maxLength: most }) },
  );
}

/** Most connections have none. Some are odd, where one dial too many nearly fits into ten seconds; slow ones only with few contacts. */
function rates(size: ScenarioSize): fc.Arbitrary<number | null> {
  const slow = size.contacts > 100 ? [] : [0.1, 0.198, 0.5];
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...slow, 1, 1.175, 5, 30) },
  );
}

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

/** Several windows a day that touch, overlap, or do neither, and other hours at the weekend; null: the short form. */
function callingHours(): fc.Arbitrary<EngineSchedule['calling_hours']> {
  return fc.constantFrom(
    null,
    null,
    [
      { days: EVERY_DAY, start: '10:00', end: '13:00' },
      { days: EVERY_DAY, start: '14:00', end: '20:00' },
    ],
    [
      { days: [1, 2, 3, 4, 5], start: '09:00', end: '21:30' },
      { days: [6, 7], start: '10:00', end: '18:00' },
    ],
    [
      { days: EVERY_DAY, start: '22:00', end: '02:30' },
      { days: EVERY_DAY, start: '01:00', end: '03:00' },
      { days: EVERY_DAY, start: '03:00', end: '03:20' },
    ],
  );
}

/** Mostly the zone of the hours. */
function dayZones(): fc.Arbitrary<string | null> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constantFrom('UTC', 'Pacific/Auckland'));
}

function caps(size: ScenarioSize): fc.Arbitrary<number | null> {
  const least = Math.max(1, Math.round(size.contacts / 4));
  return fc.oneof(fc.constant(null), fc.integer({ min: least, max: size.contacts }));
}

/**
 * Each kind of fault is absent more often than not, so that the others are seen by themselves as well. Kinds of answers
 * stay rare enough together that a call is placed in the end.
 */
function faultRates(): fc.Arbitrary<Partial<FaultRates>> {
  const ANSWERS = [
    'acceptsUnheard',
    'unheard',
    'rejected',
    'throttled',
    'unavailable',
    'blocked',
    'accountFault',
    'workerDies',
    'workerFreezes',
    'slowDatabase',
  ];
  // No promise holds where a provider breaks its own: it needs scenarios in which it can be held to it.
  const NEVER = ['queuedTooLong'];
  const share = (kind: string) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(0.02, 0.1, ANSWERS.includes(kind) ? 0.12 : 0.5) },
    );
  const kinds = Object.keys(NO_FAULTS) as (keyof FaultRates)[];
  return fc.record(
    Object.fromEntries(kinds.filter((kind) => !NEVER.includes(kind)).map((kind) => [kind, share(kind)])),
  );
}

function intervention(size: ScenarioSize): fc.Arbitrary<Intervention> {
  const afterMs = fc.oneof(
    fc.integer({ min: 0, max: 2_000 }),
    fc.integer({ min: 0, max: 5 * MINUTE_MS }),
    fc.integer({ min: 0, max: size.spanMs }),
  );
  const simple = fc.constantFrom<'pause' | 'resume' | 'new_run' | 'save' | 'round_trip'>(
    'pause',
    'resume',
    'resume',
    'new_run',
    'save',
    'round_trip',
  );
  const rare = size.resets
    ? fc.constantFrom<'reset' | 'forgetful_reset' | 'long_history' | 'cancel' | 'cancel_request'>(
        'reset',
        'forgetful_reset',
        'long_history',
        'cancel',
        'cancel_request',
      )
    : fc.constantFrom<'long_history' | 'new_run'>('new_run', 'long_history');
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ afterMs, kind: simple }) },
    { weight: 2, arbitrary: fc.record({ afterMs, kind: rare }) },
    ...(size.resets ? [{ weight: 1, arbitrary: termination(afterMs) }] : []),
    { weight: 2, arbitrary: rosterChange(size, afterMs) },
    {
      weight: 1,
      arbitrary: fc.record({
        afterMs,
        kind: fc.constant('limit' as const),
        limit: fc.integer({ min: 0, max: size.limit }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ afterMs, kind: fc.constant('cap' as const), cap: caps(size) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        afterMs,
        kind: fc.constant('ends' as const),
        inMs: fc.oneof(fc.constant(null), fc.integer({ min: 1_000, max: size.spanMs })),
      }),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({
          afterMs,
          change: fc.constantFrom(...CHANGES),
          hours: fc.constantFrom(...HOURS),
          calling_hours: callingHours(),
          day_timezone: dayZones(),
        })
        .map(({ afterMs, change, hours, calling_hours, day_timezone }) => ({
          afterMs,
          kind: 'schedule' as const,
          schedule: scheduleOf({
            timezone: change[0],
            day_timezone,
            ...(calling_hours === null
              ? { start_time: hours[0], end_time: hours[1], working_days: EVERY_DAY }
              : { calling_hours }),
          }),
        })),
    },
  );
}

/** People come, go and are to be called at another time. */
function rosterChange(size: ScenarioSize, afterMs: fc.Arbitrary<number>): fc.Arbitrary<Intervention> {
  const which = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const contacts = fc.integer({ min: 1, max: Math.max(2, Math.round(size.contacts / 20)) });
  const inMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: size.spanMs }));
  return fc.oneof(
    fc.record({ afterMs, kind: fc.constant('add' as const), contacts }),
    fc.record({ afterMs, kind: fc.constant('remove' as const), which }),
    fc.record({ afterMs, kind: fc.constant('call_at' as const), which, inMs }),
  );
}

/** The limit goes up and down, to nothing too, and the coordinator is ended, reset and continued as new. */
function connectionIntervention(size: ScenarioSize): fc.Arbitrary<ConnectionIntervention> {
  const afterMs = fc.oneof(
    fc.integer({ min: 0, max: 2_000 }),
    fc.integer({ min: 0, max: 5 * MINUTE_MS }),
    fc.integer({ min: 0, max: size.spanMs }),
  );
  const kind = fc.constantFrom(
    'terminate_coordinator' as const,
    'reset_coordinator' as const,
    'new_coordinator_run' as const,
  );
  return fc.oneof(
    fc.record({
      afterMs,
      kind: fc.constant('shared_limit' as const),
      limit: fc.integer({ min: 0, max: 2 * size.limit }),
    }),
    fc.record({ afterMs, kind }),
  );
}

/** What a long campaign must survive and go on after, spread over its time. A pause lasts for minutes. */
function interruptions(size: ScenarioSize): fc.Arbitrary<Intervention[]> {
  if (size.contacts <= 100) return fc.constant([]);
  const afterMs = fc.integer({ min: 0, max: size.spanMs });
  const pause = fc
    .tuple(afterMs, fc.integer({ min: 1_000, max: 10 * MINUTE_MS }))
    .map(([at, lastsMs]): Intervention[] => [
      { afterMs: at, kind: 'pause' },
      { afterMs: at + lastsMs, kind: 'resume' },
    ]);
  const kinds = ['new_run', 'long_history', 'save', 'reset', 'forgetful_reset'] as const;
  const other = fc.record({ afterMs, kind: fc.constantFrom(...kinds) }).map((one): Intervention[] => [one]);
  const end = termination(afterMs).map((one): Intervention[] => [one]);
  return fc
    .array(fc.oneof({ weight: 2, arbitrary: pause }, { weight: 3, arbitrary: other }, { weight: 1, arbitrary: end }), {
      minLength: INTERRUPTIONS,
      maxLength: INTERRUPTIONS,
    })
    .map((several) => several.flat());
}

/** A termination, and how long nobody starts the campaign again. */
function termination(afterMs: fc.Arbitrary<number>): fc.Arbitrary<Intervention> {
  const downMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * MINUTE_MS }));
  return fc.record({ afterMs, kind: fc.constant('terminate' as const), downMs });
}
