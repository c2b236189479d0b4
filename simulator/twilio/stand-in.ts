/**
 * A stand-in for Twilio's Calls API on this machine, written from Twilio's documentation. It imports nothing of the
 * product. It speaks Twilio's paths, forms, errors and signed status callbacks, misbehaves by plan, and keeps a ledger
 * of the calls that it accepted.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { Callbacks } from './callbacks.ts';
import { describeCall, describeEvents, type StandInCall } from './ledger.ts';
import type { Life, Plan, Refusal } from './plan.ts';

const NUMBER = /^\+[1-9]\d{6,14}$/;
const EVENTS_AFTER_MS = 15 * 60_000;

export interface StandInOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** How long a call rings, and talks. */
  readonly stepMs?: number;
  readonly now?: () => number;
  /** How long after a call's end its events are shown. */
  readonly eventsAfterMs?: number;
}

type Say = (status: number, body: unknown, headers?: Record<string, string>) => void;

export class TwilioStandIn {
  readonly calls: StandInCall[] = [];
  /** Requests to create a call, whatever became of them. */
  placements = 0;
  readonly #options: Required<StandInOptions>;
  readonly #callbacks: Callbacks;
  readonly #closing = new AbortController();
  #plan: Plan = {};
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  constructor(options: StandInOptions) {
    this.#options = { stepMs: 20, now: Date.now, eventsAfterMs: EVENTS_AFTER_MS, ...options };
    this.#callbacks = new Callbacks(this.#options);
  }

  /** What the next request to create a call meets, and the call itself. Holds once. */
  plan(plan: Plan): void {
    this.#plan = plan;
  }

  /** @returns the root of its API */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#callbacks.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { accountSid, authToken } = this.#options;
    const say: Say = (status, body, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    const url = new URL(request.url ?? '', 'http://localhost');
    const path = /^\/2010-04-01\/Accounts\/(?<account>\w+)\/Calls(?:\/(?<sid>[^/]*?)(?<events>\/Events)?)?\.json$/.exec(
      url.pathname,
    )?.groups;
    const isPlacement = request.method === 'POST' && path !== undefined && path.sid === undefined;
    if (isPlacement) this.placements += 1;
    const credentials = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    if (request.headers.authorization !== credentials) return refuse(say, UNAUTHORIZED);
    if (path?.account !== accountSid) return refuse(say, NOT_FOUND);
    if (isPlacement) return this.#place(request, response, say);
    if (request.method !== 'GET') return refuse(say, NOT_FOUND);
    if (path.sid === undefined) return this.#list(url.searchParams, say);
    const call = this.calls.find(({ sid }) => sid === path.sid);
    if (!call) return refuse(say, NOT_FOUND);
    if (path.events === undefined) return say(200, describeCall(call, accountSid));
    const isShown = call.endedAt !== null && this.#options.now() >= call.endedAt + this.#options.eventsAfterMs;
    return say(200, { events: isShown ? describeEvents(call, accountSid) : [], page: 0, page_size: 50 });
  }

  async #place(request: IncomingMessage, response: ServerResponse, say: Say): Promise<void> {
    const { request: trouble, life, callbacks = {} } = this.#plan;
    this.#plan = {};
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    const form = new URLSearchParams(isForm ? await text(request) : '');
    const fault = faultOf(form);
    if (fault) return refuse(say, fault);
    const accept = () => this.#accept(form, life ?? { end: 'completed', answeredBy: 'human' }, callbacks);
    const confirm = (call: StandInCall) => say(201, describeCall(call, this.#options.accountSid));
    switch (trouble?.kind) {
      case 'refuse':
        return refuse(say, trouble);
      case 'server_error':
        if (trouble.accepts) accept();
        return refuse(say, INTERNAL);
      case 'drop':
        if (trouble.accepts) accept();
        response.destroy();
        return;
      case 'delay': {
        const early = trouble.accepts === 'before' ? accept() : null;
        await pause(trouble.ms, undefined, { signal: this.#closing.signal });
        confirm(early ?? accept());
        return;
      }
      case 'garble':
        accept();
        response.writeHead(201, { 'content-type': 'application/json' }).end('{"sid": "CA');
        return;
      case undefined:
        confirm(accept());
    }
  }

  #accept(form: URLSearchParams, life: Life, trouble: StandInCall['trouble']): StandInCall {
    const call: StandInCall = {
      sid: `CA${randomBytes(16).toString('hex')}`,
      form,
      life,
      trouble,
      acceptedAt: this.#options.now(),
      status: 'queued',
      answeredBy: null,
      dialledAt: null,
      answeredAt: null,
      endedAt: null,
      sequence: 0,
    };
    this.calls.push(call);
    // Ends early when the stand-in is closed.
    this.#live(call).catch(() => {});
    return call;
  }

  async #live(call: StandInCall): Promise<void> {
    const { now, stepMs } = this.#options;
    const { life } = call;
    const step = () => pause(stepMs, undefined, { signal: this.#closing.signal });
    await step();
    call.dialledAt = now();
    call.status = 'ringing';
    await this.#callbacks.report(call, 'initiated');
    await this.#callbacks.report(call, 'ringing');
    if (life.lasts === true) return;
    await step();
    const detected: Record<string, string> = {};
    if (life.end === 'completed') {
      call.answeredAt = now();
      call.status = 'in-progress';
      if (life.answeredBy !== undefined && call.form.has('MachineDetection') && !call.form.has('SendDigits')) {
        call.answeredBy = life.answeredBy;
        detected.AnsweredBy = life.answeredBy;
      }
      await this.#callbacks.report(call, 'in-progress', detected);
      await step();
    }
    call.endedAt = now();
    call.status = life.end;
    const sip = life.sipCode === undefined ? {} : { SipResponseCode: String(life.sipCode) };
    await this.#callbacks.report(call, life.end, { CallDuration: '0', ...detected, ...sip });
    if (life.completedToo === true) await this.#callbacks.report(call, 'completed', { CallDuration: '0' });
    await this.#callbacks.release(call);
  }

  /** The newest calls first, by the filters that are given. A call has a StartTime only once it was dialled. */
  #list(filter: URLSearchParams, say: Say): void {
    const wanted = (name: 'To' | 'From', { form }: StandInCall) =>
      !filter.has(name) || form.get(name) === filter.get(name);
    const day = filter.get('StartTime');
    const startedOn = ({ dialledAt }: StandInCall) =>
      day === null || (dialledAt !== null && new Date(dialledAt).toISOString().startsWith(day));
    const pageSize = Number(filter.get('PageSize') ?? 50);
    const found = this.calls
      .filter((call) => wanted('To', call) && wanted('From', call) && startedOn(call))
      .toReversed();
    say(200, {
      calls: found.slice(0, pageSize).map((call) => describeCall(call, this.#options.accountSid)),
      page: 0,
      page_size: pageSize,
      next_page_uri: null,
    });
  }
}

const UNAUTHORIZED: Refusal = { kind: 'refuse', status: 401, code: 20_003, message: 'Authenticate' };
const NOT_FOUND: Refusal = {
  kind: 'refuse',
  status: 404,
  code: 20_404,
  message: 'The requested resource was not found',
};
const INTERNAL: Refusal = { kind: 'refuse', status: 500, code: 20_500, message: 'Internal Server Error' };

function refuse(say: Say, { status, code, message, retryAfter }: Refusal): void {
  const body = { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status };
  say(status, body, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) });
}

/** What Twilio refuses in a form, by the codes that it documents. */
function faultOf(form: URLSearchParams): Refusal | null {
  const bad = (code: number, message: string): Refusal => ({ kind: 'refuse', status: 400, code, message });
  const [to, from] = [form.get('To'), form.get('From')];
  if (to === null) return bad(21_201, "No 'To' number is specified");
  if (from === null) return bad(21_213, "'From' phone number is required");
  if (!NUMBER.test(to)) return bad(21_211, `The phone number you are attempting to call, ${to}, is not valid.`);
  if (!NUMBER.test(from)) return bad(21_212, `The source phone number provided, ${from}, is not valid.`);
  const url = form.get('Url');
  if (!form.has('Twiml') && !form.has('ApplicationSid') && (url === null || !URL.canParse(url))) {
    return bad(21_205, 'Url parameter is required.');
  }
  if ((form.get('Twiml')?.length ?? 0) > 4_000) return bad(21_205, 'Twiml parameter is too long.');
  if (Number(form.get('Timeout') ?? 60) > 600) return bad(21_208, 'Timeout is invalid.');
  const known = ['initiated', 'ringing', 'answered', 'completed'];
  if (!form.getAll('StatusCallbackEvent').every((event) => known.includes(event))) {
    return bad(21_626, 'StatusCallbackEvent is invalid.');
  }
  return null;
}
