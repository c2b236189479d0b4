import { createHmac, randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { rfc2822, type StandInCall } from './ledger.ts';

/** The event that each status reports. A status that ends a call is reported as `completed`, whatever it is. */
const EVENTS: Readonly<Record<string, string>> = {
  initiated: 'initiated',
  ringing: 'ringing',
  'in-progress': 'answered',
};

interface CallbacksOptions {
  readonly accountSid: string;
  readonly authToken: string;
  readonly now: () => number;
}

/** Sends the status callbacks of calls: signed forms, in Twilio's words. */
export class Callbacks {
  readonly #options: CallbacksOptions;
  readonly #agent = new Agent({ pipelining: 1 });
  readonly #held = new Map<string, (() => Promise<void>)[]>();
  #closed = false;

  constructor(options: CallbacksOptions) {
    this.#options = options;
  }

  /** Resolves when the callback was delivered, or was given up. */
  async report(call: StandInCall, status: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const target = call.form.get('StatusCallback');
    const wanted = call.form.getAll('StatusCallbackEvent');
    const event = EVENTS[status] ?? 'completed';
    const isWanted = wanted.length === 0 ? event === 'completed' : wanted.includes(event);
    if (target === null || !isWanted || call.trouble.drop === true) return;
    const form = new URLSearchParams({
      CallSid: call.sid,
      AccountSid: this.#options.accountSid,
      ApiVersion: '2010-04-01',
      Direction: 'outbound-api',
      From: call.form.get('From') ?? '',
      To: call.form.get('To') ?? '',
      Caller: call.form.get('From') ?? '',
      Called: call.form.get('To') ?? '',
      CallStatus: status,
      Timestamp: rfc2822(this.#options.now()),
      CallbackSource: 'call-progress-events',
      SequenceNumber: String(call.sequence),
      ...more,
    });
    call.sequence += 1;
    const token = randomUUID();
    const copies = 1 + (call.trouble.copies ?? 0);
    const send = async () => {
      for (let copy = 0; copy < copies; copy += 1) await this.#deliver(call, target, form, token);
    };
    if (call.trouble.reversed !== true) return send();
    const held = this.#held.get(call.sid) ?? [];
    held.unshift(send);
    this.#held.set(call.sid, held);
  }

  /** Sends what was held back to come in another order. */
  async release(call: StandInCall): Promise<void> {
    for (const send of this.#held.get(call.sid) ?? []) await send();
    this.#held.delete(call.sid);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#agent.destroy();
  }

  /** Repeats as the URL's connection overrides say. Without any: once more, and only if there was no connection. */
  async #deliver(call: StandInCall, target: string, form: URLSearchParams, token: string): Promise<void> {
    const [url = '', fragment = ''] = target.split('#');
    const overrides = new URLSearchParams(fragment);
    const policy = (overrides.get('rp') ?? 'ct').split(',');
    const repeats = Number(overrides.get('rc') ?? 1);
    for (let tries = 0; tries <= repeats && !this.#closed; tries += 1) {
      const status = await this.#post(url, call.trouble.signedUrl?.(url) ?? url, form, token);
      if (status !== null && status < 400) return;
      const failure = status === null ? 'ct' : status < 500 ? '4xx' : '5xx';
      if (!policy.includes('all') && !policy.includes(failure)) return;
    }
  }

  async #post(url: string, signedUrl: string, form: URLSearchParams, token: string): Promise<number | null> {
    const { origin, pathname, search } = new URL(url);
    try {
      const { statusCode, body } = await this.#agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'user-agent': 'TwilioProxy/1.1',
          'i-twilio-idempotency-token': token,
          'x-twilio-signature': this.#sign(signedUrl, form),
        },
        body: form.toString(),
      });
      await body.dump();
      return statusCode;
    } catch {
      return null;
    }
  }

  /** https://www.twilio.com/docs/usage/webhooks/webhooks-security */
  #sign(url: string, form: URLSearchParams): string {
    const sorted = [...form].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = sorted.reduce((signed, [name, value]) => signed + name + value, url);
    return createHmac('sha1', this.#options.authToken).update(text, 'utf8').digest('base64');
  }
}
