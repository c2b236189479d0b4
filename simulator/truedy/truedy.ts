/** The Truedy calls API: a voice provider with idempotency keys, and webhooks that it delivers at least once. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Carrier, CarrierContext, CarrierHandlers } from '../carrier.ts';
import { drawId } from '../draw.ts';
import { describeCall, fail, failInvalid, readPlacement, statusOf, succeed, tell, type TruedyDetails } from './api.ts';
import { Webhooks } from './webhooks.ts';

const ListQuery = z.object({
  status: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});

export function createTruedy(context: CarrierContext): Carrier<TruedyDetails> {
  const { apiKey, seed, timers, poses } = context;
  const webhooks = new Webhooks(context);

  const get =
    ({ calls }: CarrierHandlers<TruedyDetails>) =>
    (request: FastifyRequest, reply: FastifyReply) => {
      const { id } = request.params as { readonly id: string };
      const call = poses().finds === 'nothing' ? undefined : calls.get(id);
      if (!call) return fail(reply, 404, 'not_found', 'There is no such call.');
      return succeed(reply, 200, describeCall(call, poses()));
    };

  const list =
    ({ calls }: CarrierHandlers<TruedyDetails>) =>
    (request: FastifyRequest, reply: FastifyReply) => {
      const query = ListQuery.safeParse(request.query);
      if (!query.success) return failInvalid(reply, 'query', query.error);
      const { status, limit, offset } = query.data;
      const { finds, list_lag_ms: lagMs, spelling } = poses();
      const listed = finds === 'nothing' ? [] : calls.newestFirst();
      const chosen = listed
        .filter(({ entry }) => entry.accepted_at + lagMs <= timers.now())
        .filter((call) => status === undefined || statusOf(call, spelling) === status);
      const page = chosen.slice(offset, offset + limit).map((call) => describeCall(call, poses()));
      const pagination = { total: chosen.length, limit, offset, has_more: offset + page.length < chosen.length };
      return succeed(reply, 200, page, { pagination });
    };

  return {
    root: '/api/public/v1',
    honoursKeys: () => poses().honours_keys,

    serve(api, handlers) {
      api.post('/calls', handlers.place);
      api.get('/calls/:id', handlers.ask(get(handlers)));
      api.get('/calls', handlers.ask(list(handlers)));
    },

    kindOf({ method, routeOptions: { url } }) {
      if (method === 'POST') return 'place';
      return url?.endsWith('/:id') === true ? 'get' : 'list';
    },

    isAuthorized({ headers }) {
      const digest = (text: string) => createHash('sha256').update(text).digest();
      return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${apiKey}`));
    },

    keyOf({ headers }) {
      const key = headers['x-idempotency-key'];
      return typeof key === 'string' && key !== '' ? key : null;
    },

    readPlacement: ({ body }) => readPlacement(body),

    refusalOf({ agentId }) {
      const { agents } = poses();
      if (agents === null || agents.includes(agentId)) return null;
      return (reply) => fail(reply, 404, 'not_found', 'There is no such agent.');
    },

    callId: (subject, nth) => drawId('call', seed, subject, nth),
    describe: (call) => describeCall(call, poses()),
    confirm: (reply, described) => succeed(reply, 201, described),
    tell,
    messages: (call, moment) => webhooks.messages(call, moment),
    strayMessages: (call, stray) => webhooks.strayMessages(call, stray),
  };
}
