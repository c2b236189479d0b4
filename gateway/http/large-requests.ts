/**
 * Limits the requests with a large body or a large response that are under way at the same time. A body is held in
 * memory from its first byte until it is answered, a response until the client has read it, and either takes several
 * times its size. A hundred of them together would take gigabytes. So they share places, of which no account may take
 * all, and a request without a place waits with its body unread.
 */
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FairShare } from '../../db/fair-share.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import './auth.ts';
import { hasBody } from './early-responses.ts';
import type { SlowClientLimits } from './slow-client-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The response may take tens of megabytes. */
    hasLargeResponse?: boolean;
  }
}

/** 160 MiB of the largest bodies. One account alone gets half of the places. */
const LARGE_BODIES_AT_ONCE = 16;
/** A page of a hundred contacts of maximum size takes 60 MB. */
const LARGE_ANSWERS_AT_ONCE = 8;
const RETRY_AFTER_S = 5;

/**
 * Call it after the hook that sets what `holderOf` reads. Bodies of up to `smallBytes` need no place.
 * @param holderOf who shares the places with others. Default: the account of the caller
 */
export function queueLargeRequests(
  app: FastifyInstance,
  smallBytes: number,
  { turnMs }: SlowClientLimits,
  holderOf: (request: FastifyRequest) => string = ({ caller }) => caller.account,
): void {
  const bodies = new FairShare(LARGE_BODIES_AT_ONCE);
  const answers = new FairShare(LARGE_ANSWERS_AT_ONCE);
  const placesFor = (request: FastifyRequest): FairShare | null => {
    if (request.routeOptions.config.hasLargeResponse) return answers;
    return mayBeLarge(request, smallBytes) ? bodies : null;
  };
  app.addHook('onRequest', async (request, reply) => {
    const places = placesFor(request);
    if (places === null) return;
    const giveBack = await places.take(holderOf(request), turnMs);
    if (!giveBack) {
      throw new RingfenceError(
        'rate_limit_exceeded',
        'Too many large requests are under way: send fewer at once, or try again in a moment.',
        { details: { retry_after_s: RETRY_AFTER_S } },
      );
    }
    // Also if the client has gone while it waited.
    finished(reply.raw, giveBack);
  });
}

/** A chunked body does not announce its length. A body that the route does not accept is refused before it is read. */
function mayBeLarge(request: FastifyRequest, smallBytes: number): boolean {
  const { headers, routeOptions } = request;
  if (!hasBody(request) || routeOptions.bodyLimit <= smallBytes) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > smallBytes;
}
