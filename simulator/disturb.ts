import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Carrier } from './carrier.ts';
import type { Timers } from './clock.ts';
import type { Outage, RequestFault } from './faults.ts';
import { destroyConnection, entered } from './entry.ts';

export interface Disturbed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly timers: Timers;
  readonly carrier: Pick<Carrier<never>, 'tell'>;
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

/** Refuses a request that comes in an outage. */
export function refuseInOutage(how: Outage['how'], { request, reply, carrier }: Disturbed): FastifyReply {
  switch (how) {
    case '503':
      return carrier.tell(reply, { kind: 'server_error', status: 503, when: 'before' });
    case 'destroy':
      destroyConnection(request, reply);
      return reply;
    case '401':
    case '402':
    case '403':
      entered(request).record.faults.push('account');
      return carrier.tell(reply, { kind: 'account', status: ({ '401': 401, '402': 402, '403': 403 } as const)[how] });
  }
}

/** Before or after a call is accepted. */
function whenOf(fault: RequestFault): 'before' | 'after' {
  if ('when' in fault) return fault.when;
  return fault.kind === 'garbled_reply' ? 'after' : 'before';
}

async function apply(fault: RequestFault, { request, reply, timers, carrier }: Disturbed): Promise<boolean> {
  switch (fault.kind) {
    case 'throttle':
      if (fault.retry_after !== undefined) {
        entered(request).record.retry_after = String(fault.retry_after);
        void reply.header('retry-after', String(fault.retry_after));
      }
      carrier.tell(reply, fault);
      return true;
    case 'refuse':
    case 'account':
    case 'server_error':
    case 'garbled_reply':
      carrier.tell(reply, fault);
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
