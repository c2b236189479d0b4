import { createHmac } from 'node:crypto';
import { Agent } from 'undici';
import type { Timers } from './clock.ts';
import { draw } from './draw.ts';
import type { SimulatorOptions, WebhookTarget } from './options.ts';

const TOO_OLD_S = 600;

/** How the first deliveries of an event are spoiled. */
export interface Spoiling {
  readonly how: 'wrong_signature' | 'too_old' | 'altered';
  readonly deliveries: number;
}

export interface Delivery {
  readonly eventId: string;
  readonly body: string;
  readonly spoiling: Spoiling | null;
}

export interface DeliveryCounts {
  /** Deliveries made, repetitions included. */
  readonly deliveries: number;
  readonly acknowledged: number;
  readonly given_up: number;
  /** Events that are waiting or under way. */
  readonly pending: number;
}

interface Item extends Delivery {
  tries: number;
  firstSignature: { readonly timestamp: string; readonly signature: string } | null;
  readonly triedOnce: () => void;
}

interface SenderOptions {
  readonly timers: Timers;
  readonly seed: string;
  readonly delivery: SimulatorOptions['delivery'];
  readonly signsAnew: () => boolean;
  readonly target: () => WebhookTarget | null;
}

/**
 * Delivers events at least once: an event that meets anything but a 2xx is tried again, with waits that double, until
 * its tries are used up. Deliveries are signed when they leave and run side by side, so nothing keeps them in order.
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
    const { concurrency, timeoutMs } = options.delivery;
    this.#agent = new Agent({
      connections: concurrency,
      pipelining: 1,
      connect: { timeout: timeoutMs },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** Resolves once the event has been tried for the first time, whatever came of it. */
  send(delivery: Delivery): Promise<void> {
    if (this.#closed || this.#options.target() === null) return Promise.resolve();
    return new Promise((triedOnce) => {
      this.#counts.pending += 1;
      this.#enqueue({ ...delivery, tries: 0, firstSignature: null, triedOnce });
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
    while (this.#underWay < this.#options.delivery.concurrency) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      this.#underWay += 1;
      void this.#deliver(item, this.#generation);
    }
  }

  async #deliver(item: Item, generation: number): Promise<void> {
    item.tries += 1;
    const acknowledged = await this.#post(item);
    item.triedOnce();
    this.#underWay -= 1;
    if (generation === this.#generation) this.#settle(item, acknowledged, generation);
    this.#fill();
  }

  #settle(item: Item, acknowledged: boolean, generation: number): void {
    const { delivery, timers, seed } = this.#options;
    this.#counts.deliveries += 1;
    if (acknowledged || item.tries >= delivery.tries) {
      this.#counts.pending -= 1;
      this.#counts[acknowledged ? 'acknowledged' : 'given_up'] += 1;
      return;
    }
    const wait = Math.min(delivery.retryMaxMs, delivery.retryBaseMs * 2 ** (item.tries - 1));
    const jitter = 0.5 + draw(seed, 'retry', item.eventId, item.tries) / 2;
    timers.after(wait * jitter, () => {
      if (generation === this.#generation) this.#enqueue(item);
    });
  }

  async #post(item: Item): Promise<boolean> {
    const target = this.#options.target();
    if (target === null) return false;
    const spoiled = item.spoiling !== null && item.tries <= item.spoiling.deliveries ? item.spoiling.how : null;
    const { timestamp, signature } = this.#sign(item, target, spoiled);
    const { origin, pathname, search } = new URL(target.url);
    try {
      const { statusCode, body } = await this.#agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-truedy-timestamp': timestamp,
          'x-truedy-signature': signature,
        },
        body: spoiled === 'altered' ? altered(item.body) : item.body,
      });
      await body.dump();
      return statusCode >= 200 && statusCode < 300;
    } catch {
      return false;
    }
  }

  #sign(item: Item, target: WebhookTarget, spoiled: Spoiling['how'] | null) {
    if (item.firstSignature !== null && !this.#options.signsAnew()) return item.firstSignature;
    const seconds = Math.floor(this.#options.timers.now() / 1000);
    const timestamp = String(spoiled === 'too_old' ? seconds - TOO_OLD_S : seconds);
    const secret = spoiled === 'wrong_signature' ? `${target.secret}, but wrong` : target.secret;
    const signature = createHmac('sha256', secret).update(`${timestamp}.${item.body}`).digest('hex');
    item.firstSignature ??= { timestamp, signature };
    return { timestamp, signature };
  }
}

/** Still an event, but not the one that was signed. */
function altered(body: string): string {
  return body.replace('"event":', '"altered":true,"event":');
}
