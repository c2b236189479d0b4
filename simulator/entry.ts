import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ledger, LedgerRequest, OpenRequest } from './ledger.ts';

/** Ties a request of the API to its line in the ledger, under which everything that happens to it is noted. */

const DECORATION = 'ledgerRequest';

export function enter(ledger: Ledger, request: FastifyRequest, at: number): OpenRequest {
  const key = request.headers['x-idempotency-key'];
  const open = ledger.arrived({ at, on: kindOf(request), key: typeof key === 'string' && key !== '' ? key : null });
  request.setDecorator(DECORATION, open);
  return open;
}

export function entered(request: FastifyRequest): OpenRequest {
  return request.getDecorator<OpenRequest>(DECORATION);
}

/** Ends the connection without an answer. */
export function destroyConnection(request: FastifyRequest, reply: FastifyReply): void {
  entered(request).answered(0);
  reply.hijack();
  request.raw.socket.destroy();
}

export function declareEntries(api: { decorateRequest(name: string): unknown }): void {
  api.decorateRequest(DECORATION);
}

function kindOf(request: FastifyRequest): LedgerRequest['on'] {
  if (request.method === 'POST') return 'place';
  return request.routeOptions.url?.endsWith('/:id') === true ? 'get' : 'list';
}
