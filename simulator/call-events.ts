import type { LifeOutcome } from './call-life.ts';
import type { Carrier, Moment } from './carrier.ts';
import type { Timers } from './clock.ts';
import { drawId } from './draw.ts';
import { findFault } from './fault-plan.ts';
import type { EventName } from './faults.ts';
import type { SimulatedCall } from './simulated-call.ts';
import type { Spoiling, WebhookSender } from './webhook-sender.ts';

interface CallEventsOptions<Details> {
  readonly timers: Timers;
  readonly seed: string;
  readonly sender: WebhookSender;
  readonly reported: readonly EventName[];
  readonly carrier: Pick<Carrier<Details>, 'messages' | 'strayMessages'>;
}

/** Turns the moments of a call into webhooks, by way of whatever faults the call has drawn. */
export class CallEvents<Details> {
  readonly #options: CallEventsOptions<Details>;

  constructor(options: CallEventsOptions<Details>) {
    this.#options = options;
  }

  /** Resolves once the event has been delivered for the first time, or is known not to be. */
  async report(call: SimulatedCall<Details>, moment: Moment): Promise<void> {
    const { timers, sender, reported, carrier } = this.#options;
    const { event } = moment;
    const { faults } = call;
    if (!reported.includes(event) || findFault(faults, 'lost_call') || findFault(faults, 'event_drop', event)) return;
    if (event === 'call.ended' && findFault(faults, 'stuck')) return;

    const messages = carrier.messages(call, moment);
    const spoiling = spoilingOf(call, event);
    const copies = 1 + (findFault(faults, 'event_duplicate', event)?.copies ?? 0);
    const send = async () => {
      const all = Array.from({ length: copies }, () => messages).flat();
      await Promise.all(all.map((message) => sender.send(message, spoiling)));
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
  async releaseHeld(call: SimulatedCall<Details>): Promise<void> {
    for (const send of call.heldEvents.splice(0)) await send();
  }

  /** Reports the end of something that is not this call, always with this call's variables: both together contradict. */
  async reportStray(
    call: SimulatedCall<Details>,
    outcome: LifeOutcome,
    another: SimulatedCall<Details> | null,
  ): Promise<void> {
    const { sender, seed, carrier } = this.#options;
    const callId = another?.entry.id ?? drawId('call', seed, call.entry.id, 'stray');
    const messages = carrier.strayMessages(call, { callId, outcome });
    await Promise.all(messages.map((message) => sender.send(message, null)));
  }
}

function spoilingOf<Details>({ faults }: SimulatedCall<Details>, event: EventName): Spoiling | null {
  for (const how of ['wrong_signature', 'too_old', 'altered'] as const) {
    const fault = findFault(faults, `event_${how}`, event);
    if (fault) return { how, deliveries: fault.deliveries };
  }
  return null;
}
