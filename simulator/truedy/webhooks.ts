import { createHmac } from 'node:crypto';
import type { CarrierContext, Moment, Stray } from '../carrier.ts';
import type { CallEnd } from '../call-life.ts';
import { draw, drawId } from '../draw.ts';
import { findFault } from '../fault-plan.ts';
import type { EventName, Poses } from '../faults.ts';
import type { FailedTry, Letter, Message, Spoiling } from '../webhook-sender.ts';
import { toldTime, type TruedyCall } from './api.ts';

const TOO_OLD_S = 600;

interface Told {
  readonly event: EventName;
  readonly eventId: string;
  readonly outcome: CallEnd | null;
  readonly callId: string;
  readonly echoes: boolean;
}

/** The webhooks of the Truedy API: one for each moment, tried again with waits that double. */
export class Webhooks {
  readonly #context: CarrierContext;

  constructor(context: CarrierContext) {
    this.#context = context;
  }

  messages(call: TruedyCall, { event, outcome, again }: Moment): Message[] {
    const echoes = this.#context.poses().echoes && !findFault(call.faults, 'event_no_echo', event);
    const eventId = this.#idOf(call, event, again ? '2' : '1');
    return this.#toldOnce(call, { event, eventId, outcome, callId: call.entry.id, echoes });
  }

  strayMessages(call: TruedyCall, { callId, outcome }: Stray): Message[] {
    const eventId = drawId('evt', this.#context.seed, call.entry.id, 'stray');
    return this.#toldOnce(call, { event: 'call.ended', eventId, outcome, callId, echoes: true });
  }

  #toldOnce(call: TruedyCall, told: Told): Message[] {
    if (this.#context.target() === null) return [];
    const { event, eventId, outcome, callId, echoes } = told;
    const { variables } = call.details;
    const key = echoes ? (variables?.[this.#context.reference] ?? null) : null;
    const body = this.#body(call, told);
    let signed: Letter['headers'] | null = null;
    return [
      {
        end: event === 'call.ended' && outcome !== null ? { callId, key, outcome } : null,
        again: (failed) => this.#again(eventId, failed),
        write: ({ spoiled }) => {
          const target = this.#context.target();
          if (target === null) return null;
          if (signed === null || this.#context.poses().signs_anew) signed = this.#sign(body, target.secret, spoiled);
          return { url: target.url, headers: signed, body: spoiled === 'altered' ? altered(body) : body };
        },
      },
    ];
  }

  #again(eventId: string, { tries }: FailedTry): number | null {
    const { delivery, seed } = this.#context;
    if (tries >= delivery.tries) return null;
    const wait = Math.min(delivery.retryMaxMs, delivery.retryBaseMs * 2 ** (tries - 1));
    return wait * (0.5 + draw(seed, 'retry', eventId, tries) / 2);
  }

  #idOf(call: TruedyCall, event: EventName, which: string): string {
    const id = drawId('evt', this.#context.seed, call.entry.id, event, which);
    const length = findFault(call.faults, 'event_id', event)?.length;
    return length === undefined ? id : id.slice(-length).padStart(length, 'x');
  }

  #body(call: TruedyCall, { event, eventId, outcome, callId, echoes }: Told): string {
    const { event_ids, spelling } = this.#context.poses();
    const { entry, details } = call;
    return JSON.stringify({
      event: wireName(event, outcome, spelling),
      ...(event_ids ? { id: eventId } : {}),
      timestamp: toldTime(call, this.#context.timers.now(), event),
      data: {
        call_id: callId,
        agent_id: entry.agent_id,
        ...(outcome === null ? {} : { status: spelling, outcome, joined: entry.started_at !== null }),
        ...(echoes && details.variables !== null ? { variables: details.variables } : {}),
      },
    });
  }

  #sign(body: string, secret: string, spoiled: Spoiling['how'] | null): Letter['headers'] {
    const seconds = Math.floor(this.#context.timers.now() / 1000);
    const timestamp = String(spoiled === 'too_old' ? seconds - TOO_OLD_S : seconds);
    const key = spoiled === 'wrong_signature' ? `${secret}, but wrong` : secret;
    return {
      'content-type': 'application/json',
      'x-truedy-timestamp': timestamp,
      'x-truedy-signature': createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex'),
    };
  }
}

function wireName(event: EventName, outcome: CallEnd | null, spelling: Poses['spelling']): string {
  if (event !== 'call.ended') return event;
  return outcome === 'failed' ? 'call.failed' : `call.${spelling}`;
}

/** Still an event, but not the one that was signed. */
function altered(body: string): string {
  return body.replace('"event":', '"altered":true,"event":');
}
