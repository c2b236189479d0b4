/**
 * A stand-in for Retell's API on this machine, written from Retell's documentation: its paths, bodies, refusals and
 * signed webhooks. It dials nobody, misbehaves by plan, and keeps a ledger of what it was asked for.
 */
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Calls, type PhoneCall } from './calls.ts';
import type { PlacementFault, Plan } from './faults.ts';
import { listCalls, ListRequest } from './list.ts';
import { type Delivery, Webhooks } from './webhooks.ts';
import { MESSAGES } from './words.ts';

const E164 = /^\+[1-9]\d{6,14}$/;
/** Agent settings that one call may override, with their bounds. */
const AgentOverride = z.object({
  agent: z
    .object({
      max_call_duration_ms: z.int().min(60_000).max(7_200_000).optional(),
      ring_duration_ms: z.int().min(5_000).max(300_000).optional(),
    })
    .optional(),
});
const CreatePhoneCall = z.object({
  from_number: z.string().regex(E164),
  to_number: z.string().regex(E164),
  override_agent_id: z.string().min(1).optional(),
  agent_override: AgentOverride.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  retell_llm_dynamic_variables: z.record(z.string(), z.string()).optional(),
});

export interface RetellStandInOptions {
  readonly apiKey: string;
  /** Where webhooks go. Null: nowhere. */
  readonly webhookUrl: string | null;
  /** The numbers of the account. A call from another number is refused. */
  readonly numbers: readonly string[];
  /** Calls that may be in progress at the same time. Default: 20, as for a new workspace. */
  readonly concurrencyLimit?: number;
  readonly ringMs?: number;
  readonly talkMs?: number;
  readonly webhookTimeoutMs?: number;
  readonly betweenTriesMs?: number;
}

export interface LedgerRequest {
  readonly path: string;
  /** Null: not answered, or not yet. */
  readonly status: number | null;
}

export class RetellStandIn {
  plan: Plan = {};
  readonly #requests: { readonly path: string; status: number | null }[] = [];
  readonly #options: RetellStandInOptions;
  readonly #webhooks: Webhooks;
  readonly #calls: Calls;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  constructor(options: RetellStandInOptions) {
    this.#options = options;
    const { apiKey, webhookUrl: url, webhookTimeoutMs: timeoutMs = 10_000, betweenTriesMs = 100 } = options;
    this.#webhooks = new Webhooks({ url, apiKey, timeoutMs, betweenTriesMs });
    this.#calls = new Calls({ ringMs: options.ringMs ?? 20, talkMs: options.talkMs ?? 20 }, (event, call) => {
      this.#webhooks.send(event, call, this.plan.webhooks);
    });
  }

  /** What has happened here, whatever was told to the caller. */
  get ledger(): {
    readonly calls: readonly PhoneCall[];
    readonly requests: readonly LedgerRequest[];
    readonly webhooks: readonly Delivery[];
  } {
    return { calls: this.#calls.all, requests: this.#requests, webhooks: this.#webhooks.deliveries };
  }

  /** @returns the root of the API */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#calls.close();
    this.#webhooks.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const entry: { readonly path: string; status: number | null } = { path, status: null };
    this.#requests.push(entry);
    const body = await text(request);
    const say = (status: number, answer: unknown, headers: Record<string, string> = {}) => {
      entry.status = status;
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    };
    const refuse = (status: number, message: string, headers?: Record<string, string>) =>
      say(status, { status: 'error', message }, headers);
    const hangUp = () => response.destroy();

    if (!this.#isAuthorized(request.headers.authorization)) return refuse(401, MESSAGES.unauthorized);
    if (request.method === 'POST' && path === '/v2/create-phone-call')
      return this.#create(body, { say, refuse, hangUp });
    if (this.plan.lookUps !== undefined) return refuse(this.plan.lookUps, MESSAGES.serverError);
    if (request.method === 'POST' && path === '/v3/list-calls') {
      const asked = ListRequest.safeParse(readJson(body));
      if (!asked.success) return refuse(400, MESSAGES.badRequest);
      return say(200, listCalls(this.plan.listLags === true ? [] : this.#calls.all, asked.data));
    }
    const id = request.method === 'GET' ? /^\/v2\/get-call\/([^/?]+)$/.exec(path)?.[1] : undefined;
    if (id === undefined) return refuse(404, 'Not Found');
    const call = this.#calls.all.find(({ call_id }) => call_id === decodeURIComponent(id));
    return call === undefined ? refuse(422, MESSAGES.unknownAsset) : say(200, call);
  }

  async #create(body: string, { say, refuse, hangUp }: Replies): Promise<void> {
    const [fault, ...placements] = this.plan.placements ?? [];
    this.plan = { ...this.plan, placements };
    if (fault?.kind === 'refuse') {
      const { status, message, retryAfterS } = fault;
      return refuse(status, message, retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) });
    }
    if (happens(fault, 'server_error', 'before')) return refuse(500, MESSAGES.serverError);
    if (happens(fault, 'drop', 'before')) return void hangUp();
    if (fault?.kind === 'delay' && fault.when === 'before') await pause(fault.ms);

    const asked = CreatePhoneCall.safeParse(readJson(body));
    if (!asked.success) return refuse(400, MESSAGES.badRequest);
    const { from_number: from } = asked.data;
    if (!this.#options.numbers.includes(from)) return refuse(404, `Item ${from} not found from phone-number`);
    const inProgress = this.#calls.all.filter(({ call_status: is }) => is === 'registered' || is === 'ongoing').length;
    if (inProgress >= (this.#options.concurrencyLimit ?? 20)) return refuse(429, MESSAGES.tooManyRequests);
    const [life = 'user_hangup', ...lives] = this.plan.lives ?? [];
    this.plan = { ...this.plan, lives };
    // The reply is the call as it was registered, however long the reply takes.
    const registered = { ...this.#calls.register(asked.data, life) };

    if (happens(fault, 'server_error', 'after')) return refuse(500, MESSAGES.serverError);
    if (happens(fault, 'drop', 'after')) return void hangUp();
    if (fault?.kind === 'delay' && fault.when === 'after') await pause(fault.ms);
    return say(201, fault?.kind === 'garble' ? '<html>' : registered);
  }

  #isAuthorized(header: string | undefined): boolean {
    const expected = Buffer.from(`Bearer ${this.#options.apiKey}`);
    const given = Buffer.from(header ?? '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

interface Replies {
  readonly say: (status: number, answer: unknown) => void;
  readonly refuse: (status: number, message: string, headers?: Record<string, string>) => void;
  readonly hangUp: () => unknown;
}

function happens(fault: PlacementFault | undefined, kind: 'server_error' | 'drop', when: 'before' | 'after'): boolean {
  return fault?.kind === kind && fault.when === when;
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
