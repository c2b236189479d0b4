/**
 * Time limits for slow clients. A request that is sent byte by byte costs a connection and, while a file is
 * imported, one of few places; so every request must come in at some pace, and one that does not is cut off. The time
 * that the request waits for us does not count against it.
 */
import type { Server } from 'node:http';
import { IMPORTS } from '../../domain/engine/time-limits.ts';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseOnSocket, tooLong, tooSlow } from './broken-requests.ts';
import { hasBody } from './early-responses.ts';

export interface SlowClientLimits {
  /** Milliseconds for a request's first line and headers. They fit into a packet or two. */
  readonly headersMs: number;
  /** Milliseconds that a body may be waited for whatever its size: a mobile line that is lost for a moment comes back. */
  readonly bodyMs: number;
  /** What has to come in beyond that time. A bad line carries more. */
  readonly bytesPerSecond: number;
  /** Milliseconds that any body may be waited for, however large it is and however steadily it comes. */
  readonly totalMs: number;
  /** Milliseconds from one look at the requests under way to the next: how exact the others are. */
  readonly everyMs: number;
  /** Milliseconds for a refused client to read its answer while it still sends: a round trip and a resent packet or two. */
  readonly lingerMs: number;
  /** Milliseconds that a request with a large body or answer waits for its place among others. */
  readonly turnMs: number;
}

const SLOW_CLIENT_LIMITS: SlowClientLimits = {
  headersMs: 15_000,
  bodyMs: 30_000,
  bytesPerSecond: 16_384,
  totalMs: IMPORTS.uploadMs,
  everyMs: 5_000,
  lingerMs: 2_000,
  turnMs: 10_000,
};
/**
 * A connection on which nothing moves in either direction. Longer than any answer takes, an import's last statements
 * included: this is for clients that ask and never read.
 */
const SILENT_MS = 10 * 60_000;

export function slowClientLimits(told: Partial<SlowClientLimits> | undefined): SlowClientLimits {
  return { ...SLOW_CLIENT_LIMITS, ...told };
}

/** For the server as it is made. Its own limit of a whole request stays off: it would cut off large imports as well. */
export function serverLimits({
  headersMs,
  everyMs,
}: SlowClientLimits): Pick<FastifyHttpOptions<Server>, 'http' | 'connectionTimeout'> {
  return {
    connectionTimeout: SILENT_MS,
    http: { headersTimeout: headersMs, connectionsCheckingInterval: everyMs },
  };
}

/** Cuts off requests whose bodies come too slowly, those included whose answer has gone out already. */
export function cutOffSlowBodies(app: FastifyInstance, slowClients: SlowClientLimits): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (hasBody(request)) watch(request, reply, slowClients);
    done();
  });
}

function watch(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  { bodyMs, bytesPerSecond, totalMs, everyMs }: SlowClientLimits,
): void {
  const { socket } = raw;
  const before = socket.bytesRead;
  let waitedMs = 0;
  const look = setInterval(() => {
    if (raw.complete || raw.destroyed) {
      clearInterval(look);
      return;
    }
    // What lies here waits for us, not we for it.
    if (raw.readableLength > 0) return;
    waitedMs += everyMs;
    const paceMs = bodyMs + ((socket.bytesRead - before) / bytesPerSecond) * 1_000;
    if (waitedMs <= Math.min(paceMs, totalMs)) return;
    const error = waitedMs > totalMs ? tooLong(totalMs) : tooSlow();
    // Without a socket it is not its turn: the answer to an earlier request of the connection is still to come.
    if (!reply.raw.headersSent && reply.raw.socket) refuseOnSocket(socket, error);
    raw.destroy(error);
  }, everyMs);
  raw.once('close', () => clearInterval(look));
}
