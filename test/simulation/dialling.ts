/** Dials and look-ups on virtual time, step by step as activities/ and db/dial-permits.ts take them. */
import type { Admission, Passage } from '../../domain/dialling/connection-breaker.ts';
import { verdictOf } from '../../domain/dialling/connection-verdict.ts';
import type { PlaceResult } from '../../domain/dialling/provider-messages.ts';
import { sendBy } from '../../domain/dialling/send-by.ts';
import type { CallToLookUp } from '../../domain/engine/look-ups.ts';
import type { DialRequest as EngineDialRequest } from '../../domain/engine/starting-calls.ts';
import { lookUpEventId, recordEventId } from '../../domain/engine/ids.ts';
import type { EndedEvent } from '../../domain/engine/outcome.ts';
import { type LookUpFinding, type PlacementResult, REPEAT_REFUSED } from '../../domain/engine/placement.ts';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import type { VirtualClock } from './clock.ts';
import type { VirtualConnection } from './connection.ts';
import type { VirtualRate } from './connection-rate.ts';
import type { DialRecord } from './dial-records.ts';
import type { ArrivingEvent, LedgerCall, VirtualProvider } from './provider.ts';
import type { VirtualRoster } from './roster.ts';
import { type Answer, LIVES, type WorkerFate, type WorldModel } from './world-model.ts';

/** The activity's retry options in workflows/proxies.ts. */
const TRIES = 3;
const FIRST_RETRY_MS = 1_000;
/** What the budget of look-ups does not cover waits for the oldest request of the last minute. */
const DEFERRED_MS = 20_000;

export interface DialRequest extends EngineDialRequest {
  readonly callId: string;
}

/** One placement under way. */
export interface DialHandle {
  /** Cancels it if no worker is at it; otherwise it is waited for. */
  cancel(): void;
}

/** One try of a placement, as the server sees it: it ends once, by its answer or because its worker is not heard of. */
interface Try {
  finish(result: PlacementResult): void;
  /** The worker sends no more heartbeats. */
  fallSilent(): void;
}

/** A try that may send: its number, and when another may have sent before it. */
interface Permit {
  readonly tryNumber: number;
  readonly sentBefore: number | null;
  /** How it passed the circuit breaker of the connection. */
  readonly passage: Passage;
}

/** A try at its worker. */
interface WorkingTry {
  readonly request: DialRequest;
  readonly runId: string;
  readonly attempt: Try;
  readonly startedAt: number;
  /** What becomes of its worker. It happens once. */
  fate: WorkerFate;
}

/** An instant of the connection that a try has reserved. */
interface ReservedInstant {
  readonly instant: number;
  /** Nothing is sent from then on. */
  readonly lastAt: number;
}

type Unsent = Extract<
  PlacementResult,
  {
    readonly kind:
      | 'removed'
      | 'withdrawn'
      | 'suppressed'
      | 'expired'
      | 'delayed'
      | 'later'
      | 'postponed'
      | 'held'
      | 'next_day';
  }
>;

export class Dialling {
  /** Events of calls whose id at the provider is not known to us yet. */
  private readonly early = new Map<string, EndedEvent[]>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly world: WorldModel,
    private readonly roster: VirtualRoster,
    private readonly provider: VirtualProvider,
    private readonly connection: VirtualConnection,
    private readonly campaignId: string,
    private readonly onSent: () => void,
  ) {}

  dial(request: DialRequest, runId: string, report: (result: PlacementResult) => void): DialHandle {
    const { clock, world } = this;
    const givenUpAt = Math.max(request.notAfter, clock.now) + DIAL.tryMs;
    let running = false;
    let cancelled = false;
    let over = false;
    const finish = (result: PlacementResult): void => {
      if (over) return;
      over = true;
      report(result);
    };
    const begin = (tries: number): void => {
      if (over) return;
      running = true;
      let ended = false;
      const end = (then: () => void): void => {
        if (ended) return;
        ended = true;
        running = false;
        then();
      };
      const again = (): void => {
        const pauseMs = FIRST_RETRY_MS * 2 ** (tries - 1) + world.delay('dial');
        const hopeless = cancelled || tries >= TRIES || clock.now + pauseMs > givenUpAt;
        if (hopeless) finish({ kind: 'unanswered', error: false, reason: 'no_answer_from_worker' });
        else clock.after(pauseMs, () => begin(tries + 1));
      };
      this.tryOnce(request, runId, {
        finish: (result) => end(() => finish(result)),
        fallSilent: () => clock.after(DIAL.heartbeatTimeoutMs, () => end(again)),
      });
    };
    clock.after(world.delay('dial'), () => begin(1));
    return {
      cancel: () => {
        cancelled = true;
        if (running || over) return;
        over = true;
        clock.after(world.delay('task'), () => report({ kind: 'cancelled' }));
      },
    };
  }

  lookUp(asked: CallToLookUp & { readonly epoch: number }): LookUpFinding {
    const { callId, seq, attempt, placement, epoch } = asked;
    if (this.roster.isSettled(seq, attempt)) return { kind: 'ended', event: this.fromRecord(callId) };
    const { calls } = this.roster;
    const record = calls.open(callId, seq, attempt);
    if (record.refusal !== null) return { kind: 'not_placed', reason: record.refusal };
    const wasAccepted = record.acceptedAt !== null;
    // A worker that wakes later under this number sends nothing any more.
    if (!wasAccepted) calls.conclude(record, { epoch, placement });
    const stored = record.events[0]?.event;
    if (stored) return { kind: 'ended', event: stored };
    if (record.firstSentAt === null) return { kind: 'not_placed', reason: null };
    if (this.world.defersLookUp()) return { kind: 'deferred', retryAfterMs: DEFERRED_MS };
    const call = this.provider.find(callId, wasAccepted);
    if (!call) {
      const { keyTtlMs, requestTimeoutMs } = this.provider.facts;
      const isRemembered = this.clock.now + requestTimeoutMs < record.firstSentAt + keyTtlMs;
      return { kind: 'unknown', mayRepeat: !wasAccepted && isRemembered };
    }
    if (!wasAccepted) this.link(record, call);
    if (asked.cancelQueued) this.provider.cancel(call);
    if (!call.ended) return { kind: 'live', queued: this.clock.now < call.dialledAt };
    return {
      kind: 'ended',
      event: endedEvent({ ...call, eventId: lookUpEventId(callId), endedAt: call.endsAt }),
    };
  }

  /** Stores a terminal event. Returns it as it is to be signalled to the campaign; null: not now. */
  takeIn({ call, signalled, ...end }: ArrivingEvent): EndedEvent | null {
    const { callId, seq, attempt } = call;
    const event = endedEvent({ ...end, callId });
    const record = this.roster.calls.get(callId);
    if (!record) return signalled && this.roster.isSettled(seq, attempt) ? event : null;
    if (!this.provider.facts.echoes && record.acceptedAt === null) {
      this.early.set(callId, [...(this.early.get(callId) ?? []), event]);
      return null;
    }
    this.roster.calls.accept(record, this.clock.now);
    this.roster.calls.storeEvent(record, event, signalled);
    return signalled ? event : null;
  }

  /** The activity: permit, request, answer on record. The worker may die, or freeze and go on later, in between. */
  private tryOnce(request: DialRequest, runId: string, attempt: Try): void {
    const fate = this.world.worker();
    this.unlessStopped('before_record', fate, attempt, () => {
      // A worker that froze with the task in hand begins its try only now: it has all of its time.
      const working = { request, runId, attempt, startedAt: this.clock.now, fate };
      const { rate } = this.connection;
      if (rate === null) this.dialAt(working, null);
      else this.takeInstant(working, rate, null);
    });
  }

  /** Reserves an instant, unless a gate is closed already, and waits until shortly before it. */
  private takeInstant(working: WorkingTry, rate: VirtualRate, missed: number | null): void {
    const { clock, world } = this;
    const { request, runId, attempt, startedAt } = working;
    clock.after(world.delay('record'), () => {
      const closed = this.closedGate(request, runId) ?? this.heldBeforeItsInstant(request);
      if (closed) return attempt.finish(closed);
      const askedAt = clock.now;
      const sendableMs = Math.min(request.notAfter, startedAt + DIAL.sendWithinMs) - askedAt;
      clock.after(world.delay('record'), () => {
        const reserved = rate.reserve(clock.now, Math.min(sendableMs, DIAL.reserveAheadMs), missed);
        if (reserved.kind !== 'reserved') {
          const over = request.notAfter <= startedAt + DIAL.sendWithinMs ? 'expired' : 'delayed';
          const unsent: Unsent = reserved.kind === 'later' ? reserved : { kind: over };
          clock.after(world.delay('record'), () =>
            attempt.finish(this.closedGate(request, runId) ?? this.withoutSending(request, unsent)),
          );
          return;
        }
        const { instant, waitMs } = reserved;
        const lastAt = askedAt + waitMs + DIAL.instantLastsMs;
        clock.after(waitMs - DIAL.recordAheadMs, () => this.dialAt(working, { instant, lastAt }));
      });
    });
  }

  /** Takes the permission, waits for the instant if there is one, and sends. */
  private dialAt(working: WorkingTry, reserved: ReservedInstant | null): void {
    const { clock, world } = this;
    const { request, runId, attempt, startedAt } = working;
    const askedAt = clock.now;
    clock.after(world.delay('record'), () => {
      const permit = this.permit(request, runId);
      if ('kind' in permit) return attempt.finish(permit);
      const { sentBefore } = permit;
      const { notAfter } = request;
      const { facts } = this.provider;
      const { accountDays } = this.connection;
      const heldFrom = accountDays && accountDays.dayAt(clock.now).endsAt - request.marginMs;
      const last = sendBy({ startedAt, askedAt, permittedAt: clock.now, notAfter, heldFrom, sentBefore, ...facts });
      const { fate } = working;
      if (fate.at === 'before_sending') working.fate = LIVES;
      const goOn = (): void => {
        this.unlessStopped('before_sending', fate, attempt, () => {
          if (clock.now < Math.min(last.at, reserved?.lastAt ?? Infinity)) return this.send(working, permit, fate);
          const { rate } = this.connection;
          if (reserved && rate && clock.now < last.at) {
            const { instant } = reserved;
            clock.after(world.delay('record'), () => {
              this.takeBack(request, permit);
              this.takeInstant(working, rate, instant);
            });
            return;
          }
          this.record(request, permit, { kind: 'expired' }, () => attempt.finish({ kind: last.otherwise }));
        });
      };
      if (reserved) clock.at(reserved.instant, goOn);
      else goOn();
    });
  }

  private send({ request, attempt }: WorkingTry, permit: Permit, fate: WorkerFate): void {
    const { clock, world, provider } = this;
    const { callId, seq, attempt: number } = request;
    const { requestTimeoutMs } = provider.facts;
    const sentAt = clock.now;
    this.onSent();
    clock.at(sentAt + Math.min(world.delay('request'), requestTimeoutMs - 1), () => {
      const answer = provider.receive(callId, seq, number, sentAt);
      this.unlessStopped('after_sending', fate, attempt, () => {
        const heardAt = clock.now + world.delay('reply');
        const unheard =
          answer.kind === 'unheard' || answer.kind === 'accepts_unheard' || heardAt >= sentAt + requestTimeoutMs;
        if (unheard) {
          clock.at(sentAt + requestTimeoutMs, () => {
            this.tellBreaker(callId, permit, { kind: 'unheard' });
            attempt.finish({ kind: 'unknown', reason: 'timeout', retryAfterMs: null });
          });
          return;
        }
        clock.at(heardAt, () => this.record(request, permit, answer, (result) => attempt.finish(result)));
      });
    });
  }

  /** A worker that dies at this point goes no further; one that freezes goes on later, whatever became of its try. */
  private unlessStopped(point: WorkerFate['at'], fate: WorkerFate, attempt: Try, goOn: () => void): void {
    if (fate.at !== point) return goOn();
    if (fate.forMs >= DIAL.heartbeatTimeoutMs) attempt.fallSilent();
    if (fate.forMs !== Infinity) this.clock.after(fate.forMs, goOn);
  }

  /** The first transaction of a try: whether it may send, and if not, what that means. */
  private permit(request: DialRequest, runId: string): Permit | PlacementResult {
    const closed = this.closedGate(request, runId);
    if (closed) return closed;
    const { calls } = this.roster;
    const admission = this.connection.breaker.admit(request, this.clock.now, this.world.spread());
    if (admission.kind === 'held') return this.withoutSending(request, held(admission));
    const record = calls.open(request.callId, request.seq, request.attempt);
    return { ...calls.writeAhead(record, request.day, this.clock.now), passage: admission.passage };
  }

  /** While the breaker is open no dial takes an instant. */
  private heldBeforeItsInstant(request: DialRequest): PlacementResult | null {
    const admission = this.connection.breaker.peek(request, this.clock.now, this.world.spread());
    return admission.kind === 'held' ? this.withoutSending(request, held(admission)) : null;
  }

  private closedGate(request: DialRequest, runId: string): PlacementResult | null {
    const { clock, world, roster } = this;
    const { callId, seq, attempt, epoch, notBefore, notAfter } = request;
    if (!roster.isOwnedBy(runId, epoch)) return { kind: 'superseded' };
    const known = this.knownResult(request);
    if (known) return known;
    const { sharedLimits } = this.connection;
    if (!sharedLimits.every((limit) => limit.hasShare(this.campaignId, epoch))) return { kind: 'superseded' };
    if (roster.isRemoved(request)) return this.withoutSending(request, { kind: 'removed' });
    const record = roster.calls.open(callId, seq, attempt);
    if (roster.calls.isWithdrawn(record, request)) return this.withoutSending(request, { kind: 'withdrawn' });
    if (world.isSuppressed(seq)) return this.withoutSending(request, { kind: 'suppressed' });
    if (clock.now >= notAfter) return this.withoutSending(request, { kind: 'expired' });
    if (clock.now < notBefore) return this.withoutSending(request, { kind: 'delayed' });
    const until = roster.notBefore(request);
    if (until !== null && clock.now < until) {
      const afterMs = until - clock.now;
      return this.withoutSending(request, { kind: 'postponed', until, afterMs, waitsFor: 'not_before' });
    }
    const { accountDays } = this.connection;
    const isSent = record.firstSentAt !== null;
    const nextDay = accountDays?.holdsUntil(callId, isSent, request.marginMs, clock.now) ?? null;
    if (nextDay !== null) return this.withoutSending(request, { kind: 'next_day', until: nextDay });
    const hold = this.connection.numbers?.hold(seq, callId, clock.now) ?? null;
    if (hold !== null) {
      const { until } = hold;
      return this.withoutSending(request, { kind: 'postponed', until, afterMs: until - clock.now, waitsFor: 'number' });
    }
    return null;
  }

  private withoutSending({ callId, epoch, placement }: DialRequest, unsent: Unsent): PlacementResult {
    const record = this.roster.calls.get(callId);
    if (record && record.firstSentAt !== null) return { kind: 'unresolved' };
    if (record) this.roster.calls.conclude(record, { epoch, placement });
    return unsent;
  }

  /** The try has missed its instant, and goes on. */
  private takeBack({ callId }: DialRequest, { tryNumber, sentBefore }: Permit): void {
    const record = this.roster.calls.get(callId);
    if (record && sentBefore === null) this.roster.calls.takeBack(record, tryNumber);
  }

  /** The last transaction of a try, which takes its time: writes the answer down and says what the campaign is told. */
  private record(
    request: DialRequest,
    permit: Permit,
    answer: (Answer & { call?: LedgerCall }) | { readonly kind: 'expired' },
    told: (result: PlacementResult) => void,
  ): void {
    this.clock.after(this.world.delay('record'), () => {
      const { callId, seq, attempt } = request;
      const { calls } = this.roster;
      const record =
        calls.get(callId) ?? (this.roster.isSettled(seq, attempt) ? null : calls.open(callId, seq, attempt));
      told(
        record ? this.written(record, request, permit, answer) : { kind: 'accepted', ended: this.fromRecord(callId) },
      );
    });
  }

  private written(
    record: DialRecord,
    number: DialRequest,
    permit: Permit,
    answer: (Answer & { call?: LedgerCall }) | { readonly kind: 'expired' },
  ): PlacementResult {
    const { calls } = this.roster;
    const isRepeat = permit.sentBefore !== null;
    const { tryNumber } = permit;
    const heldNow = this.tellBreaker(record.callId, permit, answer);
    switch (answer.kind) {
      case 'accepts':
        if (answer.call) this.link(record, answer.call);
        return { kind: 'accepted', ended: record.events[0]?.event ?? null };
      case 'rejected':
        if (isRepeat) return { kind: 'unknown', reason: REPEAT_REFUSED, retryAfterMs: null };
        calls.refuse(record, answer.reason, tryNumber);
        return answer;
      case 'throttled':
      case 'unavailable':
      case 'blocked':
        if (!isRepeat) {
          calls.withdraw(record, number, tryNumber);
          // The trouble is of the campaign alone.
          return heldNow ?? { kind: 'blocked', reason: 'agent_not_found' };
        }
        return {
          kind: 'unknown',
          reason: answer.kind,
          retryAfterMs: answer.kind === 'throttled' ? answer.retryAfterMs : null,
        };
      case 'expired':
        if (!isRepeat) calls.withdraw(record, number, tryNumber);
        return { kind: 'expired' };
      case 'accepts_unheard':
      case 'unheard':
        return { kind: 'unknown', reason: 'timeout', retryAfterMs: null };
    }
  }

  private tellBreaker(
    callId: string,
    { passage }: Permit,
    answer: Answer | { readonly kind: 'expired' },
  ): PlacementResult | null {
    const { clock, connection, world } = this;
    return connection.breaker.tell(callId, passage, verdictOf(asAdapterSays(answer)), clock.now, world.spread());
  }

  private link(record: DialRecord, call: LedgerCall): void {
    this.roster.calls.accept(record, this.clock.now);
    for (const event of this.early.get(call.callId) ?? []) this.roster.calls.storeEvent(record, event, true);
    this.early.delete(call.callId);
  }

  private knownResult({ callId, seq, attempt }: DialRequest): PlacementResult | null {
    const record = this.roster.calls.get(callId);
    if (!record) {
      return this.roster.isSettled(seq, attempt) ? { kind: 'accepted', ended: this.fromRecord(callId) } : null;
    }
    if (record.refusal !== null) return { kind: 'rejected', reason: record.refusal };
    return record.acceptedAt !== null ? { kind: 'accepted', ended: record.events[0]?.event ?? null } : null;
  }

  /** A settled call is not told apart any more; a run that asks for one has it no longer in flight. */
  private fromRecord(callId: string): EndedEvent {
    return { event_id: recordEventId(callId), call_id: callId, outcome: 'lost', ended_at: this.clock.now };
  }
}

function endedEvent({
  callId,
  eventId,
  outcome,
  endedAt,
  accountFault,
}: Omit<ArrivingEvent, 'call' | 'signalled'> & { readonly callId: string }): EndedEvent {
  const fault = accountFault === undefined ? {} : { account_fault: accountFault };
  return { event_id: eventId, call_id: callId, outcome, ended_at: endedAt, ...fault };
}

function held({ afterMs, trouble: { reason, since, times } }: Extract<Admission, { kind: 'held' }>): Unsent {
  return { kind: 'held', afterMs, trouble: { reason, since, times } };
}

function asAdapterSays(answer: Answer | { readonly kind: 'expired' }): PlaceResult {
  switch (answer.kind) {
    case 'accepts':
      return { kind: 'accepted', providerCallId: 'any' };
    case 'accepts_unheard':
    case 'unheard':
      return { kind: 'unknown', reason: 'timeout' };
    case 'expired':
    case 'rejected':
    case 'throttled':
    case 'unavailable':
    case 'blocked':
      return answer;
  }
}
