/** How many requests one caller may send. What is beyond is answered with 429, before it costs a query. */
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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

/**
 * A caller is a key at an address. A key made up for each request would be a new caller each time, so wrong keys are
 * counted by address as well: when it has spent as many as one caller has requests, only keys that were right before are
 * looked up for it.
 *
 * Must be registered before authentication, which tells what became of each key.
 */
export async function limitRate(app: FastifyInstance, { requestsPerMinute }: RateLimitOptions): Promise<void> {
  const max = requestsPerMinute ?? REQUESTS_PER_MINUTE;
  await app.register(rateLimit, {
    global: false,
    max,
    timeWindow: WINDOW_MS,
    cache: CALLERS,
    keyGenerator: callerOf,
    // The headers of the IETF draft: RateLimit-Limit, -Remaining, -Reset, and Retry-After with a 429.
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { after }) =>
      new RingfenceError('rate_limit_exceeded', `Too many requests with this key: try again in ${after}.`),
  });
  const wrongKeys = app.createRateLimit({ keyGenerator: ({ ip }) => normalizeIP(ip) });
  const proven = new Recent(CALLERS);

  app.decorateRequest('tellKey');
  app.addHook('onRequest', async (request, reply) => {
    const caller = callerOf(request);
    request.tellKey = async (known) => {
      if (known) return proven.add(caller);
      proven.delete(caller);
      await wrongKeys(request);
    };
    if (proven.has(caller)) return;
    const spent = await wrongKeys(request, { increment: false });
    if (!spent.isAllowed && spent.remaining === 0) refuseAddress(reply, max, spent.ttlInSeconds);
  });
  app.addHook('onRequest', app.rateLimit());
}

function refuseAddress(reply: FastifyReply, max: number, seconds: number): never {
  void reply.headers({
    'ratelimit-limit': max,
    'ratelimit-remaining': 0,
    'ratelimit-reset': seconds,
    'retry-after': seconds,
  });
  const message = `Too many requests with wrong keys from this address: try again in ${seconds} seconds.`;
  throw new RingfenceError('rate_limit_exceeded', message);
}

/** Of an IPv6 address the network counts: whoever has one address there has all of them. */
function callerOf({ headers: { authorization }, ip }: FastifyRequest): string {
  const address = normalizeIP(ip);
  return authorization === undefined ? address : `${address} ${hashKey(authorization).toString('base64url')}`;
}

/** A set that forgets what was added longest ago. */
class Recent {
  readonly #members = new Set<string>();

  constructor(private readonly most: number) {}

  has(member: string): boolean {
    return this.#members.has(member);
  }

  add(member: string): void {
    this.#members.delete(member);
    this.#members.add(member);
    const [oldest] = this.#members;
    if (this.#members.size > this.most && oldest !== undefined) this.#members.delete(oldest);
  }

  delete(member: string): void {
    this.#members.delete(member);
  }
}
