import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { describeCall, detailsOf, fail, statusOf, succeed } from './api.ts';
import type { Calls } from './calls.ts';
import type { Timers } from './clock.ts';
import { disturb } from './disturb.ts';
import type { ActiveFaultPlan } from './fault-plan.ts';
import { entered } from './entry.ts';

interface LookUpOptions {
  readonly calls: Calls;
  readonly timers: Timers;
  readonly plan: () => ActiveFaultPlan;
}

const ListQuery = z.object({
  status: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});

/** The two ways to ask for calls: `GET /calls/{id}` and `GET /calls`. */
export function serveLookUps(api: FastifyInstance, { calls, timers, plan }: LookUpOptions): void {
  const disturbed = async (request: FastifyRequest, reply: FastifyReply) => {
    const { record } = entered(request);
    const { request: faults } = plan().faultsFor({ on: record.on, key: null, phoneNumber: null });
    record.faults.push(...faults.map(({ kind }) => kind));
    const exchange = { request, reply, timers };
    return (await disturb(faults, 'before', exchange)) || disturb(faults, 'after', exchange);
  };

  api.get<{ Params: { id: string } }>('/calls/:id', async (request, reply) => {
    if (await disturbed(request, reply)) return reply;
    const { poses } = plan();
    const call = poses.finds === 'nothing' ? undefined : calls.get(request.params.id);
    if (!call) return fail(reply, 404, 'not_found', 'There is no such call.');
    return succeed(reply, 200, describeCall(call, poses));
  });

  api.get('/calls', async (request, reply) => {
    if (await disturbed(request, reply)) return reply;
    const query = ListQuery.safeParse(request.query);
    if (!query.success) return fail(reply, 422, 'validation_error', 'The query is not valid.', detailsOf(query.error));
    const { status, limit, offset } = query.data;
    const { poses } = plan();
    const listed = poses.finds === 'nothing' ? [] : calls.newestFirst();
    const chosen = status === undefined ? listed : listed.filter((call) => statusOf(call, poses.spelling) === status);
    const page = chosen.slice(offset, offset + limit).map((call) => describeCall(call, poses));
    const pagination = { total: chosen.length, limit, offset, has_more: offset + page.length < chosen.length };
    return succeed(reply, 200, page, { pagination });
  });
}
