import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { CallRequest, Refusal, Trouble } from '../carrier.ts';
import { findFault } from '../fault-plan.ts';
import type { EventName, Poses } from '../faults.ts';
import { shiftOf, type SimulatedCall, toldCall } from '../simulated-call.ts';

/** The bodies and answers of the Truedy calls API, in its envelope. */

export interface TruedyDetails {
  readonly variables: Readonly<Record<string, string>> | null;
}
export type TruedyCall = SimulatedCall<TruedyDetails>;

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

const ACCOUNT_CODES = { 401: 'unauthorized', 402: 'payment_required', 403: 'forbidden', 404: 'not_found' } as const;

export function tell(reply: FastifyReply, trouble: Trouble): FastifyReply {
  switch (trouble.kind) {
    case 'throttle':
      return fail(reply, 429, 'rate_limit_exceeded', 'Too many requests.');
    case 'refuse': {
      const { status, field } = trouble;
      return fail(reply, status, 'validation_error', 'Refused.', [{ field, message: 'refused' }]);
    }
    case 'account':
      return fail(reply, trouble.status, ACCOUNT_CODES[trouble.status], 'There is trouble with the account.');
    case 'server_error':
      return fail(reply, trouble.status, trouble.status === 503 ? 'unavailable' : 'internal', 'Something went wrong.');
    case 'garbled_reply':
      return reply.code(201).type('text/html').send('<html>Created');
    case 'bad_request':
      return fail(reply, 400, 'bad_request', 'The request cannot be read.');
    case 'unauthorized':
      return fail(reply, 401, 'unauthorized', 'The key is not valid.');
    case 'not_found':
      return fail(reply, 404, 'not_found', 'There is no such thing.');
    case 'conflict':
      return fail(reply, 409, 'idempotency_conflict', 'This key was used with another body.');
  }
}

const Duration = z
  .string()
  .regex(/^\d{1,6}s$/, 'must be seconds, as in "1800s"')
  .transform((text) => Number(text.slice(0, -1)) * 1000);

const PlaceBody = z.object({
  agent_id: z.string().min(1),
  phone_number: z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be an E.164 number'),
  from_number: z.string().min(1).optional(),
  variables: z.record(z.string(), z.string()).optional(),
  call_settings: z
    .object({ max_duration: Duration.default(1_800_000), join_timeout: Duration.default(30_000) })
    .prefault({}),
});

export function readPlacement(body: unknown): CallRequest<TruedyDetails> | Refusal {
  const read = PlaceBody.safeParse(body);
  if (!read.success) return (reply) => failInvalid(reply, 'body', read.error);
  const { agent_id, phone_number, variables = null, call_settings } = read.data;
  return {
    agentId: agent_id,
    phoneNumber: phone_number,
    limits: { joinTimeoutMs: call_settings.join_timeout, maxDurationMs: call_settings.max_duration },
    perceive: (outcome) => outcome,
    details: { variables },
  };
}

export function failInvalid(reply: FastifyReply, what: 'body' | 'query', error: z.ZodError): FastifyReply {
  const details = error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  return fail(reply, 422, 'validation_error', `The ${what} is not valid.`, details);
}

/** Statuses as the provider spells them, one way or the other. */
export function statusOf(call: TruedyCall, spelling: Poses['spelling']): string {
  const { state, outcome } = toldCall(call);
  switch (state) {
    case 'queued':
    case 'ringing':
      return state;
    case 'in_progress':
      return spelling === 'ended' ? 'in-progress' : 'in_progress';
    case 'over':
      return outcome === 'failed' ? 'failed' : spelling;
    default:
      return state satisfies never;
  }
}

export function describeCall(call: TruedyCall, poses: Poses) {
  const { entry } = call;
  const told = toldCall(call);
  const write = (at: number | null) => (at === null ? null : written(call, at));
  return {
    id: entry.id,
    agent_id: entry.agent_id,
    phone_number: entry.phone_number,
    direction: 'outbound',
    status: statusOf(call, poses.spelling),
    outcome: told.outcome,
    created_at: write(told.acceptedAt),
    joined_at: write(told.startedAt),
    ended_at: write(told.endedAt),
    ...(poses.finds === 'by_variables' && call.details.variables !== null ? { variables: call.details.variables } : {}),
  };
}

/** An instant as the provider tells it in an event. */
export function toldTime(call: TruedyCall, at: number, event: EventName): string | number {
  return written(call, at + shiftOf(call, event), event);
}

function written({ faults }: TruedyCall, at: number, event?: EventName): string | number {
  switch (findFault(faults, 'event_time', event)?.form) {
    case 'seconds':
      return Math.floor(at / 1000);
    case 'fraction':
      return at + 0.375;
    case 'iso':
    case undefined:
      return new Date(at).toISOString();
  }
}
