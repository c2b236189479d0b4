import type { CallEvents } from './call-events.ts';
import { answered, drawLife, type CallEnd, type Life, type OutcomeWeights } from './call-life.ts';
import type { AcceptedCalls, CallRequest, Carrier } from './carrier.ts';
import type { Timers } from './clock.ts';
import { findFault } from './fault-plan.ts';
import type { CallFault, EventName } from './faults.ts';
import type { Ledger, LedgerCall } from './ledger.ts';
import type { SimulatedCall } from './simulated-call.ts';

interface CallsOptions<Details> {
  readonly timers: Timers;
  readonly seed: string;
  readonly timeScale: number;
  readonly outcomes: OutcomeWeights;
  readonly events: CallEvents<Details>;
  readonly ledger: () => Ledger;
  readonly carrier: Pick<Carrier<Details>, 'callId'>;
}

const BILLED_AFTER_MS = 1_500;
const LOST_RING_MS = 5_000;

export class Calls<Details> implements AcceptedCalls<Details> {
  readonly #options: CallsOptions<Details>;
  readonly #byId = new Map<string, SimulatedCall<Details>>();
  #accepted = 0;

  constructor(options: CallsOptions<Details>) {
    this.#options = options;
  }

  get(id: string): SimulatedCall<Details> | undefined {
    return this.#byId.get(id);
  }

  newestFirst(): SimulatedCall<Details>[] {
    return [...this.#byId.values()].toReversed();
  }

  underWay(): number {
    return this.newestFirst().filter(({ state }) => state !== 'over').length;
  }

  clear(): void {
    this.#byId.clear();
    this.#accepted = 0;
  }

  /** @param key the caller's own id of the call */
  accept(key: string | null, request: CallRequest<Details>, faults: readonly CallFault[]): SimulatedCall<Details> {
    const { carrier, ledger, timers } = this.#options;
    this.#accepted += 1;
    const subject = key ?? `no key, ${this.#accepted}`;
    const nth = (key === null ? 0 : ledger().callsUnder(key)) + 1;
    const entry: LedgerCall = {
      id: carrier.callId(subject, nth),
      key,
      phone_number: request.phoneNumber,
      agent_id: request.agentId,
      accepted_at: timers.now(),
      dialled_at: null,
      started_at: null,
      ended_at: null,
      outcome: null,
    };
    const call: SimulatedCall<Details> = {
      entry,
      details: request.details,
      faults,
      life: this.#lifeOf(subject, request, faults),
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

  cancel(call: SimulatedCall<Details>): boolean {
    if (call.state !== 'queued' && call.state !== 'ringing') return false;
    this.#end(call, 'cancelled');
    return true;
  }

  hangUp(call: SimulatedCall<Details>): void {
    if (call.state === 'in_progress') this.#end(call, call.life.outcome);
  }

  /** To be told once the placement of a call was answered: from then on its id is known. */
  replied(call: SimulatedCall<Details>): void {
    const stray = findFault(call.faults, 'stray_end');
    if (!stray) return;
    this.#options.timers.after(stray.ms, () => {
      if (call.state === 'over') return;
      const another = stray.of === 'another' ? this.newestFirst().find((other) => other !== call) : undefined;
      void this.#options.events.reportStray(call, stray.outcome, another ?? null);
    });
  }

  #lifeOf(subject: string, { limits, perceive }: CallRequest<Details>, faults: readonly CallFault[]): Life {
    const { seed, outcomes } = this.#options;
    if (findFault(faults, 'lost_call')) {
      const scripted = { outcome: 'completed', ringMs: LOST_RING_MS, talkMs: limits.maxDurationMs } as const;
      return drawLife(seed, subject, outcomes, limits, scripted);
    }
    const script = findFault(faults, 'life');
    const life = drawLife(seed, subject, outcomes, limits, {
      ...(script?.outcome === undefined ? {} : { outcome: script.outcome }),
      ...(script?.queue_ms === undefined ? {} : { queueMs: script.queue_ms }),
      ...(script?.ring_ms === undefined ? {} : { ringMs: script.ring_ms }),
      ...(script?.talk_ms === undefined ? {} : { talkMs: script.talk_ms }),
    });
    return { ...life, outcome: perceive(life.outcome) };
  }

  #dial(call: SimulatedCall<Details>): void {
    if (call.state === 'over') return;
    call.state = 'ringing';
    call.entry.dialled_at = this.#options.timers.now();
    this.#report(call, 'call.started', null);
    const { outcome, ringMs } = call.life;
    this.#after(ringMs, () => (answered(outcome) ? this.#join(call) : this.#end(call, outcome)));
  }

  #join(call: SimulatedCall<Details>): void {
    if (call.state === 'over') return;
    call.state = 'in_progress';
    call.entry.started_at = this.#options.timers.now();
    this.#report(call, 'call.joined', null);
    this.#after(call.life.talkMs, () => this.#end(call, call.life.outcome));
  }

  #end(call: SimulatedCall<Details>, outcome: CallEnd): void {
    if (call.state === 'over') return;
    const { timers, ledger } = this.#options;
    call.state = 'over';
    ledger().ended(call.entry, timers.now(), outcome);
    this.#report(call, 'call.ended', outcome);
    const second = findFault(call.faults, 'second_end');
    if (second) timers.after(second.ms, () => this.#report(call, 'call.ended', second.outcome, true));
    this.#after(BILLED_AFTER_MS, () => {
      this.#report(call, 'call.billed', null);
      void this.#options.events.releaseHeld(call);
    });
  }

  #report(call: SimulatedCall<Details>, event: EventName, outcome: CallEnd | null, again = false): void {
    void this.#options.events.report(call, { event, outcome, again }).then(() => {
      if (call.awaitedEvents.delete(event) && call.awaitedEvents.size === 0) call.replyMayGo();
    });
  }

  #after(providerMs: number, work: () => void): void {
    this.#options.timers.after(providerMs / this.#options.timeScale, work);
  }
}
