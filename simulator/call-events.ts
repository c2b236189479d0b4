import { toldTime } from './api.ts';
import type { SimulatedCall } from './simulated-call.ts';
import type { Timers } from './clock.ts';
import { drawId } from './draw.ts';
import { findFault } from './fault-plan.ts';
import type { EventName, Poses } from './faults.ts';
import type { LifeOutcome } from './call-life.ts';
import type { Spoiling, WebhookSender } from './webhook-sender.ts';

interface CallEventsOptions {
  readonly timers: Timers;
  readonly seed: string;
  readonly sender: WebhookSender;
  readonly reported: readonly EventName[];
  readonly poses: () => Poses;
}

/** What a call says at one moment of its life. */
export interface Moment {
  readonly event: EventName;
  readonly outcome: LifeOutcome | null;
  /** Distinguishes a second event of the same name. */
  readonly again?: boolean;
}

/** Turns the moments of a call into webhooks, by way of whatever faults the call has drawn. */
export class CallEvents {
  readonly #options: CallEventsOptions;

  constructor(options: CallEventsOptions) {
    this.#options = options;
  }

  /** Resolves once the event has been delivered for the first time, or is known not to be. */
  async report(call: SimulatedCall, moment: Moment): Promise<void> {
    const { timers, sender, reported } = this.#options;
    const { event } = moment;
    const { faults } = call;
    if (!reported.includes(event) || findFault(faults, 'lost_call') || findFault(faults, 'event_drop', event)) return;
    if (event === 'call.ended' && findFault(faults, 'stuck')) return;

    const eventId = this.#idOf(call, event, moment.again === true ? '2' : '1');
    const delivery = { eventId, body: this.#body(call, moment, eventId), spoiling: spoilingOf(call, event) };
    const copies = 1 + (findFault(faults, 'event_duplicate', event)?.copies ?? 0);
    const send = async () => {
      await Promise.all(Array.from({ length: copies }, () => sender.send(delivery)));
    };
    if (findFault(faults, 'event_reorder')) {
      call.heldEvents.unshift(send);
      return;
    }
    const delay = findFault(faults, 'event_delay', event)?.ms;
    if (delay !== undefined && !(await timers.sleep(delay))) return;
    await send();
  }

  /** Lets go of the events of a call whose order is reversed, one after the other. */
  async releaseHeld(call: SimulatedCall): Promise<void> {
    for (const send of call.heldEvents.splice(0)) await send();
  }

  /** Reports the end of something that is not this call, always with this call's variables: both together contradict. */
  async reportStray(call: SimulatedCall, outcome: LifeOutcome, another: SimulatedCall | null): Promise<void> {
    const { sender, seed } = this.#options;
    const moment = { event: 'call.ended', outcome } as const;
    const eventId = drawId('evt', seed, call.entry.id, 'stray');
    const callId = another?.entry.id ?? drawId('call', seed, call.entry.id, 'stray');
    await sender.send({ eventId, body: this.#body(call, moment, eventId, { callId }), spoiling: null });
  }

  #idOf(call: SimulatedCall, event: EventName, which: string): string {
    const id = drawId('evt', this.#options.seed, call.entry.id, event, which);
    const length = findFault(call.faults, 'event_id', event)?.length;
    return length === undefined ? id : id.slice(-length).padStart(length, 'x');
  }

  #body(call: SimulatedCall, { event, outcome }: Moment, eventId: string, stray?: { callId: string }): string {
    const { echoes, event_ids, spelling } = this.#options.poses();
    const { entry, faults } = call;
    const echoed = stray !== undefined || (echoes && !findFault(faults, 'event_no_echo', event));
    const told = echoed && call.variables !== null;
    const variables = told ? { variables: call.variables } : {};
    return JSON.stringify({
      event: wireName(event, outcome, spelling),
      ...(event_ids ? { id: eventId } : {}),
      timestamp: toldTime(call, this.#options.timers.now(), event),
      data: {
        call_id: stray?.callId ?? entry.id,
        agent_id: entry.agent_id,
        ...(outcome === null ? {} : { status: spelling, outcome, joined: entry.started_at !== null }),
        ...variables,
      },
    });
  }
}

function wireName(event: EventName, outcome: LifeOutcome | null, spelling: Poses['spelling']): string {
  if (event !== 'call.ended') return event;
  return outcome === 'failed' ? 'call.failed' : `call.${spelling}`;
}

function spoilingOf({ faults }: SimulatedCall, event: EventName): Spoiling | null {
  for (const how of ['wrong_signature', 'too_old', 'altered'] as const) {
    const fault = findFault(faults, `event_${how}`, event);
    if (fault) return { how, deliveries: fault.deliveries };
  }
  return null;
}
