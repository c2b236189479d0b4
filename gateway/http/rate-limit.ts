/**
 * How many requests are taken from whom. What is beyond is answered with 429.
 *
 * A right key is counted by itself: by the hash of the key, whatever its header looks like and whatever address it comes
 * from. Requests to pause and cancel have a separate count, so that a program that has spent its key's requests cannot
 * keep its operators from stopping its calls.
 *
 * Wrong keys, and requests without one, are counted by the address they come from. An address that has spent its count gets
 * 429 for every further wrong key, but a right key is never refused for what others at its address have tried: many people
 * share the address of a proxy or an office, and a pause must get through. So every key is looked up. What an attacker can
 * do with made-up keys is therefore bounded by cost, not by refusal:
 * - One query looks up all new keys that wait (`KeyLookUp`), in an index, over one connection. A flood makes the batches
 *   larger, not more. A request with a right key that is new waits for two batches; keys seen before do not wait for them.
 * - A refusal closes its connection, so each guess costs a new one.
 * - Guesses do not push out right keys: only right keys are remembered and counted by key. Addresses are remembered apart;
 *   somebody with thousands of them gets 401 instead of 429, and the same cost.
 * - A key has 256 bits of chance. Counting guesses keeps the log readable; it is not what protects the keys.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { DEFAULTS } from '../../worker/defaults.ts';
import { clientAddress } from './client-address.ts';

const WINDOW_MS = 60_000;
/** Keys, and addresses, remembered at once. The one that has been silent longest is forgotten first. */
export const REMEMBERED = 5_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Hash of the key that the request brings, as text; null without a key. */
    keyHash: string | null;
  }
  interface FastifyContextConfig {
    /** The route stops calls: it is counted apart from other requests of the same key. */
    stopsCalls?: boolean;
  }
}

export interface RateLimitOptions {
  /** Requests per minute and key, and wrong keys per minute and address. @defaultValue `1200` */
  readonly requestsPerMinute?: number | undefined;
}

export interface RequestLimits {
  /** Counts a request for its right key. @throws RingfenceError `rate_limit_exceeded` */
  readonly countKey: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Counts a request without a right key for its address. @throws RingfenceError `rate_limit_exceeded` */
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
