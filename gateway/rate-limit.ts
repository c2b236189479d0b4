/** How many requests one caller may send. What is beyond is answered with 429, before it costs a query. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hashKey } from '../db/api-keys.ts';
import { RingfenceError } from '../domain/errors.ts';

const WINDOW_MS = 60_000;
const REQUESTS_PER_MINUTE = 1_200;
/** Callers remembered at once; the one that has been silent longest is forgotten first, so that memory stays bounded. */
const CALLERS = 5_000;

export interface RateLimitOptions {
  /** Requests per minute and caller. */
  readonly requestsPerMinute?: number | undefined;
}

/** Must be registered before authentication: a flood of wrong keys is a flood too. */
export async function limitRate(app: FastifyInstance, { requestsPerMinute }: RateLimitOptions): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    max: requestsPerMinute ?? REQUESTS_PER_MINUTE,
    timeWindow: WINDOW_MS,
    cache: CALLERS,
    keyGenerator: callerOf,
    // The headers of the IETF draft: RateLimit-Limit, -Remaining, -Reset, and Retry-After with a 429.
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { after }) =>
      new RingfenceError('rate_limit_exceeded', `Too many requests with this key: try again in ${after}.`),
  });
  app.addHook('onRequest', app.rateLimit());
}

/** The address counts too: otherwise a key made up for each request would be a caller of its own. */
function callerOf({ headers: { authorization }, ip }: FastifyRequest): string {
  return authorization === undefined ? ip : `${ip} ${hashKey(authorization).toString('base64url')}`;
}
