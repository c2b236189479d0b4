/**
 * Projects a campaign without trouble, in a moment. `test/simulation/` takes every decision of every call, which is too
 * slow for a request about a million of them. Here calls that begin together form a cohort and, while all slots are in
 * use, whole rounds of calls are skipped in one step. A property test compares both projections.
 *
 * All calls take equally long, so cohorts end in the order in which they began. Calls begin on a grid of a fraction of
 * a call, counted from the opening of the window segment. That keeps the cohorts few, and delays a call by no more than
 * this fraction.
 */
import type { EngineSpec } from '../engine/campaign-spec.ts';
import { retryDelayMs } from '../engine/retry-policy.ts';
import { Queue } from './queue.ts';
import type { WindowSegment, WindowSegments } from './window-segments.ts';

/** Contacts in the same state. `attempt` is the current attempt or, while they wait, the next one. */
export interface Cohort {
  /** The index of their group: contacts of one group are called in the same hours. */
  readonly group: number;
  readonly attempt: number;
  readonly contacts: number;
}

/** Contacts that are not called before an instant. */
export interface WaitingCohort extends Cohort {
  readonly dueAt: number;
}

/** The state at the beginning of a forecast. Instants are epoch milliseconds. */
export interface ForecastInput {
  readonly now: number;
  readonly spec: EngineSpec;
  /** Contacts waiting for their first call at any time, by group. */
  readonly pending: readonly number[];
  /** Contacts waiting for a time: for a retry or, at attempt 1, for a first call that was asked for then. */
  readonly waiting: readonly WaitingCohort[];
  /** Contacts being called. Their calls are assumed to have just begun. */
  readonly inFlight: readonly Cohort[];
  /** The current civil day in the schedule's zone, and the calls that count for it. */
  readonly today: { readonly day: string; readonly placed: number };
  /** The account's limit of calls per day, its present day, and the calls of all campaigns on it. Left out: no limit. */
  readonly accountCap?: { readonly limit: number; readonly day: string; readonly placed: number } | undefined;
  /** The first instant at which calls may be placed; null: calls are stopped until a command. */
  readonly beginsAt: number | null;
}

export interface Pace {
  /** How long a call takes its slot, from the decision to place it until its end is known. */
  readonly slotMs: number;
  /** The share of calls, 0 to 1, that end in an outcome of `retry_on`. */
  readonly retryShare: number;
}

export interface Projection {
  /**
   * `finished`: every contact was called. `expired`: the campaign ended before some were. `held`: calls may not be
   * placed. `never_opens`: the schedule does not open any more. `out_of_sight`: the campaign takes years.
   */
  readonly end: 'finished' | 'expired' | 'held' | 'never_opens' | 'out_of_sight';
  /** When the last call ends or the last contact is given up; null if that never happens. */
  readonly endsAt: number | null;
  readonly calls: number;
  /** Contacts that were given up. */
  readonly expired: number;
  /** Calls by civil day, in order; days without any are left out. */
  readonly days: ReadonlyMap<string, number>;
}

/** The horizon of a forecast. */
export const SIGHT_MS = 5 * 366 * 86_400_000;
const GRID_PER_CALL = 32;
/** With retries, enough rounds are skipped in one step to keep the number of steps below this. */
const STEPS = 4_000;

/** Work in small steps. The caller decides how many run per turn of the event loop. */
export type Steps<T> = Generator<void, T, void>;

/** A step is one window segment, or one instant at which calls begin. */
export function fastForward(input: ForecastInput, pace: Pace, segments: WindowSegments): Steps<Projection> {
  return new FastForward(input, pace).run(segments);
}

class FastForward {
  private readonly limit: number;
  private readonly expiresAt: number;
  private readonly grid: number;
  private readonly slotMs: number;
  private readonly mostRounds: number;
  /** By group. */
  private readonly pending: number[];
  /** Contacts that are not due yet. */
  private readonly later = new Queue<Cohort>();
  private laterContacts = 0;
  /** Contacts that are due, by attempt and group. */
  private readonly due: number[][] = [];
  /** Contacts that could be called now in their hours, by group. */
  private readonly ready: number[];
  /** The groups whose hours are open. */
  private open: readonly number[] = [];
  /** In the order in which they end; those before `firstLive` have ended. */
  private live: (Cohort & { endsAt: number })[] = [];
  private firstLive = 0;
  private liveContacts = 0;
  private lastEnd: number;
  /** By attempt: contacts whose call ended, and how many of these wait for a retry. */
  private readonly ended: number[] = [];
  private readonly retried: number[] = [];
  private calls = 0;
  private readonly days = new Map<string, number>();
  private readonly accountDays = new Map<string, number>();

  constructor(
    private readonly input: ForecastInput,
    private readonly pace: Pace,
  ) {
    const { spec, pending, waiting, inFlight, now } = input;
    this.limit = spec.max_concurrent_calls;
    this.expiresAt = spec.ends_at ?? Infinity;
    this.grid = Math.max(1, Math.round(pace.slotMs / GRID_PER_CALL));
    this.slotMs = this.grid * Math.max(1, Math.round(pace.slotMs / this.grid));
    this.pending = [...pending];
    this.ready = [...pending];
    this.lastEnd = now;
    for (const { dueAt, ...cohort } of waiting) this.putOff(cohort, dueAt);
    for (const cohort of inFlight) this.begin(cohort, now);
    const people = this.waiting() + this.liveContacts;
    const retries = pace.retryShare * spec.retry.budget;
    const rounds = (people * (1 + retries)) / Math.max(1, this.limit);
    this.mostRounds = retries === 0 ? Infinity : Math.max(1, Math.floor(rounds / STEPS));
  }

  *run(segments: WindowSegments): Steps<Projection> {
    const { now, beginsAt } = this.input;
    if (beginsAt === null || this.limit === 0) return this.standStill();
    const begins = Math.max(now, beginsAt);
    for (let index = 0; ; index++) {
      yield;
      const stretch = segments.at(index);
      if (stretch && stretch.closesAt <= begins) continue;
      const opensAt = Math.max(begins, stretch?.opensAt ?? Infinity);
      this.settle(Math.min(opensAt, this.expiresAt));
      if (this.isDone()) return this.over('finished', this.lastEnd);
      if (this.expiresAt < Infinity && opensAt >= this.expiresAt) {
        return this.over('expired', Math.max(this.expiresAt, this.lastEnd));
      }
      if (!stretch) return this.over('never_opens', null);
      if (opensAt > now + SIGHT_MS) return this.over('out_of_sight', null);
      this.open = stretch.open;
      yield* this.passThrough(stretch, opensAt, Math.min(stretch.closesAt, this.expiresAt));
    }
  }

  private standStill(): Projection {
    this.settle(this.expiresAt);
    if (this.isDone()) return this.over('finished', this.lastEnd);
    if (this.expiresAt === Infinity) return this.over('held', null);
    return this.over('expired', Math.max(this.expiresAt, this.lastEnd));
  }

  private *passThrough(days: Days, opensAt: number, closesAt: number): Steps<void> {
    for (let at = opensAt; at < closesAt;) {
      yield;
      this.settle(at);
      const left = this.capLeft(days);
      if (left === 0) return;
      this.place(days, at, Math.min(this.limit - this.liveContacts, left));
      const skipped = this.skipRounds(days, at, closesAt);
      const next = skipped > 0 ? at + skipped : this.nextInstant();
      at = opensAt + Math.ceil((next - opensAt) / this.grid) * this.grid;
    }
  }

  /** When a slot is freed or, if no contact is ready, one is due. */
  private nextInstant(): number {
    const free = this.live[this.firstLive]?.endsAt ?? Infinity;
    return this.readyNow() > 0 ? free : Math.min(free, this.later.head?.at ?? Infinity);
  }

  /** Processes what is over at this instant: calls that have ended, waiting times. */
  private settle(at: number): void {
    for (let call = this.live[this.firstLive]; call && call.endsAt <= at; call = this.live[this.firstLive]) {
      this.firstLive += 1;
      this.liveContacts -= call.contacts;
      this.conclude(call, call.endsAt);
    }
    if (this.firstLive > 1_000) {
      this.live = this.live.slice(this.firstLive);
      this.firstLive = 0;
    }
    for (let { head } = this.later; head && head.at <= at; { head } = this.later) {
      const { group, attempt, contacts } = head.value;
      this.later.pop();
      this.laterContacts -= contacts;
      const due = (this.due[attempt] ??= []);
      due[group] = (due[group] ?? 0) + contacts;
      this.ready[group] = (this.ready[group] ?? 0) + contacts;
    }
  }

  private place(days: Days, at: number, room: number): void {
    for (const cohort of this.take(room)) {
      this.count(days, cohort.contacts);
      this.begin(cohort, at);
    }
  }

  /**
   * While every slot is in use and enough contacts are ready, the next rounds are all alike and are skipped in one
   * step. Returns how long they take.
   */
  private skipRounds(days: Days, at: number, closesAt: number): number {
    if (this.liveContacts !== this.limit) return 0;
    const contacts = Math.min(this.readyNow(), this.capLeft(days));
    // The last call of a round begins at its very end, and must begin before the close.
    const time = Math.floor((closesAt - at - 1) / this.slotMs);
    const rounds = Math.min(this.mostRounds, Math.floor(contacts / this.limit), time);
    if (rounds < 1) return 0;
    const skipped = rounds * this.slotMs;
    for (const cohort of this.take(rounds * this.limit)) {
      this.count(days, cohort.contacts);
      this.conclude(cohort, at + skipped / 2);
    }
    for (let index = this.firstLive; index < this.live.length; index++) this.live[index]!.endsAt += skipped;
    this.lastEnd = Math.max(this.lastEnd, this.live.at(-1)?.endsAt ?? 0);
    return skipped;
  }

  /** Takes up to this many contacts whose hours are open, first those with a due time. */
  private take(most: number): Cohort[] {
    const taken: Cohort[] = [];
    for (const [attempt, due] of this.due.entries()) taken.push(...this.takeFrom(due, attempt, most - sum(taken)));
    return [...taken, ...this.takeFrom(this.pending, 1, most - sum(taken))];
  }

  /** Takes from each open group in proportion to its contacts: they are mixed in the roster. */
  private takeFrom(waiting: number[] | undefined, attempt: number, most: number): Cohort[] {
    if (waiting === undefined || most <= 0) return [];
    const taken: Cohort[] = [];
    let left = this.open.reduce((total, group) => total + (waiting[group] ?? 0), 0);
    let room = Math.min(most, left);
    for (const group of this.open) {
      const there = waiting[group] ?? 0;
      if (room === 0 || there === 0) continue;
      const contacts = Math.min(there, Math.ceil((room * there) / left));
      waiting[group] = there - contacts;
      this.ready[group] = (this.ready[group] ?? 0) - contacts;
      left -= there;
      room -= contacts;
      taken.push({ group, attempt, contacts });
    }
    return taken;
  }

  private begin({ group, attempt, contacts }: Cohort, at: number): void {
    const endsAt = at + this.slotMs;
    this.live.push({ group, attempt, contacts, endsAt });
    this.liveContacts += contacts;
    this.lastEnd = Math.max(this.lastEnd, endsAt);
  }

  /**
   * Processes ended calls: their share waits for a retry. It is spread so that it holds over all calls of one attempt.
   */
  private conclude({ group, attempt, contacts }: Cohort, at: number): void {
    const { retry } = this.input.spec;
    if (attempt > retry.budget) return;
    const ended = (this.ended[attempt] ?? 0) + contacts;
    const retried = Math.round(ended * this.pace.retryShare);
    const again = retried - (this.retried[attempt] ?? 0);
    this.ended[attempt] = ended;
    this.retried[attempt] = retried;
    if (again > 0) this.putOff({ group, attempt: attempt + 1, contacts: again }, at + retryDelayMs(retry, attempt));
  }

  private putOff(cohort: Cohort, dueAt: number): void {
    this.later.push(dueAt, cohort.attempt, cohort);
    this.laterContacts += cohort.contacts;
  }

  private count({ day, accountDay }: Days, calls: number): void {
    this.calls += calls;
    this.days.set(day, (this.days.get(day) ?? 0) + calls);
    if (accountDay !== null) this.accountDays.set(accountDay, (this.accountDays.get(accountDay) ?? 0) + calls);
  }

  private capLeft({ day, accountDay }: Days): number {
    const { spec, today, accountCap } = this.input;
    const own = unitsLeft(spec.max_calls_per_day, day === today.day ? today.placed : 0, this.days.get(day));
    if (!accountCap || accountDay === null) return own;
    const { limit, placed } = accountCap;
    return Math.min(
      own,
      unitsLeft(limit, accountDay === accountCap.day ? placed : 0, this.accountDays.get(accountDay)),
    );
  }

  private readyNow(): number {
    return this.open.reduce((total, group) => total + (this.ready[group] ?? 0), 0);
  }

  private waiting(): number {
    return this.ready.reduce((total, contacts) => total + contacts, this.laterContacts);
  }

  private isDone(): boolean {
    return this.waiting() === 0 && this.liveContacts === 0;
  }

  private over(end: Projection['end'], endsAt: number | null): Projection {
    const expired = end === 'expired' ? this.waiting() : 0;
    return { end, endsAt, calls: this.calls, expired, days: this.days };
  }
}

/** The days on which a call counts. */
type Days = Pick<WindowSegment, 'day' | 'accountDay'>;

function unitsLeft(limit: number | null, before: number, placed = 0): number {
  return limit === null ? Infinity : Math.max(0, limit - before - placed);
}

function sum(cohorts: readonly Cohort[]): number {
  return cohorts.reduce((total, { contacts }) => total + contacts, 0);
}
