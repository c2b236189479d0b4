import type { FastifyReply } from 'fastify';
import type { CallEnd } from '../call-life.ts';
import type { Trouble } from '../carrier.ts';

/** Retell's words: how a call can end, as in the documentation of disconnections, and the texts of refusals. */

export type CallStatus = 'registered' | 'ongoing' | 'ended' | 'not_connected' | 'error';

export interface Disconnection {
  readonly status: 'ended' | 'not_connected' | 'error';
  readonly reason: string;
}

const DISCONNECTIONS: Readonly<Record<CallEnd, Disconnection>> = {
  completed: { status: 'ended', reason: 'user_hangup' },
  voicemail: { status: 'ended', reason: 'voicemail_reached' },
  busy: { status: 'not_connected', reason: 'dial_busy' },
  declined: { status: 'not_connected', reason: 'user_declined' },
  no_answer: { status: 'not_connected', reason: 'dial_no_answer' },
  failed: { status: 'not_connected', reason: 'dial_failed' },
  invalid_number: { status: 'not_connected', reason: 'invalid_destination' },
  cancelled: { status: 'not_connected', reason: 'manual_stopped' },
};

/** In an answered call either side may hang up, or neither. */
const COMPLETED = ['user_hangup', 'user_hangup', 'agent_hangup', 'agent_hangup', 'call_transfer', 'inactivity'];

/** @param chance from 0 to below 1 */
export function disconnectionOf(outcome: CallEnd, chance: number): Disconnection {
  if (outcome !== 'completed') return DISCONNECTIONS[outcome];
  return { status: 'ended', reason: COMPLETED[Math.floor(chance * COMPLETED.length)] ?? 'user_hangup' };
}

/** The texts of refusals in Retell's API reference. */
const MESSAGES = {
  badRequest: 'Invalid request format, please check API reference.',
  unauthorized: 'API key is missing or invalid.',
  paymentRequired: 'Trial has ended, please add payment method.',
  unknownAsset: 'Cannot find requested asset under given api key.',
  tooManyRequests: 'Account rate limited, please throttle your requests.',
  serverError: 'An unexpected server error occurred.',
} as const;

export function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).send({ status: 'error', message });
}

export function refuseUnknown(reply: FastifyReply): FastifyReply {
  return refuse(reply, 422, MESSAGES.unknownAsset);
}

export function tell(reply: FastifyReply, trouble: Trouble): FastifyReply {
  switch (trouble.kind) {
    case 'throttle':
      return refuse(reply, 429, MESSAGES.tooManyRequests);
    case 'refuse':
      return refuse(reply, 400, 'to_number is not a valid phone number.');
    case 'account':
      return tellOfAccount(reply, trouble.status);
    case 'server_error':
      return refuse(reply, trouble.status, MESSAGES.serverError);
    case 'garbled_reply':
      return reply.code(201).type('text/html').send('<html>');
    case 'bad_request':
      return refuse(reply, 400, MESSAGES.badRequest);
    case 'unauthorized':
      return tellOfAccount(reply, 401);
    case 'not_found':
      return refuse(reply, 404, 'Not Found');
    case 'conflict':
      return refuse(reply, 409, 'Conflict');
  }
}

function tellOfAccount(reply: FastifyReply, trouble: 401 | 402 | 403 | 404): FastifyReply {
  switch (trouble) {
    case 401:
      return refuse(reply, 401, MESSAGES.unauthorized);
    case 402:
      return refuse(reply, 402, MESSAGES.paymentRequired);
    case 403:
      return refuse(reply, 403, 'Forbidden');
    case 404:
      return refuseUnknown(reply);
  }
}
