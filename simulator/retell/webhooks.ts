import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { WebhookFault } from './faults.ts';

/** The first delivery and the three repetitions that Retell documents. */
const TRIES = 4;

export interface Delivery {
  readonly event: string;
  readonly callId: string;
  /** The statuses that its tries met; null where there was no answer. */
  readonly statuses: (number | null)[];
}

/** `X-Retell-Signature`: hex HMAC-SHA256 of the body followed by Unix milliseconds, keyed with the API key. */
export function sign(body: string, apiKey: string, atMs: number): string {
  return `v=${atMs},d=${createHmac('sha256', apiKey)
    .update(body + String(atMs))
    .digest('hex')}`;
}

export interface WebhookOptions {
  readonly url: string | null;
  readonly apiKey: string;
  /** Without a 2xx within this time a delivery is tried again. */
  readonly timeoutMs: number;
  readonly betweenTriesMs: number;
}

/** Delivers the events of calls. They leave in order, and none waits for the delivery of the one before. */
export class Webhooks {
  readonly deliveries: Delivery[] = [];
  readonly #options: WebhookOptions;
  readonly #closing = new AbortController();

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  send(event: string, call: { readonly call_id: string }, fault: WebhookFault | undefined): void {
    const delivery: Delivery = { event, callId: call.call_id, statuses: [] };
    this.deliveries.push(delivery);
    if (fault === 'drop' || this.#options.url === null) return;
    const body = JSON.stringify({ event, call, event_timestamp: Date.now() });
    const once = () => this.#deliver(this.#options.url!, body, delivery);
    void (fault === 'twice' ? once().then(once) : once());
  }

  close(): void {
    this.#closing.abort();
  }

  async #deliver(url: string, body: string, delivery: Delivery): Promise<void> {
    for (let tries = 0; tries < TRIES && !this.#closing.signal.aborted; tries += 1) {
      const status = await this.#post(url, body);
      delivery.statuses.push(status);
      if (status !== null && status >= 200 && status < 300) return;
      await pause(this.#options.betweenTriesMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  async #post(url: string, body: string): Promise<number | null> {
    const { apiKey, timeoutMs } = this.#options;
    const headers = { 'content-type': 'application/json', 'x-retell-signature': sign(body, apiKey, Date.now()) };
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return null;
    }
  }
}
