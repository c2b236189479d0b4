/**
 * How many requests with a large body or a large answer are under way at once. A body is held in memory from its first byte
 * until it is answered, an answer until the client has read it, and either at several times its size: a hundred of them
 * together would take gigabytes. So they have places, of which no account may take all, and a request without one waits
 * with its body unread.
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
    /** Its answer may take tens of megabytes. */
    answersAtLength?: boolean;
  }
}

/** 160 MiB of the largest bodies; one account alone gets half of them. */
const LARGE_BODIES_AT_ONCE = 16;
/** A page of a hundred contacts, each as large as it may be, takes 60 MB. */
const LARGE_ANSWERS_AT_ONCE = 8;
const RETRY_AFTER_S = 5;

/** To be called behind `authenticate`, whose hook says whose request it is. Bodies of no more than `smallBytes` need no place. */
export function queueLargeRequests(app: FastifyInstance, smallBytes: number, { turnMs }: SlowClientLimits): void {
  const bodies = new FairShare(LARGE_BODIES_AT_ONCE);
  const answers = new FairShare(LARGE_ANSWERS_AT_ONCE);
  const placesFor = (request: FastifyRequest): FairShare | null => {
    if (request.routeOptions.config.answersAtLength) return answers;
    return mayBeLarge(request, smallBytes) ? bodies : null;
  };
  app.addHook('onRequest', async (request, reply) => {
    const places = placesFor(request);
    if (places === null) return;
    const giveBack = await places.take(request.caller.account, turnMs);
    if (!giveBack) {
      throw new RingfenceError(
        'rate_limit_exceeded',
        'This account has as many large requests under way as it may have: send fewer at once, or try again in a moment.',
        { details: { retry_after_s: RETRY_AFTER_S } },
      );
    }
    // Also where the client has gone while it waited.
    finished(reply.raw, giveBack);
  });
}

/** What is sent in chunks does not say how long it is. What the route does not take is refused before it is read. */
function mayBeLarge(request: FastifyRequest, smallBytes: number): boolean {
  const { headers, routeOptions } = request;
  if (!hasBody(request) || routeOptions.bodyLimit <= smallBytes) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > smallBytes;
}
