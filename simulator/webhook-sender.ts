import { Agent } from 'undici';
import type { CallEnd } from './call-life.ts';
import type { Timers } from './clock.ts';
import type { AcknowledgedEnd } from './ledger.ts';

/** How the first deliveries of an event are spoiled. */
export interface Spoiling {
  readonly how: 'wrong_signature' | 'too_old' | 'altered';
  readonly deliveries: number;
}

/** One try of a delivery, as it leaves. */
export interface Letter {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The longest time that its answer may take. Default: that of the sender. */
  readonly timeoutMs?: number;
}

/** A try that was not acknowledged. */
export interface FailedTry {
  /** Tries so far. */
  readonly tries: number;
  /** Null: no answer. */
  readonly status: number | null;
  readonly sinceFirstMs: number;
}

/** One webhook, with the rules of its carrier. */
export interface Message {
  /** Written and signed for each try. Null: there is nowhere to send it. */
  write(how: { readonly spoiled: Spoiling['how'] | null; readonly sinceFirstMs: number }): Letter | null;
  /** Milliseconds until it is tried again. Null: it is given up. */
  again(failed: FailedTry): number | null;
  /** The end that it reports, if it reports one. */
  readonly end: { readonly callId: string; readonly key: string | null; readonly outcome: CallEnd } | null;
}

export interface DeliveryCounts {
  /** Deliveries made, repetitions included. */
  readonly deliveries: number;
  readonly acknowledged: number;
  readonly given_up: number;
  /** Events that are waiting or under way. */
  readonly pending: number;
}

interface Item {
  readonly message: Message;
  readonly spoiling: Spoiling | null;
  tries: number;
  firstAt: number | null;
  readonly triedOnce: () => void;
}

interface SenderOptions {
  readonly timers: Timers;
  /** How many deliveries may be under way at once. */
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Whether webhooks are sent at all. */
  readonly isOn: () => boolean;
  readonly onEnd: (end: AcknowledgedEnd) => void;
}

/**
 * Delivers webhooks: one that meets anything but a 2xx is tried again for as long as its carrier does that. They are
 * signed when they leave and run side by side, so nothing keeps them in order.
 */
export class WebhookSender {
  readonly #options: SenderOptions;
  readonly #agent: Agent;
  readonly #waiting: Item[] = [];
  readonly #counts = { deliveries: 0, acknowledged: 0, given_up: 0, pending: 0 };
  #underWay = 0;
  /** Deliveries begun before the last reset belong to an earlier generation and no longer count. */
  #generation = 0;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    const { concurrency, timeoutMs } = options;
    this.#agent = new Agent({
      connections: concurrency,
      pipelining: 1,
      connect: { timeout: timeoutMs },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** Resolves once the webhook has been tried for the first time, whatever came of it. */
  send(message: Message, spoiling: Spoiling | null): Promise<void> {
    if (this.#closed || !this.#options.isOn()) return Promise.resolve();
    return new Promise((triedOnce) => {
      this.#counts.pending += 1;
      this.#enqueue({ message, spoiling, tries: 0, firstAt: null, triedOnce });
    });
  }

  counts(): DeliveryCounts {
    return { ...this.#counts };
  }

  /** Forgets what is waiting and starts the counts over. */
  reset(): void {
    this.#generation += 1;
    for (const { triedOnce } of this.#waiting.splice(0)) triedOnce();
    Object.assign(this.#counts, { deliveries: 0, acknowledged: 0, given_up: 0, pending: 0 });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.reset();
    await this.#agent.destroy();
  }

  #enqueue(item: Item): void {
    this.#waiting.push(item);
    this.#fill();
  }

  #fill(): void {
    while (this.#underWay < this.#options.concurrency) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      this.#underWay += 1;
      void this.#deliver(item, this.#generation);
    }
  }

  async #deliver(item: Item, generation: number): Promise<void> {
    item.tries += 1;
    item.firstAt ??= this.#options.timers.now();
    const status = await this.#post(item, item.firstAt);
    item.triedOnce();
    this.#underWay -= 1;
    if (generation === this.#generation) this.#settle(item, status, generation);
    this.#fill();
  }

  #settle(item: Item, status: number | null, generation: number): void {
    const { timers, onEnd } = this.#options;
    const { message, tries, firstAt } = item;
    this.#counts.deliveries += 1;
    if (isSuccess(status)) {
      this.#counts.pending -= 1;
      this.#counts.acknowledged += 1;
      if (message.end !== null) {
        const { callId, key, outcome } = message.end;
        onEnd({ call_id: callId, key, outcome, at: timers.now() });
      }
      return;
    }
    const waitMs = message.again({ tries, status, sinceFirstMs: timers.now() - (firstAt ?? timers.now()) });
    if (waitMs === null) {
      this.#counts.pending -= 1;
      this.#counts.given_up += 1;
      return;
    }
    timers.after(waitMs, () => {
      if (generation === this.#generation) this.#enqueue(item);
    });
  }

  /** The status that it met. Null: none. */
  async #post({ message, spoiling, tries }: Item, firstAt: number): Promise<number | null> {
    if (!this.#options.isOn()) return null;
    const spoiled = spoiling !== null && tries <= spoiling.deliveries ? spoiling.how : null;
    const letter = message.write({ spoiled, sinceFirstMs: this.#options.timers.now() - firstAt });
    if (letter === null) return null;
    const { url, headers, body, timeoutMs = this.#options.timeoutMs } = letter;
    const { origin, pathname, search } = new URL(url);
    try {
      const answer = await this.#agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: { ...headers },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return null;
    }
  }
}

function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}
