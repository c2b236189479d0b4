/**
 * A stand-in for Retell's API, written from Retell's documentation (https://docs.retellai.com/api-references). It has no
 * idempotency keys: every request that it accepts is another call.
 */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CallRequest, Carrier, CarrierContext, CarrierHandlers, Refusal } from '../carrier.ts';
import { drawHex } from '../draw.ts';
import { CreatePhoneCall, describeCall, limitsOf, type RetellDetails } from './call.ts';
import { listCalls, ListRequest } from './list.ts';
import { Webhooks } from './webhooks.ts';
import { refuse, refuseUnknown, tell } from './words.ts';

const Metadata = z.object({ metadata: z.record(z.string(), z.unknown()) });

export function createRetell(context: CarrierContext): Carrier<RetellDetails> {
  const { apiKey, reference, seed, timers, poses } = context;
  const webhooks = new Webhooks(context);

  const get =
    ({ calls }: CarrierHandlers<RetellDetails>) =>
    ({ params }: FastifyRequest, reply: FastifyReply) => {
      const call = poses().finds === 'nothing' ? undefined : calls.get((params as { readonly id: string }).id);
      return call === undefined ? refuseUnknown(reply) : reply.send(describeCall(call, seed));
    };

  const list =
    ({ calls }: CarrierHandlers<RetellDetails>) =>
    ({ body }: FastifyRequest, reply: FastifyReply) => {
      const asked = ListRequest.safeParse(body);
      if (!asked.success) return tell(reply, { kind: 'bad_request' });
      const { finds, list_lag_ms: lagMs } = poses();
      const listed = finds === 'nothing' ? [] : calls.newestFirst().toReversed();
      const known = listed.filter(({ entry }) => entry.accepted_at + lagMs <= timers.now());
      return reply.send(
        listCalls(
          known.map((call) => describeCall(call, seed)),
          asked.data,
        ),
      );
    };

  /** Whatever the call is at: an answered one is cut off. */
  const stop =
    ({ calls }: CarrierHandlers<RetellDetails>) =>
    ({ params }: FastifyRequest, reply: FastifyReply) => {
      const call = calls.get((params as { readonly id: string }).id);
      if (call === undefined) return refuseUnknown(reply);
      if (!calls.cancel(call)) calls.hangUp(call);
      return reply.code(204).send();
    };

  const refusalOf = (request: CallRequest<RetellDetails>): Refusal | null => {
    const { agents, numbers } = poses();
    const { from_number: from } = request.details;
    if (numbers !== null && !numbers.includes(from)) {
      return (reply) => refuse(reply, 404, `Item ${from} not found from phone-number`);
    }
    return agents === null || agents.includes(request.agentId) ? null : refuseUnknown;
  };

  return {
    root: '',
    honoursKeys: () => false,

    serve(api, handlers) {
      api.post('/v2/create-phone-call', handlers.place);
      api.post('/v3/list-calls', handlers.ask(list(handlers)));
      api.get('/v2/get-call/:id', handlers.ask(get(handlers)));
      api.post('/v2/stop-call/:id', handlers.ask(stop(handlers)));
    },

    kindOf({ routeOptions: { url = '' } }) {
      if (url === '/v2/create-phone-call') return 'place';
      if (url === '/v3/list-calls') return 'list';
      return url.startsWith('/v2/stop-call') ? 'cancel' : 'get';
    },

    isAuthorized({ headers }) {
      const expected = Buffer.from(`Bearer ${apiKey}`);
      const given = Buffer.from(headers.authorization ?? '');
      return given.length === expected.length && timingSafeEqual(given, expected);
    },

    keyOf({ body }) {
      const key = Metadata.safeParse(body).data?.metadata[reference];
      return typeof key === 'string' ? key : null;
    },

    readPlacement({ body }) {
      const read = CreatePhoneCall.safeParse(body);
      if (!read.success) return (reply) => tell(reply, { kind: 'bad_request' });
      const { from_number, to_number, override_agent_id, metadata, retell_llm_dynamic_variables } = read.data;
      return {
        agentId: override_agent_id,
        phoneNumber: to_number,
        limits: limitsOf(read.data),
        perceive: (outcome) => outcome,
        details: { from_number, metadata, retell_llm_dynamic_variables },
      };
    },

    refusalOf,
    callId: (subject, nth) => `call_${drawHex(28, seed, 'call', subject, nth)}`,
    describe: (call) => describeCall(call, seed),
    confirm: (reply, described) => reply.code(201).send(described),
    tell,
    messages: (call, moment) => webhooks.messages(call, moment),
    strayMessages: () => [],
  };
}
