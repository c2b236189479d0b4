/** Dials and look-ups on virtual time, step by step as activities/ and db/calls.ts take them. */
import { lookUpEventId } from '../../domain/engine/ids.ts';
import type { EndedEvent } from '../../domain/engine/outcome.ts';
import { type LookUpFinding, type PlacementResult, REPEAT_REFUSED } from '../../domain/engine/placement.ts';
import { sendBy } from '../../domain/dialling/send-by.ts';
import type { VirtualClock } from './clock.ts';
import type { Answer, WorldModel } from './world-model.ts';
import type { DialRecord } from './dial-records.ts';
import type { ArrivingEvent, LedgerCall, VirtualProvider } from './provider.ts';
import type { VirtualRoster } from './roster.ts';

/** The activity's options: how long one try may take, how many there may be, and when a try must have sent. */
const TRY_MS = 30_000;
const TRIES = 3;

export interface DialRequest {
  readonly callId: string;
  readonly seq: number;
  readonly attempt: number;
  readonly placement: number;
  readonly day: string;
  readonly notAfter: number;
}

/** One placement under way. */
export interface DialHandle {
  /** Takes it back if no worker is at it; otherwise it is waited for. */
  cancel(): void;
}

export class Dialling {
  /** Events of calls whose id at the provider is not known to us yet. */
  private readonly early = new Map<string, EndedEvent[]>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly world: WorldModel,
    private readonly roster: VirtualRoster,
    private readonly provider: VirtualProvider,
  ) {}

  dial(request: DialRequest, runId: string, report: (result: PlacementResult) => void): DialHandle {
    const { clock, world } = this;
    const givenUpAt = Math.max(request.notAfter, clock.now) + TRY_MS;
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
      const startedAt = clock.now;
      this.tryOnce(request, runId, finish, () => {
        clock.at(startedAt + TRY_MS, () => {
          running = false;
          const again = 1_000 * 2 ** (tries - 1) + world.delay('dial');
          const hopeless = cancelled || tries >= TRIES || clock.now + again > givenUpAt;
          if (hopeless) finish({ kind: 'unanswered', error: false, reason: 'no_answer_from_worker' });
          else clock.after(again, () => begin(tries + 1));
        });
      });
    };
    clock.after(world.delay('dial'), () => begin(1));
    return {
      cancel: () => {
        cancelled = true;
        if (running || over) return;
        over = true;
        clock.after(world.delay('task'), () => report({ kind: 'taken_back' }));
      },
    };
  }

  lookUp(callId: string, seq: number, attempt: number, placement: number): LookUpFinding {
    if (this.roster.isSettled(seq, attempt)) return { kind: 'ended', event: this.fromRecord(callId) };
    const { calls } = this.roster;
    const record = calls.open(callId, seq, attempt);
    if (record.refusal !== null) return { kind: 'not_placed', reason: record.refusal };
    const stored = record.events[0]?.event;
    if (stored) return { kind: 'ended', event: stored };
    if (record.firstSentAt === null) {
      calls.withdraw(record, placement);
      return { kind: 'not_placed', reason: null };
    }
    const wasAccepted = record.acceptedAt !== null;
    const call = this.provider.find(callId, wasAccepted);
    if (!call) {
      const { keyTtlMs, requestTimeoutMs } = this.provider.facts;
      const isRemembered = this.clock.now + requestTimeoutMs < record.firstSentAt + keyTtlMs;
      return { kind: 'unknown', mayRepeat: !wasAccepted && isRemembered };
    }
    if (!wasAccepted) this.link(record, call);
    if (!call.ended) return { kind: 'live' };
    return {
      kind: 'ended',
      event: { event_id: lookUpEventId(callId), call_id: callId, outcome: call.outcome, ended_at: call.endsAt },
    };
  }

  /** Stores a terminal event. Returns it as it is to be signalled to the campaign; null: not now. */
  takeIn({ call, eventId, outcome, endedAt, signalled }: ArrivingEvent): EndedEvent | null {
    const { callId, seq, attempt } = call;
    const event = { event_id: eventId, call_id: callId, outcome, ended_at: endedAt };
    const record = this.roster.calls.get(callId);
    if (!record) return signalled && this.roster.isSettled(seq, attempt) ? event : null;
    if (!this.provider.facts.echoes && record.acceptedAt === null) {
      this.early.set(callId, [...(this.early.get(callId) ?? []), event]);
      return null;
    }
    record.acceptedAt ??= this.clock.now;
    this.roster.calls.storeEvent(record, event, signalled);
    return signalled ? event : null;
  }

  private tryOnce(
    request: DialRequest,
    runId: string,
    finish: (result: PlacementResult) => void,
    die: () => void,
  ): void {
    const { clock, world, roster, provider } = this;
    const { callId, seq, attempt, placement, day, notAfter } = request;
    const { keyTtlMs, requestTimeoutMs } = provider.facts;
    const unknown = (reason: string): void => finish({ kind: 'unknown', reason, retryAfterMs: null });
    const worker = world.worker();
    if (roster.owner !== runId) return finish({ kind: 'superseded' });
    const known = this.knownResult(request);
    if (known) return finish(known);
    const record = roster.calls.open(callId, seq, attempt);
    const repeat = record.firstSentAt !== null;
    const refuse = (kind: 'withdrawn' | 'suppressed' | 'expired'): void => {
      if (!repeat) roster.calls.withdraw(record, placement);
      finish({ kind: repeat ? 'unresolved' : kind });
    };
    if (placement <= record.notPlacedThrough) return refuse('withdrawn');
    if (world.isSuppressed(seq)) return refuse('suppressed');
    if (clock.now >= notAfter) return refuse('expired');
    if (!repeat) roster.calls.writeAhead(record, day, clock.now);
    if (worker === 'dies_before_sending') return die();
    const last = sendBy({
      startedAt: clock.now,
      permittedAt: clock.now,
      notAfter,
      sentBefore: repeat ? record.firstSentAt : null,
      keyTtlMs,
      requestTimeoutMs,
    });
    const sentAt = clock.now + world.delay('window');
    if (sentAt >= last.at) {
      clock.at(sentAt, () => {
        if (!repeat) roster.calls.withdraw(record, placement);
        finish({ kind: last.otherwise });
      });
      return;
    }
    clock.at(sentAt + Math.min(world.delay('request'), requestTimeoutMs - 1), () => {
      const answer = provider.receive(callId, seq, attempt, sentAt);
      if (worker === 'dies_after_sending') return die();
      const heardAt = clock.now + world.delay('reply');
      const unheard =
        answer.kind === 'unheard' || answer.kind === 'accepts_unheard' || heardAt >= sentAt + requestTimeoutMs;
      if (unheard) clock.at(sentAt + requestTimeoutMs, () => unknown('timeout'));
      else clock.at(heardAt, () => finish(this.written(record, placement, answer, repeat)));
    });
  }

  /** Writes down the provider's answer, as `recordAnswer` does, and says what the campaign is told. */
  private written(
    record: DialRecord,
    placement: number,
    answer: Answer & { call?: LedgerCall },
    repeat: boolean,
  ): PlacementResult {
    const { calls } = this.roster;
    switch (answer.kind) {
      case 'accepts':
        if (answer.call) this.link(record, answer.call);
        return { kind: 'accepted', ended: record.events[0]?.event ?? null };
      case 'rejected':
        if (repeat) return { kind: 'unknown', reason: REPEAT_REFUSED, retryAfterMs: null };
        calls.refuse(record, answer.reason);
        return answer;
      case 'throttled':
      case 'unavailable':
      case 'blocked':
        if (!repeat) {
          calls.withdraw(record, placement);
          return answer;
        }
        return {
          kind: 'unknown',
          reason: answer.kind,
          retryAfterMs: answer.kind === 'throttled' ? answer.retryAfterMs : null,
        };
      case 'accepts_unheard':
      case 'unheard':
        return { kind: 'unknown', reason: 'timeout', retryAfterMs: null };
    }
  }

  private link(record: DialRecord, call: LedgerCall): void {
    record.acceptedAt ??= this.clock.now;
    for (const event of this.early.get(call.callId) ?? []) this.roster.calls.storeEvent(record, event, true);
    this.early.delete(call.callId);
  }

  private knownResult({ callId, seq, attempt }: DialRequest): PlacementResult | null {
    const record = this.roster.calls.get(callId);
    if (!record)
      return this.roster.isSettled(seq, attempt) ? { kind: 'accepted', ended: this.fromRecord(callId) } : null;
    if (record.refusal !== null) return { kind: 'rejected', reason: record.refusal };
    return record.acceptedAt !== null ? { kind: 'accepted', ended: record.events[0]?.event ?? null } : null;
  }

  /** A settled call is not told apart any more; whoever asks for one has it no longer in flight. */
  private fromRecord(callId: string): EndedEvent {
    return { event_id: `record:${callId}`, call_id: callId, outcome: 'lost', ended_at: this.clock.now };
  }
}
