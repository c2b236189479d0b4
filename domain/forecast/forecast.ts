/**
 * Forecasts when a campaign finishes, and what limits it. Pure: the clock, the state of the campaign and the
 * assumptions about its calls are arguments.
 *
 * A limit is judged by leaving it out: the same campaign is projected again without it, and the gain shows how much the
 * limit delays the campaign. So a daily cap that the hours never let the campaign reach is not named.
 */
import { MOST_CONCURRENT_CALLS } from '../api/campaign-terms.ts';
import { hoursOf } from '../engine/calling-hours.ts';
import { isOver } from '../engine/commands.ts';
import type { RecordedStatus } from '../api/interruption.ts';
import { dayZoneOf } from '../engine/schedule-fields.ts';
import { type GroupRule, groupSchedules } from '../windows/group-hours.ts';
import { policiesNamed } from '../windows/policies/built-in.ts';
import type { Schedule } from '../windows/schedule.ts';
import type { Assumed, ProjectionResponse, ForecastResponse, Limit, LimitedBy } from './response.ts';
import { heldToRate, heldToShare } from './connection-limits.ts';
import {
  type Cohort,
  type Projection,
  fastForward,
  type ForecastInput,
  type Pace,
  type Steps,
} from './fast-forward.ts';
import type { ForecastQuery } from './request.ts';
import { type CampaignHours, WindowSegments } from './window-segments.ts';

const CALL_SECONDS = 120;
/**
 * Time from the end of a call to the next dial in its slot: the event's way to the campaign, its decision, the dial's
 * way out.
 */
export const TURN_MS = 310;
const RETRY_SHARE = 0.3;
/** Fewer measured calls than this say little about later ones. */
const ENOUGH_CALLS = 20;
const MOST_DAYS = 366;
/** A limit whose absence gains less than this, or less than this share of the remaining time, is not named. */
const WORTH_MS = 60_000;
const WORTH_SHARE = 0.01;

/** The state of a campaign at the time of the request. Instants are epoch milliseconds. */
export interface ForecastCampaign extends Omit<ForecastInput, 'beginsAt'> {
  /** What decides the hours of each group. One group of a campaign whose contacts all have its own hours. */
  readonly groups: readonly GroupRule[];
  /** Null: it is not created yet. */
  readonly status: RecordedStatus | null;
  /** It is ending: waiting contacts will be skipped. */
  readonly ending: boolean;
  /** A stop by an administrator covers it. Default: no. */
  readonly stopped?: boolean;
  /** When it ended. */
  readonly endedAt: number | null;
  /** The circuit breaker is open until then; null if it is closed. */
  readonly heldUntil: number | null;
  /** Its latest ended calls: their number, their average duration, and the share that is retried. */
  readonly measured: { readonly calls: number; readonly seconds: number; readonly retryShare: number } | null;
}

/** The assumptions about future calls: stated in the request, measured on earlier calls, or defaults. */
export function assume(stated: ForecastQuery, measured: ForecastCampaign['measured']): Assumed {
  const known = measured !== null && measured.calls >= ENOUGH_CALLS ? measured : null;
  const from = (given: number | undefined) =>
    given !== undefined ? 'request' : known !== null ? 'measured' : 'default';
  return {
    call_seconds: stated.call_seconds ?? (known ? Math.max(1, Math.round(known.seconds)) : CALL_SECONDS),
    call_seconds_from: from(stated.call_seconds),
    retry_share: stated.retry_share ?? (known ? Math.round(known.retryShare * 100) / 100 : RETRY_SHARE),
    retry_share_from: from(stated.retry_share),
  };
}

/** What a campaign's connection means for its pace. */
export interface ForecastConnection {
  /** Nothing is placed within this time before a window closes. */
  readonly dialMarginMs: number;
  /** Null: no limit. */
  readonly callsPerSecond: number | null;
  /** The campaign's share of the calls in flight. Null: no limit. */
  readonly callsInFlight: number | null;
}

/** What the limits of a campaign's account mean for its pace. */
export interface ForecastAccount {
  /** The campaign's share of the calls in flight. Null: no limit. */
  readonly callsInFlight: number | null;
  /** Null: no limit. */
  readonly callsPerDay: {
    readonly limit: number;
    /** The zone of the days. */
    readonly timezone: string;
    /** The present day, and the calls of all campaigns of the account on it. */
    readonly day: string;
    readonly placed: number;
  } | null;
}

const NO_ACCOUNT_LIMITS: ForecastAccount = { callsInFlight: null, callsPerDay: null };

function total(contacts: readonly number[]): number {
  return contacts.reduce((sum, count) => sum + count, 0);
}

/** Creates a forecast. A campaign of years may take thousands of steps and some hundred milliseconds. */
export function* forecast(
  campaign: ForecastCampaign,
  assumed: Assumed,
  connection: ForecastConnection,
  account: ForecastAccount = NO_ACCOUNT_LIMITS,
): Steps<ForecastResponse> {
  const { status, now } = campaign;
  const pace: Pace = { slotMs: assumed.call_seconds * 1_000 + TURN_MS, retryShare: assumed.retry_share };
  const called = [...campaign.waiting, ...campaign.inFlight].map((cohort) => cohort.contacts);
  const contacts = total(campaign.pending) + total(called);
  const shown = { status, contacts, assumed, as_of: new Date(now).toISOString() };
  if (status !== null && isOver(status)) {
    const finishes_at = campaign.endedAt === null ? null : instant(campaign.endedAt);
    return { ...NOTHING_LEFT, outcome: 'ended', finishes_at, ...shown, if_resumed_now: null };
  }
  const ahead = new Forecaster(campaign, pace, connection, account);
  const standsStill = stillBecause(campaign);
  if (standsStill === null) {
    return { ...(yield* ahead.answer()), ...shown, if_resumed_now: null };
  }
  const resumed = yield* ahead.answer();
  const { finishes_at, expires } = resumed;
  const stop: LimitedBy = { limit: standsStill, finishes_at_without: finishes_at, expires_without: expires };
  return { ...(yield* ahead.standing(standsStill)), limited_by: [stop], ...shown, if_resumed_now: resumed };
}

const NOTHING_LEFT = {
  calls: 0,
  expires: 0,
  calling_days: 0,
  calls_per_day: null,
  days: [],
  limited_by: [],
} satisfies Partial<ProjectionResponse>;

const OUTCOME: Readonly<Record<Projection['end'], ProjectionResponse['outcome']>> = {
  finished: 'finishes',
  expired: 'expires',
  held: 'held',
  never_opens: 'never_opens',
  out_of_sight: 'beyond_five_years',
};

/** The states that only a command ends. */
type Stopped = 'paused' | 'interrupted' | 'stopped';

/** Null: nothing but time and the calls themselves holds the campaign. */
function stillBecause({ status, ending, stopped = false }: ForecastCampaign): Stopped | null {
  if (status === 'interrupted') return status;
  if (ending) return null;
  if (status === 'paused') return status;
  return stopped ? 'stopped' : null;
}

class Forecaster {
  private readonly input: ForecastInput;
  private readonly hours: CampaignHours;
  private readonly segments: WindowSegments;

  constructor(
    private readonly campaign: ForecastCampaign,
    private readonly pace: Pace,
    private readonly connection: ForecastConnection,
    private readonly account: ForecastAccount,
  ) {
    const { now, spec, ending, groups } = campaign;
    const startsAt = Math.max(now, spec.scheduled_at ?? now, campaign.heldUntil ?? now);
    this.input = {
      ...campaign,
      // When a campaign is ending, waiting contacts are skipped, and called contacts are not called again.
      ...(ending ? { spec: { ...spec, ends_at: now, retry: { ...spec.retry, budget: 0 } } } : {}),
      beginsAt: startsAt,
    };
    this.hours = {
      groups: groups.map((rule) => groupSchedules(spec.schedule, rule, policiesNamed(rule.policies))),
      dayZone: dayZoneOf(spec.schedule),
      accountDayZone: account.callsPerDay?.timezone ?? null,
      dialMarginMs: connection.dialMarginMs,
    };
    this.segments = new WindowSegments(this.hours, now);
  }

  *answer(): Steps<ProjectionResponse> {
    const projection = yield* this.project({});
    if (this.campaign.ending) return { ...projectionResponse(projection), outcome: 'ending' };
    return { ...projectionResponse(projection), limited_by: yield* this.limits(projection) };
  }

  /** The projection while nobody resumes or restarts the campaign. */
  *standing(status: Stopped): Steps<ProjectionResponse> {
    const projection = yield* this.project({ beginsAt: null });
    const answer = projectionResponse(projection);
    // Without a workflow nothing expires either, and it does not finish by itself.
    if (status === 'interrupted') return { ...answer, outcome: status, finishes_at: null, expires: 0 };
    return projection.end === 'held' ? { ...answer, outcome: status } : answer;
  }

  private project(
    changed: Partial<ForecastInput>,
    { segments = this.segments, connection = this.connection, account = this.account }: VariantWorld = {},
  ): Steps<Projection> {
    const capped = { ...this.input, ...changed, accountCap: account.callsPerDay ?? undefined };
    const shared = heldToShare(heldToShare(capped, connection.callsInFlight), account.callsInFlight);
    const [input, pace] = heldToRate(shared, this.pace, connection.callsPerSecond);
    return fastForward(input, pace, segments);
  }

  private *limits(projection: Projection): Steps<LimitedBy[]> {
    const worth = Math.max(WORTH_MS, ((projection.endsAt ?? 0) - this.input.now) * WORTH_SHARE);
    const judged: { readonly limit: Limit; readonly without: Projection }[] = [];
    for (const [limit, changed, world] of this.variants(projection)) {
      const without = yield* this.project(changed, world);
      judged.push({ limit, without });
    }
    const naming = judged.filter(({ without }) => isBetter(without, projection, worth));
    naming.sort((a, b) => compare(a.without, b.without));
    return naming.map(({ limit, without }) => ({
      limit,
      finishes_at_without: without.endsAt === null ? null : instant(without.endsAt),
      expires_without: without.expired,
    }));
  }

  /** The campaign without each of its limits, except limits that certainly change nothing. */
  private *variants(projection: Projection): Generator<Variant> {
    const { spec, now, waiting } = this.input;
    const { schedule } = spec;
    if (this.campaign.heldUntil !== null) yield ['provider', { beginsAt: Math.max(now, spec.scheduled_at ?? now) }];
    if ((spec.scheduled_at ?? now) > now) yield ['start', { beginsAt: Math.max(now, this.campaign.heldUntil ?? now) }];
    if (!(isAlwaysOpen(schedule) && this.hours.groups.every(({ length }) => length === 1))) {
      const groups = this.hours.groups.map(() => [alwaysOpen(this.hours.dayZone)]);
      yield ['window', {}, { segments: new WindowSegments({ ...this.hours, groups }, now) }];
    }
    const { callsPerSecond, callsInFlight } = this.connection;
    if (callsPerSecond !== null || callsInFlight !== null) yield ['connection', {}, { connection: UNLIMITED }];
    if (this.account.callsInFlight !== null || this.account.callsPerDay !== null) {
      yield ['account', {}, { account: NO_ACCOUNT_LIMITS }];
    }
    if (spec.max_calls_per_day !== null) yield ['daily_cap', { spec: { ...spec, max_calls_per_day: null } }];
    yield ['slot', { spec: { ...spec, max_concurrent_calls: MOST_CONCURRENT_CALLS } }];
    if (spec.retry.budget > 0 || waiting.some(isRetry)) {
      const retry = { ...spec.retry, delayMinutes: [0] };
      const atOnce = waiting.map((cohort) => (isRetry(cohort) ? { ...cohort, dueAt: now } : cohort));
      yield ['retry', { spec: { ...spec, retry }, waiting: atOnce }];
    }
    if (projection.end === 'expired') yield ['ends_at', { spec: { ...spec, ends_at: null } }];
  }
}

function isRetry({ attempt }: Cohort): boolean {
  return attempt > 1;
}

/** What differs in a variant, apart from the campaign. */
interface VariantWorld {
  readonly segments?: WindowSegments;
  readonly connection?: Pick<ForecastConnection, 'callsPerSecond' | 'callsInFlight'>;
  readonly account?: ForecastAccount;
}

const UNLIMITED = { callsPerSecond: null, callsInFlight: null };

type Variant = readonly [limit: Limit, changed: Partial<ForecastInput>, world?: VariantWorld];

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

/** Windows that cover the week only together are judged like any other hours. */
function isAlwaysOpen(schedule: Schedule): boolean {
  const isWhole = hoursOf(schedule).some(
    ({ days, start, end }) => days.length === EVERY_DAY.length && start === '00:00' && end === '24:00',
  );
  return isWhole && schedule.blackout_dates.length === 0 && schedule.holidays === null;
}

function alwaysOpen(timezone: string): Schedule {
  const hours = { calling_hours: null, start_time: null, end_time: null, working_days: EVERY_DAY };
  return { timezone, day_timezone: null, ...hours, blackout_dates: [], holidays: null };
}

function isBetter(a: Projection, b: Projection, worthMs: number): boolean {
  const uncalled = uncalledIn(a) - uncalledIn(b);
  return uncalled === 0 ? (a.endsAt ?? Infinity) < (b.endsAt ?? Infinity) - worthMs : uncalled < 0;
}

/** The larger gain comes first. */
function compare(a: Projection, b: Projection): number {
  return uncalledIn(a) - uncalledIn(b) || (a.endsAt ?? Infinity) - (b.endsAt ?? Infinity) || 0;
}

/** Without an end, no contact can be said to be called. */
function uncalledIn(projection: Projection): number {
  return projection.endsAt === null ? Infinity : projection.expired;
}

function projectionResponse(projection: Projection): ProjectionResponse {
  const days = [...projection.days].map(([date, calls]) => ({ date, calls }));
  return {
    outcome: OUTCOME[projection.end],
    finishes_at: projection.endsAt === null ? null : instant(projection.endsAt),
    calls: projection.calls,
    expires: projection.expired,
    calling_days: days.length,
    calls_per_day: days.length === 0 ? null : Math.round((10 * projection.calls) / days.length) / 10,
    days: days.slice(0, MOST_DAYS),
    limited_by: [],
  };
}

/** Rounded to the second: a forecast is not more precise. */
function instant(at: number): string {
  return new Date(Math.ceil(at / 1_000) * 1_000).toISOString();
}
