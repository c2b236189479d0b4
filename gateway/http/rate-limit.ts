/**
 * Rate limits. A request beyond its limit gets 429.
 *
 * A valid key has its own count, by the hash of the key, whatever its header looks like and whatever address it comes
 * from. Requests to pause and cancel have a separate count, so that a program that has used up its key's requests
 * cannot keep its operators from stopping its calls.
 *
 * Invalid keys, and requests without a key, are counted by address. An address over its limit gets 429 for every
 * further invalid key. A valid key is never refused because of other requests from its address: many people share the
 * address of a proxy or an office, and a pause must get through. So every key is looked up. Cost, not refusal, bounds
 * what an attacker can do with made-up keys:
 * - One query looks up all unknown keys that wait (`KeyLookUp`), in an index, over one connection. A flood makes the
 *   batches larger, not more frequent. A request with an unknown valid key waits for two batches; known keys do not
 *   wait.
 * - A refusal closes its connection, so each guess costs a new one.
 * - Guesses do not displace valid keys: only valid keys are remembered and counted by key. Addresses are remembered
 *   separately. An attacker with thousands of addresses gets 401 instead of 429, at the same cost.
 * - A key has 256 random bits. Counting guesses keeps the log readable; it is not what protects the keys.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { DEFAULTS } from '../../worker/defaults.ts';
import { clientAddress } from './client-address.ts';

const WINDOW_MS = 60_000;
/** Number of keys, and of addresses, that are remembered. The least recently used one is forgotten first. */
export const REMEMBERED = 5_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Hash of the request's key, as text; null without a key. */
    keyHash: string | null;
  }
  interface FastifyContextConfig {
    /** The route stops calls: it has a separate count for each key. */
    stopsCalls?: boolean;
  }
}

export interface RateLimitOptions {
  /** Requests per minute of one key, and invalid keys per minute of one address. @defaultValue `1200` */
  readonly requestsPerMinute?: number | undefined;
}

export interface RequestLimits {
  /** Counts a request with a valid key. @throws RingfenceError `rate_limit_exceeded` */
  readonly countKey: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Counts a request without a valid key for its address. @throws RingfenceError `rate_limit_exceeded` */
  readonly countStranger: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

export async function limitRate(app: FastifyInstance, options: RateLimitOptions): Promise<RequestLimits> {
  await app.register(rateLimit, {
    global: false,
    max: options.requestsPerMinute ?? DEFAULTS.requestsPerMinute,
    timeWindow: WINDOW_MS,
    cache: REMEMBERED,
    // The headers of the IETF draft: RateLimit-Limit, -Remaining, -Reset, and Retry-After with a 429.
    enableDraftSpec: true,
  });
  app.decorateRequest('keyHash', null);
  const byKey = app.rateLimit({
    keyGenerator: ({ keyHash, routeOptions }) => `${keyHash} ${routeOptions.config.stopsCalls === true}`,
    errorResponseBuilder: (_request, { after }) =>
      new RingfenceError('rate_limit_exceeded', `Too many requests with this key: try again in ${after}.`),
  });
  const byAddress = app.rateLimit({
    keyGenerator: clientAddress,
    errorResponseBuilder: (_request, { after }) =>
      new RingfenceError(
        'rate_limit_exceeded',
        `Too many requests without a valid key from this address: try again in ${after}.`,
      ),
  });
  return {
    countKey: async (request, reply) => void (await byKey.call(app, request, reply)),
    countStranger: async (request, reply) => void (await byAddress.call(app, request, reply)),
  };
}
