/** The made-up API of examples/own-provider, with the troubles of the contract. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome } from '../../../domain/engine/outcome.ts';
import type { Trouble } from '../provider-contract.ts';

interface Dial {
  readonly id: string;
  readonly key: string;
  readonly reference: string;
  state: 'ringing' | 'over';
  result?: string;
  over_at?: number;
}

export interface FarSideOptions {
  readonly secret: string;
  /** How long it keeps its caller waiting where that is the trouble. */
  readonly tooLateMs: number;
}

const WORDS: Partial<Record<Outcome, string>> = {
  completed: 'talked',
  no_answer: 'unanswered',
  busy: 'engaged',
  voicemail: 'machine',
  declined: 'refused',
  invalid_number: 'unallocated',
  failed: 'broken',
};
const STATUSES: Partial<Record<Trouble, number>> = {
  'throttle for two seconds': 429,
  throttle: 429,
  'refuse the number': 400,
  unauthorized: 401,
  'no funds': 402,
  forbidden: 403,
  'unknown agent': 404,
  'fail before accepting': 500,
};
const ENDS_AFTER_MS = 100;

export class ExampleFarSide {
  readonly dials: Dial[] = [];
  placements = 0;
  lookUps = 0;
  webhookUrl: string | null = null;
  /** What the next dial meets, and how it ends; once. */
  trouble: Trouble | null = null;
  fate: Outcome | 'lasts' | null = null;
  readonly #options: FarSideOptions;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  constructor(options: FarSideOptions) {
    this.#options = options;
  }

  /** @returns the root of its API. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.webhookUrl = null;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const say = (status: number, body: unknown, headers = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    if (request.method === 'GET') {
      this.lookUps += 1;
      const dial = this.dials.find(({ id }) => request.url === `/dials/${id}`);
      return dial ? say(200, dial) : say(404, {});
    }
    this.placements += 1;
    const { reference } = (await json(request)) as { reference: string };
    const { trouble } = this;
    this.trouble = null;
    const status = trouble === null ? undefined : STATUSES[trouble];
    if (status !== undefined)
      return say(status, {}, trouble === 'throttle for two seconds' ? { 'retry-after': '2' } : {});
    if (trouble === 'lose the request') return request.socket.destroy();
    if (trouble === 'accept too late') await pause(this.#options.tooLateMs);
    const { id } = this.#dial(String(request.headers['idempotency-key']), reference);
    if (trouble === 'fail after accepting') return say(500, {});
    if (trouble === 'lose the reply') return request.socket.destroy();
    if (trouble === 'reply too late') await pause(this.#options.tooLateMs);
    return trouble === 'garble the reply' ? response.writeHead(201).end('<html>') : say(201, { id });
  }

  #dial(key: string, reference: string): Dial {
    const known = this.dials.find((dial) => dial.key === key);
    if (known) return known;
    const dial: Dial = { id: `dial-${this.dials.length + 1}`, key, reference, state: 'ringing' };
    this.dials.push(dial);
    const fate = this.fate ?? 'completed';
    this.fate = null;
    if (fate !== 'lasts') setTimeout(() => void this.#end(dial, WORDS[fate]!), ENDS_AFTER_MS);
    return dial;
  }

  /** The end is reported until it is taken in, as providers do. */
  async #end(dial: Dial, result: string): Promise<void> {
    const at = Date.now();
    Object.assign(dial, { state: 'over', result, over_at: at } satisfies Partial<Dial>);
    const event = { dial: dial.id, reference: dial.reference, at };
    if (result === 'talked') await this.#report({ ...event, event: 'answered' });
    await this.#report({ ...event, event: 'over', result });
  }

  async #report(event: object): Promise<void> {
    const body = JSON.stringify(event);
    const seconds = Math.floor(Date.now() / 1000);
    const hex = createHmac('sha256', this.#options.secret).update(`${seconds}.${body}`).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-signature': `${seconds}.${hex}` };
    while (this.webhookUrl !== null) {
      const taken = await fetch(this.webhookUrl, { method: 'POST', headers, body }).catch(() => null);
      await taken?.arrayBuffer();
      if (taken?.ok) return;
      await pause(ENDS_AFTER_MS);
    }
  }
}
