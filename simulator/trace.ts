import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ledger, LedgerRequest } from './ledger.ts';

/** What becomes known of a request on its way, for the ledger. */
export interface Trace {
  readonly on: LedgerRequest['on'];
  readonly key: string | null;
  callId: string | null;
  replayed: boolean;
  readonly faults: string[];
}

export function newTrace(request: FastifyRequest): Trace {
  const key = request.headers['x-idempotency-key'];
  return {
    on: request.method === 'POST' ? 'place' : request.routeOptions.url?.endsWith('/:id') === true ? 'get' : 'list',
    key: typeof key === 'string' && key !== '' ? key : null,
    callId: null,
    replayed: false,
    faults: [],
  };
}

export function traceOf(request: FastifyRequest): Trace {
  return request.getDecorator<Trace>('trace');
}

/** Enters a request in the ledger: when its answer is about to be sent, so that an answer nobody waits for counts too. */
export function enter(ledger: Ledger, request: FastifyRequest, at: number, status: number): void {
  const { on, key, callId, replayed, faults } = traceOf(request);
  ledger.answered({ at, on, key, status, call_id: callId, replayed, faults });
}

/** Ends the connection without an answer. */
export function destroyConnection(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}
