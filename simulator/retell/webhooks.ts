import { createHmac } from 'node:crypto';
import type { CarrierContext, Moment } from '../carrier.ts';
import type { EventName } from '../faults.ts';
import { shiftOf } from '../simulated-call.ts';
import type { Message, Spoiling } from '../webhook-sender.ts';
import { describeCall, type RetellCall } from './call.ts';

/** The first delivery and the three repetitions that Retell documents. */
const TRIES = 4;
/** Retell names no pause between them. */
const BETWEEN_TRIES_MS = 100;
const TOO_OLD_MS = 600_000;

/** `call_started` comes only for a call that was connected. `call_analyzed` repeats the call a little after its end. */
const NAMES: Readonly<Record<EventName, string | null>> = {
  'call.started': null,
  'call.joined': 'call_started',
  'call.ended': 'call_ended',
  'call.billed': 'call_analyzed',
};

/** The events of calls: the call as it is at that moment, signed with the API key that has the webhook badge. */
export class Webhooks {
  readonly #context: CarrierContext;

  constructor(context: CarrierContext) {
    this.#context = context;
  }

  messages(call: RetellCall, { event, outcome }: Moment): Message[] {
    const { seed, timers, target, reference } = this.#context;
    const name = NAMES[event];
    if (name === null || target() === null) return [];
    const key = call.details.metadata?.[reference];
    const body = JSON.stringify({
      event: name,
      call: describeCall(call, seed),
      event_timestamp: timers.now() + shiftOf(call, event),
    });
    return [
      {
        end: outcome === null ? null : { callId: call.entry.id, key: typeof key === 'string' ? key : null, outcome },
        again: ({ tries }) => (tries < TRIES ? BETWEEN_TRIES_MS : null),
        write: ({ spoiled }) => {
          const to = target();
          if (to === null) return null;
          return {
            url: to.url,
            headers: {
              'content-type': 'application/json',
              'x-retell-signature': this.#sign(body, to.secret, spoiled),
            },
            body: spoiled === 'altered' ? body.replace('"event":', '"altered":true,"event":') : body,
          };
        },
      },
    ];
  }

  /** Hex HMAC-SHA256 of the body followed by Unix milliseconds. */
  #sign(body: string, secret: string, spoiled: Spoiling['how'] | null): string {
    const now = this.#context.timers.now();
    const at = spoiled === 'too_old' ? now - TOO_OLD_MS : now;
    const key = spoiled === 'wrong_signature' ? `${secret}, but wrong` : secret;
    return `v=${at},d=${createHmac('sha256', key)
      .update(body + String(at))
      .digest('hex')}`;
  }
}
