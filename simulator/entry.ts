import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Ledger, LedgerRequest, OpenRequest } from './ledger.ts';

/** Ties a request of the API to its line in the ledger, under which everything that happens to it is noted. */

const DECORATION = 'ledgerRequest';

export function enter(ledger: Ledger, request: FastifyRequest, arrived: Pick<LedgerRequest, 'at' | 'on'>): void {
  request.setDecorator(DECORATION, ledger.arrived(arrived));
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
