import type { CallEvents } from './call-events.ts';
import { answered, drawLife, type CallLimits, type Life, type LifeOutcome, type OutcomeWeights } from './call-life.ts';
import type { Timers } from './clock.ts';
import { drawId } from './draw.ts';
import { findFault } from './fault-plan.ts';
import type { CallFault, EventName } from './faults.ts';
import type { Ledger, LedgerCall } from './ledger.ts';
import type { SimulatedCall } from './simulated-call.ts';

export interface AcceptedRequest {
  readonly key: string | null;
  readonly agentId: string;
  readonly phoneNumber: string;
  readonly variables: Readonly<Record<string, string>> | null;
  readonly limits: CallLimits;
}

interface CallsOptions {
  readonly timers: Timers;
  readonly seed: string;
  readonly timeScale: number;
  readonly outcomes: OutcomeWeights;
  readonly events: CallEvents;
  readonly ledger: () => Ledger;
}

const BILLED_AFTER_MS = 1_500;
const LOST_RING_MS = 5_000;

export class Calls {
  readonly #options: CallsOptions;
  readonly #byId = new Map<string, SimulatedCall>();
  #accepted = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get(id: string): SimulatedCall | undefined {
    return this.#byId.get(id);
  }

  /** Every call, newest first. */
  newestFirst(): SimulatedCall[] {
    return [...this.#byId.values()].toReversed();
  }

  clear(): void {
    this.#byId.clear();
    this.#accepted = 0;
  }

  accept(request: AcceptedRequest, faults: readonly CallFault[]): SimulatedCall {
    const { seed, ledger, timers } = this.#options;
    this.#accepted += 1;
    const subject = request.key ?? `no key, ${this.#accepted}`;
    const nth = (request.key === null ? 0 : ledger().callsUnder(request.key)) + 1;
    const entry: LedgerCall = {
      id: drawId('call', seed, subject, nth),
      key: request.key,
      phone_number: request.phoneNumber,
      agent_id: request.agentId,
      accepted_at: timers.now(),
      dialled_at: null,
      started_at: null,
      ended_at: null,
      outcome: null,
    };
    const call: SimulatedCall = {
      entry,
      variables: request.variables,
      faults,
      life: this.#lifeOf(subject, request.limits, faults),
      state: 'queued',
      heldEvents: [],
      awaitedEvents: new Set(findFault(faults, 'event_before_reply')?.events),
      replyMayGo: () => {},
    };
    this.#byId.set(entry.id, call);
    ledger().accepted(entry);
    this.#after(call.life.queueMs, () => this.#dial(call));
    return call;
  }

  /** To be told once the placement of a call was answered: from then on its id is known. */
  replied(call: SimulatedCall): void {
    const stray = findFault(call.faults, 'stray_end');
    if (!stray) return;
    this.#options.timers.after(stray.ms, () => {
      if (call.state === 'over') return;
      const another = stray.of === 'another' ? this.newestFirst().find((other) => other !== call) : undefined;
      void this.#options.events.reportStray(call, stray.outcome, another ?? null);
    });
  }

  #lifeOf(subject: string, limits: CallLimits, faults: readonly CallFault[]): Life {
    const { seed, outcomes } = this.#options;
    if (findFault(faults, 'lost_call')) {
      const scripted = { outcome: 'completed', ringMs: LOST_RING_MS, talkMs: limits.maxDurationMs } as const;
      return drawLife(seed, subject, outcomes, limits, scripted);
    }
    const script = findFault(faults, 'life');
    return drawLife(seed, subject, outcomes, limits, {
      ...(script?.outcome === undefined ? {} : { outcome: script.outcome }),
      ...(script?.queue_ms === undefined ? {} : { queueMs: script.queue_ms }),
      ...(script?.ring_ms === undefined ? {} : { ringMs: script.ring_ms }),
      ...(script?.talk_ms === undefined ? {} : { talkMs: script.talk_ms }),
    });
  }

  #dial(call: SimulatedCall): void {
    call.state = 'ringing';
    call.entry.dialled_at = this.#options.timers.now();
    this.#report(call, 'call.started', null);
    this.#after(call.life.ringMs, () => (answered(call.life.outcome) ? this.#join(call) : this.#end(call)));
  }

  #join(call: SimulatedCall): void {
    call.state = 'in_progress';
    call.entry.started_at = this.#options.timers.now();
    this.#report(call, 'call.joined', null);
    this.#after(call.life.talkMs, () => this.#end(call));
  }

  #end(call: SimulatedCall): void {
    const { timers, ledger } = this.#options;
    call.state = 'over';
    ledger().ended(call.entry, timers.now(), call.life.outcome);
    this.#report(call, 'call.ended', call.life.outcome);
    const second = findFault(call.faults, 'second_end');
    if (second) timers.after(second.ms, () => this.#report(call, 'call.ended', second.outcome, true));
    this.#after(BILLED_AFTER_MS, () => {
      this.#report(call, 'call.billed', null);
      void this.#options.events.releaseHeld(call);
    });
  }

  #report(call: SimulatedCall, event: EventName, outcome: LifeOutcome | null, again = false): void {
    void this.#options.events.report(call, { event, outcome, again }).then(() => {
      if (call.awaitedEvents.delete(event) && call.awaitedEvents.size === 0) call.replyMayGo();
    });
  }

  #after(providerMs: number, work: () => void): void {
    this.#options.timers.after(providerMs / this.#options.timeScale, work);
  }
}
