import type { ProviderFacts } from '../../providers/port.ts';
import type { CallAddress } from '../../domain/engine/ids.ts';
import type { Outcome } from '../../domain/engine/outcome.ts';
import type { Answer, WorldModel } from './world-model.ts';
import type { VirtualClock } from './clock.ts';

/** One call in the provider's ledger. */
export interface LedgerCall extends Omit<CallAddress, 'campaignId'> {
  readonly callId: string;
  readonly acceptedAt: number;
  readonly dialledAt: number;
  endsAt: number;
  outcome: Outcome;
  readonly accountFault: string | undefined;
  ended: boolean;
}

/** One arrival of a terminal event at our door. */
export interface ArrivingEvent {
  readonly call: LedgerCall;
  readonly eventId: string;
  readonly outcome: Outcome;
  readonly accountFault: string | undefined;
  readonly endedAt: number;
  readonly signalled: boolean;
}

export interface ProviderListener {
  accepted(call: LedgerCall, sentAt: number): void;
  /** As soon as it is certain that it is dialled, at the latest when it is. */
  dialled(call: LedgerCall, sentAt: number): void;
  ended(call: LedgerCall): void;
  event(event: ArrivingEvent): void;
}

/** Calls that ended are kept this long for those who look them up, beyond the time that anybody still has to. */
const KEPT_MS = 6 * 3_600_000;

/**
 * A voice provider on virtual time, with a ledger of what it accepted. It remembers a key exactly as long as it
 * promised: a request repeated later is a second call.
 */
export class VirtualProvider {
  private readonly calls = new Map<string, LedgerCall>();
  private readonly ended: LedgerCall[] = [];
  private forgotten = 0;

  constructor(
    readonly facts: ProviderFacts,
    private readonly clock: VirtualClock,
    private readonly world: WorldModel,
    private readonly listener: ProviderListener,
  ) {}

  /** A request arrives. A remembered key brings back the call it made. */
  receive(callId: string, seq: number, attempt: number, sentAt: number): Answer & { call?: LedgerCall } {
    const { now } = this.clock;
    const known = this.calls.get(callId);
    const answer = this.world.answer(now);
    if (known && now < known.acceptedAt + this.facts.keyTtlMs) {
      // A refusal is said before the key is looked at, as many providers do.
      return answer.kind === 'accepts' ? { kind: 'accepts', call: known } : answer;
    }
    if (answer.kind !== 'accepts' && answer.kind !== 'accepts_unheard') return answer;
    return { ...answer, call: this.accept(callId, seq, attempt, sentAt) };
  }

  /** What the provider says of a call when asked; null: nothing that proves anything. */
  find(callId: string, knowsId: boolean): LedgerCall | null {
    const { finds } = this.facts;
    if (!this.world.answersLookUps(this.clock.now)) return null;
    return finds === 'by key' || (finds === 'by id' && knowsId) ? (this.calls.get(callId) ?? null) : null;
  }

  /** Cancels a call that waits in the queue. One that was dialled goes on. */
  cancel(call: LedgerCall): void {
    if (call.ended || this.clock.now >= call.dialledAt) return;
    call.endsAt = this.clock.now;
    call.outcome = 'cancelled';
    this.end(call);
  }

  /** What the ledger itself says, whatever the provider would tell. */
  truth(callId: string): LedgerCall | undefined {
    return this.calls.get(callId);
  }

  private accept(callId: string, seq: number, attempt: number, sentAt: number): LedgerCall {
    const { now } = this.clock;
    const { queueMs, lengthMs, outcome, accountFault } = this.world.life(seq, attempt, now);
    const dialledAt = now + queueMs;
    const endsAt = dialledAt + Math.min(lengthMs, this.facts.callLifetimeMs);
    const acceptedAt = now;
    const call: LedgerCall = {
      callId,
      seq,
      attempt,
      acceptedAt,
      dialledAt,
      endsAt,
      outcome,
      accountFault,
      ended: false,
    };
    this.calls.set(callId, call);
    this.listener.accepted(call, sentAt);
    if (queueMs <= this.facts.queueBoundMs) this.listener.dialled(call, sentAt);
    else this.clock.at(dialledAt, () => call.ended || this.listener.dialled(call, sentAt));
    this.clock.at(endsAt, () => call.ended || this.end(call));
    return call;
  }

  private end(call: LedgerCall): void {
    const { now } = this.clock;
    call.ended = true;
    this.listener.ended(call);
    for (const { afterMs, event, outcome, signalled } of this.world.deliveries(now)) {
      const arriving = {
        call,
        eventId: `${call.callId}#${event}`,
        outcome: outcome ?? call.outcome,
        accountFault: outcome === null ? call.accountFault : undefined,
        endedAt: now,
        signalled,
      };
      this.clock.after(afterMs, () => this.listener.event(arriving));
    }
    this.ended.push(call);
    this.forgetOld(now);
  }

  private forgetOld(now: number): void {
    const kept = KEPT_MS + this.facts.keyTtlMs + 2 * this.facts.callLifetimeMs;
    for (;;) {
      const oldest = this.ended[this.forgotten];
      if (!oldest || oldest.endsAt + kept > now) break;
      if (this.calls.get(oldest.callId) === oldest) this.calls.delete(oldest.callId);
      this.forgotten += 1;
    }
    if (this.forgotten > 10_000) {
      this.ended.splice(0, this.forgotten);
      this.forgotten = 0;
    }
  }
}
