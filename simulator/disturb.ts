import type { FastifyReply, FastifyRequest } from 'fastify';
import { fail } from './api.ts';
import type { Timers } from './clock.ts';
import type { RequestFault } from './faults.ts';
import { destroyConnection, entered } from './entry.ts';

export const ACCOUNT_CODES = {
  401: 'unauthorized',
  402: 'payment_required',
  403: 'forbidden',
  404: 'not_found',
} as const;

export interface Disturbed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly timers: Timers;
}

/** Applies those of the faults that belong here; true when the request has been answered or done away with. */
export async function disturb(
  faults: readonly RequestFault[],
  when: 'before' | 'after',
  exchange: Disturbed,
): Promise<boolean> {
  for (const fault of faults) {
    if (whenOf(fault) === when && (await apply(fault, exchange))) return true;
  }
  return false;
}

/** Before or after a call is accepted. */
function whenOf(fault: RequestFault): 'before' | 'after' {
  if ('when' in fault) return fault.when;
  return fault.kind === 'garbled_reply' ? 'after' : 'before';
}

async function apply(fault: RequestFault, { request, reply, timers }: Disturbed): Promise<boolean> {
  switch (fault.kind) {
    case 'throttle':
      if (fault.retry_after !== undefined) {
        entered(request).record.retry_after = String(fault.retry_after);
        void reply.header('retry-after', String(fault.retry_after));
      }
      fail(reply, 429, 'rate_limit_exceeded', 'Too many requests.');
      return true;
    case 'refuse':
      fail(reply, fault.status, 'validation_error', 'Refused.', [{ field: fault.field, message: 'refused' }]);
      return true;
    case 'account':
      fail(reply, fault.status, ACCOUNT_CODES[fault.status], 'There is trouble with the account.');
      return true;
    case 'server_error':
      fail(reply, fault.status, 'internal', 'Something went wrong.');
      return true;
    case 'garbled_reply':
      void reply.code(201).type('text/html').send('<html>Created');
      return true;
    case 'drop_reply':
      destroyConnection(request, reply);
      return true;
    case 'delay_reply':
      if (await timers.sleep(fault.ms)) return false;
      destroyConnection(request, reply);
      return true;
    default:
      return fault satisfies never;
  }
}
