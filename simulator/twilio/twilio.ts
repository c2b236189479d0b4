/**
 * A stand-in for Twilio's Calls API, written from Twilio's documentation (https://www.twilio.com/docs/voice/api). It has
 * no idempotency keys: every request that it accepts is another call.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Carrier, CarrierContext, CarrierHandlers } from '../carrier.ts';
import { drawHex } from '../draw.ts';
import { toldCall } from '../simulated-call.ts';
import { Callbacks } from './callbacks.ts';
import { describeCall, describeEvents, perceive, type TwilioCall, type TwilioDetails } from './call.ts';
import { faultOf, notFound, refuse, tell } from './errors.ts';

const FORM = 'application/x-www-form-urlencoded';
/** How long after its end the events of a call are shown. */
const EVENTS_AFTER_MS = 15 * 60_000;
const DEFAULT_TIMEOUT_S = 60;
const DEFAULT_TIME_LIMIT_S = 14_400;
const DEFAULT_PAGE_SIZE = 50;

export function createTwilio(context: CarrierContext): Carrier<TwilioDetails> {
  const { apiKey, account, reference, seed, timeScale, timers, poses } = context;
  const callbacks = new Callbacks(context);
  const answer = (reply: FastifyReply, call: TwilioCall) => reply.send(describeCall(call, account));

  /** Answers about the call that the path names. */
  const about =
    (
      { calls }: CarrierHandlers<TwilioDetails>,
      say: (reply: FastifyReply, call: TwilioCall, form: URLSearchParams) => FastifyReply,
    ) =>
    (request: FastifyRequest, reply: FastifyReply) => {
      const { sid } = request.params as { readonly sid: string };
      const call = poses().finds === 'nothing' ? undefined : calls.get(sid);
      return call === undefined ? notFound(reply) : say(reply, call, formOf(request));
    };

  /** The requests about a call. They are shown only some time after its end. */
  const events = (reply: FastifyReply, call: TwilioCall) => {
    const { endedAt } = toldCall(call);
    const isShown = endedAt !== null && timers.now() >= endedAt + EVENTS_AFTER_MS / timeScale;
    return reply.send({ events: isShown ? describeEvents(call, account) : [], page: 0, page_size: DEFAULT_PAGE_SIZE });
  };

  /** The newest calls first, by the filters that are given. A call has a StartTime only once it was dialled. */
  const list =
    ({ calls }: CarrierHandlers<TwilioDetails>) =>
    (request: FastifyRequest, reply: FastifyReply) => {
      const filter = new URL(request.url, 'http://localhost').searchParams;
      const { finds, list_lag_ms: lagMs } = poses();
      const isWanted = ({ details, entry }: TwilioCall) =>
        entry.accepted_at + lagMs <= timers.now() &&
        (['To', 'From'] as const).every((name) => !filter.has(name) || details.form.get(name) === filter.get(name));
      const day = filter.get('StartTime');
      const startedOn = ({ entry: { dialled_at: at } }: TwilioCall) =>
        day === null || (at !== null && new Date(at).toISOString().startsWith(day));
      const pageSize = Number(filter.get('PageSize') ?? DEFAULT_PAGE_SIZE);
      const found = finds === 'nothing' ? [] : calls.newestFirst().filter((call) => isWanted(call) && startedOn(call));
      return reply.send({
        calls: found.slice(0, pageSize).map((call) => describeCall(call, account)),
        page: 0,
        page_size: pageSize,
        next_page_uri: null,
      });
    };

  /** `canceled` ends a call that nobody has answered, and leaves any other as it is. `completed` ends any. */
  const change = (handlers: CarrierHandlers<TwilioDetails>) =>
    about(handlers, (reply, call, form) => {
      if (call.state === 'over') return refuse(reply, 400, 21_220, 'Call is not in-progress. Cannot redirect.');
      const status = form.get('Status');
      const isCancelled = (status === 'canceled' || status === 'completed') && handlers.calls.cancel(call);
      if (status === 'completed' && !isCancelled) handlers.calls.hangUp(call);
      return answer(reply, call);
    });

  return {
    root: '',
    honoursKeys: () => false,

    serve(api, handlers) {
      api.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) => done(null, body));
      const path = `/2010-04-01/Accounts/${account}/Calls`;
      api.post(`${path}.json`, handlers.place);
      api.get(`${path}.json`, handlers.ask(list(handlers)));
      api.get(`${path}/:sid.json`, handlers.ask(about(handlers, answer)));
      api.post(`${path}/:sid.json`, handlers.ask(change(handlers)));
      api.get(`${path}/:sid/Events.json`, handlers.ask(about(handlers, events)));
    },

    kindOf({ method, routeOptions: { url = '' } }) {
      const isList = url.endsWith('/Calls.json');
      if (method === 'POST') return isList ? 'place' : 'cancel';
      return isList ? 'list' : 'get';
    },

    isAuthorized({ headers }) {
      const expected = Buffer.from(`Basic ${Buffer.from(`${account}:${apiKey}`).toString('base64')}`);
      const given = Buffer.from(headers.authorization ?? '');
      return given.length === expected.length && timingSafeEqual(given, expected);
    },

    keyOf(request) {
      const url = formOf(request).get('StatusCallback');
      return url !== null && URL.canParse(url) ? new URL(url).searchParams.get(reference) : null;
    },

    readPlacement(request) {
      const form = formOf(request);
      const fault = faultOf(form);
      if (fault !== null) return fault;
      const seconds = (name: string, byDefault: number) => Number(form.get(name) ?? byDefault) * 1000;
      return {
        // It knows no agents.
        agentId: '',
        phoneNumber: form.get('To') ?? '',
        limits: {
          joinTimeoutMs: seconds('Timeout', DEFAULT_TIMEOUT_S),
          maxDurationMs: seconds('TimeLimit', DEFAULT_TIME_LIMIT_S),
        },
        perceive: (outcome) => perceive(outcome, form),
        details: { form, sequence: 0 },
      };
    },

    refusalOf: () => null,
    callId: (subject, nth) => `CA${drawHex(32, seed, 'call', subject, nth)}`,
    describe: (call) => describeCall(call, account),
    confirm: (reply, described) => reply.code(201).send(described),
    tell,
    messages: (call, moment) => callbacks.messages(call, moment),
    strayMessages: () => [],
  };
}

function formOf({ body }: FastifyRequest): URLSearchParams {
  return new URLSearchParams(typeof body === 'string' ? body : '');
}
