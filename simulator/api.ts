import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { SimulatedCall } from './simulated-call.ts';
import { findFault } from './fault-plan.ts';
import type { EventName, Poses } from './faults.ts';

/** How the calls API answers, in the provider's envelope. */

export function succeed(reply: FastifyReply, status: number, data: unknown, extra: object = {}): FastifyReply {
  return reply.code(status).send({ data, meta: meta(reply), ...extra });
}

export function fail(
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  details: unknown = null,
): FastifyReply {
  return reply.code(status).send({ error: { code, message, details }, meta: meta(reply) });
}

function meta(reply: FastifyReply) {
  return { request_id: reply.request.id, ts: new Date().toISOString() };
}

const Duration = z
  .string()
  .regex(/^\d{1,6}s$/, 'must be seconds, as in "1800s"')
  .transform((text) => Number(text.slice(0, -1)) * 1000);

export const PlaceBody = z.object({
  agent_id: z.string().min(1),
  phone_number: z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be an E.164 number'),
  from_number: z.string().min(1).optional(),
  variables: z.record(z.string(), z.string()).optional(),
  call_settings: z
    .object({ max_duration: Duration.default(1_800_000), join_timeout: Duration.default(30_000) })
    .prefault({}),
});
export type PlaceBody = z.infer<typeof PlaceBody>;

/** Statuses as the provider spells them, one way or the other. */
export function statusOf(call: SimulatedCall, spelling: Poses['spelling']): string {
  switch (call.state) {
    case 'queued':
    case 'ringing':
      return call.state;
    case 'in_progress':
      return spelling === 'ended' ? 'in-progress' : 'in_progress';
    case 'over':
      if (findFault(call.faults, 'stuck')) return spelling === 'ended' ? 'in-progress' : 'in_progress';
      return call.life.outcome === 'failed' ? 'failed' : spelling;
    default:
      return call.state satisfies never;
  }
}

export function describeCall(call: SimulatedCall, poses: Poses) {
  const { entry } = call;
  const iso = (at: number | null) => (at === null ? null : toldTime(call, at));
  const stuck = findFault(call.faults, 'stuck') !== undefined;
  return {
    id: entry.id,
    agent_id: entry.agent_id,
    phone_number: entry.phone_number,
    direction: 'outbound',
    status: statusOf(call, poses.spelling),
    outcome: stuck ? null : entry.outcome,
    created_at: iso(entry.accepted_at),
    joined_at: iso(entry.started_at),
    ended_at: stuck ? null : iso(entry.ended_at),
    ...(poses.finds === 'by_variables' && call.variables !== null ? { variables: call.variables } : {}),
  };
}

/** An instant as the provider tells it, which may be wrong for this call, or for one of its events. */
export function toldTime({ faults }: SimulatedCall, at: number, event?: EventName): string | number {
  const wrong = findFault(faults, 'event_time', event);
  const told = at + (wrong?.shift_ms ?? 0);
  switch (wrong?.form) {
    case 'seconds':
      return Math.floor(told / 1000);
    case 'fraction':
      return told + 0.375;
    case 'iso':
    case undefined:
      return new Date(told).toISOString();
  }
}

export function detailsOf(error: z.ZodError) {
  return error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
}
