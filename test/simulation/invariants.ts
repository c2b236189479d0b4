/**
 * The promises of a campaign, checked at every step of a virtual one against the ledger of its provider. The first that
 * is broken ends the campaign with an error that names it.
 */
import type { EngineSpec } from '../../domain/engine/campaign-spec.ts';
import type { CampaignState } from '../../domain/engine/campaign-state.ts';
import type { Step, Work } from '../../domain/engine/next-step.ts';
import type { ExchangeRequest } from '../../domain/engine/roster.ts';
import { liveBuckets } from '../../domain/engine/settling.ts';
import { BUCKETS, total, type Bucket } from '../../domain/engine/tally.ts';
import type { CampaignWatch, VirtualCampaign } from './campaign.ts';
import { check, iso } from './violation.ts';
import type { VirtualRun } from './virtual-run.ts';
import type { LedgerCall } from './provider.ts';
import type { ProviderFacts } from '../../providers/port.ts';
import { type GroupRule, OWN_HOURS } from '../../domain/windows/group-hours.ts';
import { policiesNamed } from '../../domain/windows/policies/built-in.ts';
import type { Policy } from '../../domain/windows/policies/policy.ts';
import { Schedule } from '../../domain/windows/schedule.ts';
import { civilDay, isInside } from '../../domain/windows/windows.ts';
import { groupNumber } from './contact-rows.ts';
import { CONTACT_ZONE, dayZoneOf } from '../../domain/engine/schedule-fields.ts';

export interface InvariantsOptions {
  /** How many contacts there may be in the end. */
  readonly mostContacts: number;
  /** What decides the hours of each group. Default: all contacts have the campaign's own hours. */
  readonly groups?: readonly GroupRule[] | undefined;
  readonly spec: EngineSpec;
  readonly provider: ProviderFacts;
  readonly graceMs: number;
  /** Whether look-ups may be over budget. Default: no. */
  readonly defersLookUps?: boolean;
  /** Check what costs time in proportion to the calls in flight only in every so many turns. */
  readonly everyTurns: number;
  readonly trace?: ((line: string) => void) | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/**
 * How much later than a call's deadline its slot may be free: the last look-up begins there at the latest, after others
 * that are under way, and takes its time; the longest pause between two look-ups comes before it.
 */
const LOOK_UP_SLACK_MS = 5 * MINUTE_MS;
/** How much longer a call is kept that the budget of look-ups does not let anybody ask about. */
const DEFERRED_FOR_MS = 15 * MINUTE_MS;

export class Invariants implements Omit<CampaignWatch, 'sent'> {
  readonly counts = {
    accepted: 0,
    settled: 0,
    decisions: 0,
    peak: 0,
    late: 0,
    lost: 0,
    pauses: 0,
    placements: 0,
    /** How often each kind of step was taken. */
    steps: {} as Partial<Record<Step['kind'], number>>,
  };
  campaign!: VirtualCampaign;
  private readonly specs: { from: number; readonly spec: EngineSpec }[];
  private inFlight = 0;
  private pausedSince: number | null = null;
  private namedAtPause: ReadonlySet<string> = new Set();
  /** Per contact: attempts accepted, attempts settled (one bit each), terminal buckets entered, earliest next dial. */
  private readonly accepts: Uint32Array;
  private readonly settles: Uint32Array;
  /** Per contact: attempts that did not take place because of the account, and how many were excused. */
  private readonly faults: Uint32Array;
  private readonly excuses: Uint8Array;
  private readonly closes: Uint8Array;
  private readonly retryAt: Float64Array;
  private readonly dialsByMinute = new Map<number, number>();
  private days: { readonly endsAt: number; dials: number }[] = [];
  /** By group: the latest answer. */
  private readonly insideMinute: { readonly spec: EngineSpec; readonly minute: number; readonly inside: boolean }[] =
    [];
  private questions = 0;
  private decidedAt = -Infinity;
  /** Decisions at one instant. */
  private atOnce = 0;
  /** A run that takes over gives calls whose time is over a chance to be looked up, and a time of grace for it. */
  private tookOverAt = 0;
  /** When an unknown call was last asked for again: from then on it may have been accepted again. */
  private readonly repeatedAt = new Map<string, number>();

  constructor(private readonly options: InvariantsOptions) {
    this.specs = [{ from: -Infinity, spec: options.spec }];
    this.accepts = new Uint32Array(options.mostContacts + 1);
    this.settles = new Uint32Array(options.mostContacts + 1);
    this.faults = new Uint32Array(options.mostContacts + 1);
    this.excuses = new Uint8Array(options.mostContacts + 1);
    this.closes = new Uint8Array(options.mostContacts + 1);
    this.retryAt = new Float64Array(options.mostContacts + 1);
  }

  accepted(call: LedgerCall, sentAt: number): void {
    const { seq, attempt, callId } = call;
    const specs = this.specsSince(sentAt);
    this.counts.accepted += 1;
    this.inFlight += 1;
    this.counts.peak = Math.max(this.counts.peak, this.inFlight);
    this.trace(`accepted ${callId}`);
    const limit = Math.max(...specs.map((spec) => spec.max_concurrent_calls));
    this.hold('P1', this.inFlight <= limit, () => `${this.inFlight} calls in flight, ${limit} allowed (${callId})`);
    const { pausedSince } = this;
    // A request that a terminated run had sent may still be on its way. The acknowledgement names its call.
    const wasNamed = sentAt < (pausedSince ?? Infinity) && this.namedAtPause.has(callId);
    this.hold(
      'P4',
      pausedSince === null || wasNamed,
      () => `accepted ${callId} after the pause acknowledged at ${iso(pausedSince)}`,
    );
    this.hold('P5', !hasBit(this.accepts, seq, attempt), () => `${callId} accepted a second time`);
    setBit(this.accepts, seq, attempt);
    if (call.accountFault !== undefined) setBit(this.faults, seq, attempt);
    const budget = this.options.spec.retry.budget;
    const most = budget + 1 + (this.excuses[seq] ?? 0);
    this.hold('P9', attempt <= most, () => `attempt ${attempt} of ${most} (${callId})`);
    const earliest = this.retryAt[seq] ?? 0;
    this.hold('P9', sentAt >= earliest, () => `${callId} dialled before ${iso(earliest)}`);
    this.hold('P9', this.closes[seq] === 0, () => `${callId} dialled although its contact is done`);
  }

  dialled({ callId, seq, acceptedAt, dialledAt }: LedgerCall, sentAt: number): void {
    const specs = this.specsSince(sentAt);
    const dials = this.countDial(dialledAt);
    const cap = Math.max(...specs.map((spec) => spec.max_calls_per_day ?? Infinity));
    this.hold('P2', dials <= cap, () => `${dials} dials in one day, ${cap} allowed (${callId})`);
    this.hold(
      'P3',
      specs.some((spec) => this.isInside(spec, seq, acceptedAt) && this.isInside(spec, seq, dialledAt)),
      () => `accepted at ${iso(acceptedAt)} and dialled at ${iso(dialledAt)}, outside the window (${callId})`,
    );
  }

  ended(call: LedgerCall): void {
    this.inFlight -= 1;
    this.trace(`ended ${call.callId} ${call.outcome}`);
  }

  settled(settlement: ExchangeRequest['settled'][number], effective: boolean): void {
    if (!effective) return;
    const { seq, attempt, outcome, to, reason, at } = settlement;
    this.counts.settled += 1;
    if (outcome === 'lost') this.counts.lost += 1;
    const what = `contact ${seq}, attempt ${attempt}`;
    this.trace(`settled ${what} ${to} ${reason}`);
    this.hold('P6', !hasBit(this.settles, seq, attempt), () => `${what} settled twice`);
    setBit(this.settles, seq, attempt);
    const wasAccepted = hasBit(this.accepts, seq, attempt);
    if (outcome === null) {
      this.hold('P9', !wasAccepted, () => `${what} was called and is written down as ${reason}`);
    } else if (outcome !== 'lost') {
      this.hold('P9', wasAccepted, () => `${what} was never called and is written down as ${outcome}`);
    }
    if (to !== 'retrying') return;
    if (settlement.isExcused) {
      this.hold('P9', hasBit(this.faults, seq, attempt), () => `${what} is excused, and its call took place`);
      this.excuses[seq] = (this.excuses[seq] ?? 0) + 1;
      return;
    }
    const { on, delayMinutes } = this.options.spec.retry;
    this.hold(
      'P9',
      on.some((retried) => retried === outcome),
      () => `${what} is to be retried after ${outcome}`,
    );
    const delay = delayMinutes[Math.min(attempt, delayMinutes.length) - 1] ?? 0;
    this.retryAt[seq] = at + delay * MINUTE_MS;
  }

  closed(seq: number, attempt: number, bucket: Bucket, reason: string): void {
    this.closes[seq] = (this.closes[seq] ?? 0) + 1;
    this.hold('P9', this.closes[seq] === 1, () => `contact ${seq} came to a terminal bucket again, to ${bucket}`);
    this.hold('P9', reason !== '', () => `contact ${seq} is ${bucket} without a reason`);
    const wasCalled = hasBit(this.accepts, seq, attempt);
    this.hold('ends_at', reason !== 'expired' || this.hasExpired(), () => `contact ${seq} expired before the end`);
    this.hold('P9', bucket !== 'skipped' || !wasCalled, () => `contact ${seq} was called and is skipped: ${reason}`);
  }

  moved(seq: number, at: number): void {
    this.trace(`contact ${seq} is to be called at ${iso(at)}`);
    this.retryAt[seq] = at;
  }

  decided(run: VirtualRun, step: Step): void {
    this.counts.decisions += 1;
    this.counts.steps[step.kind] = (this.counts.steps[step.kind] ?? 0) + 1;
    this.questions = step.kind === 'ask_window' ? this.questions + 1 : 0;
    this.hold('progress', this.questions < 1_000, () => 'the window is asked for again and again');
    this.atOnce = this.now === this.decidedAt ? this.atOnce + 1 : 0;
    this.decidedAt = this.now;
    this.hold('progress', this.atOnce < 1_000, () => `the loop turns without end: ${step.kind}`);
    if (step.kind === 'work') {
      this.counts.placements += step.place.length + step.repeat.length;
      for (const id of step.repeat) this.repeatedAt.set(id, this.now);
    }
    if (step.kind === 'continue_as_new') this.checkIdle(run);
    if (this.options.trace) this.trace(describe(run.state, step));
    if (this.counts.decisions % this.options.everyTurns !== 0) return;
    this.checkBuckets(run);
    this.checkSlots(run);
  }

  pauseAcknowledged(named: ReadonlySet<string>): void {
    this.namedAtPause = named;
    this.counts.pauses += 1;
    this.pausedSince = this.now;
    this.trace('pause acknowledged');
  }

  resumed(): void {
    this.pausedSince = null;
    this.trace('resumed');
  }

  tookOver(): void {
    this.tookOverAt = this.now;
  }

  termsChanged(spec: EngineSpec): void {
    const before = this.specs.at(-1)?.spec;
    this.specs.push({ from: this.now, spec });
    if (before && dayZoneOf(before.schedule) === dayZoneOf(spec.schedule)) return;
    this.days = [];
    const minutes = [...this.dialsByMinute].sort(([a], [b]) => a - b);
    for (const [minute, dials] of minutes) this.dayOf(minute * MINUTE_MS).dials += dials;
  }

  /** What must be true when the campaign is over, and nothing more will happen. */
  concluded(): void {
    const { result, roster } = this.campaign;
    const contacts = roster.contacts.total;
    this.hold('progress', result !== null, () => `nothing will ever happen again: ${describe(this.campaign.state)}`);
    const buckets = roster.contacts.buckets;
    const done = buckets.completed + buckets.failed + buckets.skipped;
    this.hold('P9', done === contacts, () => `${contacts - done} contacts are in no terminal bucket`);
    const open = this.closes.indexOf(0, 1);
    this.hold('P9', open === -1 || open > contacts, () => `contact ${open} came to no end`);
    const answered = result?.buckets;
    const agree = answered !== undefined && BUCKETS.every((bucket) => answered[bucket] === buckets[bucket]);
    this.hold('P8', agree, () => `the result says ${JSON.stringify(answered)}, the roster ${JSON.stringify(buckets)}`);
    const { ending } = roster;
    const asRecorded = ending === null || (result?.status === 'cancelled') === (ending === 'cancelled');
    this.hold('ending', asRecorded, () => `the campaign is ${result?.status}, and its records say ${ending}`);
    let reasons = 0;
    for (const count of roster.contacts.reasons.values()) reasons += count;
    this.hold('P9', reasons === buckets.failed + buckets.skipped, () => 'a reason is missing');
  }

  /** Only the state is passed on: what else is under way would be lost, and a caller would get no answer. */
  private checkIdle({ state, inbox, changes, exchanging, lookingUp, handlers }: VirtualRun): void {
    const underWay = {
      placements: Object.values(state.inFlight).filter(({ phase }) => phase === 'placing').length,
      exchanges: Number(exchanging),
      lookUps: Number(lookingUp),
      messages: inbox.length,
      changes: changes.length,
      callers: Number(!handlers.finished),
    };
    const isIdle = Object.values(underWay).every((count) => count === 0);
    this.hold('continue-as-new', isIdle, () => `the run ends with ${JSON.stringify(underWay)}`);
  }

  private checkBuckets({ state }: VirtualRun): void {
    const { buckets: roster, total: contacts } = this.campaign.roster.contacts;
    this.hold('P8', total(roster) === contacts, () => `the roster's buckets sum to ${total(roster)} of ${contacts}`);
    const isKnown = total(state.roster.buckets) > 0 && !state.superseded;
    if (!isKnown) return;
    const live = liveBuckets(state);
    // Of people who are added, the campaign knows by its next exchange.
    const known = total(state.roster.buckets);
    const isWhole = total(live) === known && known <= contacts;
    this.hold('P8', isWhole, () => `the buckets sum to ${total(live)} of ${contacts}`);
    this.hold(
      'P8',
      BUCKETS.every((bucket) => live[bucket] >= 0),
      () => `negative: ${JSON.stringify(live)}`,
    );
    const calls = Object.values(state.inFlight).filter(({ takenOut, synced }) => !takenOut || synced).length;
    this.hold('P8', live.in_progress === calls, () => `${live.in_progress} in progress, ${calls} calls in flight`);
  }

  private checkSlots({ state }: VirtualRun): void {
    const { provider, graceMs, defersLookUps = false } = this.options;
    const slackMs = LOOK_UP_SLACK_MS + (defersLookUps ? DEFERRED_FOR_MS : 0);
    const patience = provider.queueBoundMs + provider.callLifetimeMs + graceMs + slackMs;
    for (const [id, call] of Object.entries(state.inFlight)) {
      if (call.phase === 'placing') continue;
      const truth = this.campaign.provider.truth(id);
      const sentAt = Math.max(call.sentAt, this.repeatedAt.get(id) ?? 0, this.tookOverAt);
      const over = truth ? (truth.ended ? Math.max(truth.endsAt, sentAt) : this.now) : sentAt;
      this.hold('P7', this.now <= over + patience, () => `${id} is ${call.phase} and was over at ${iso(over)}`);
    }
  }

  /** Whether the hours of the contact are open, directly from their definition: in each of its zones. */
  private isInside(spec: EngineSpec, seq: number, at: number): boolean {
    const { groups = [OWN_HOURS] } = this.options;
    const group = groupNumber(seq, groups.length);
    const minute = Math.floor(at / MINUTE_MS);
    const cached = this.insideMinute[group];
    if (cached?.spec === spec && cached.minute === minute) return cached.inside;
    const inside = isInsideOf(groups[group] ?? OWN_HOURS, spec.schedule, at);
    this.insideMinute[group] = { spec, minute, inside };
    return inside;
  }

  private countDial(at: number): number {
    const minute = Math.floor(at / MINUTE_MS);
    this.dialsByMinute.set(minute, (this.dialsByMinute.get(minute) ?? 0) + 1);
    if (this.dialsByMinute.size > 20_000) {
      for (const old of this.dialsByMinute.keys())
        if (old * MINUTE_MS < at - 4 * DAY_MS) this.dialsByMinute.delete(old);
    }
    const day = this.dayOf(at);
    day.dials += 1;
    return day.dials;
  }

  private dayOf(at: number): { dials: number } {
    for (let index = this.days.length - 1; index >= 0; index--) {
      const day = this.days[index];
      const begin = this.days[index - 1]?.endsAt ?? -Infinity;
      if (day && at < day.endsAt && at >= begin) return day;
    }
    const zone = dayZoneOf(this.specs.at(-1)!.spec.schedule);
    const day = { endsAt: civilDay(zone, at).endsAt, dials: 0 };
    this.days.push(day);
    return day;
  }

  private hasExpired(): boolean {
    const { ends_at } = this.specs.at(-1)!.spec;
    return ends_at !== null && ends_at <= this.now;
  }

  /** The terms that were in force at any time since then. */
  private specsSince(at: number): EngineSpec[] {
    const first = this.specs.findLastIndex(({ from }) => from <= at);
    return this.specs.slice(Math.max(0, first)).map(({ spec }) => spec);
  }

  private get now(): number {
    return this.campaign.clock.now;
  }

  private hold(promise: string, holds: boolean, detail: () => string): void {
    check(promise, this.now, holds, detail);
  }

  private trace(line: string): void {
    this.options.trace?.(`${iso(this.now)} ${line}`);
  }
}

function describe(state: CampaignState, step?: Step): string {
  const calls = Object.entries(state.inFlight).map(([id, { phase }]) => `${id.slice(id.indexOf('.'))}:${phase}`);
  return [
    `turn: ${state.status}${state.ending ? ` (${state.ending})` : ''}`,
    `waits for ${step?.waiting.for ?? 'nothing'}`,
    `ready ${state.ready.length}, settled ${state.settled.length}, in flight [${calls.join(' ')}]`,
    ...(step?.kind === 'work' ? describeWork(step) : [step?.kind ?? 'stands still']),
  ].join('; ');
}

function describeWork({ place, repeat, lookUp, exchange, cancelPlacements }: Work): string[] {
  const does = [
    cancelPlacements && 'cancel placements',
    place.length > 0 && `place ${place.map(({ seq, attempt }) => `${seq}.${attempt}`).join(' ')}`,
    repeat.length > 0 && `repeat ${repeat.length}`,
    lookUp.length > 0 && `look up ${lookUp.length}`,
    exchange && `exchange, want ${exchange.wantDue ?? exchange.want}`,
  ];
  return does.filter((item) => typeof item === 'string');
}

function hasBit(bits: Uint32Array, index: number, bit: number): boolean {
  return ((bits[index] ?? 0) & (1 << bit)) !== 0;
}

function setBit(bits: Uint32Array, index: number, bit: number): void {
  bits[index] = (bits[index] ?? 0) | (1 << bit);
}

function isInsideOf({ zones, policies }: GroupRule, schedule: EngineSpec['schedule'], at: number): boolean {
  const own = schedule.timezone === CONTACT_ZONE ? zones : [schedule.timezone];
  const narrowing = policiesNamed(policies);
  return (
    own.every((timezone) => isInside({ ...schedule, timezone }, at)) &&
    zones.every((timezone) => narrowing.every((policy) => permits(policy, timezone, at)))
  );
}

function permits({ hours, holidays, valid_from, valid_to }: Policy, timezone: string, at: number): boolean {
  const { date } = civilDay(timezone, at);
  if ((valid_from !== null && date < valid_from) || (valid_to !== null && date > valid_to)) return true;
  const days = hours === null ? EVERY_DAY : { calling_hours: hours };
  return isInside(Schedule.parse({ timezone, holidays, ...days }), at);
}

const EVERY_DAY = { working_days: [1, 2, 3, 4, 5, 6, 7] };
