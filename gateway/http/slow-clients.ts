/**
 * Time limits for slow clients. A request that is sent byte by byte costs a connection and, while a file is
 * imported, one of few places; so every request must come in at some pace, and one that does not is cut off. The time
 * that the request waits for us does not count against it.
 */
import type { Server } from 'node:http';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseOnSocket, tooLong, tooSlow } from './broken-requests.ts';
import { hasBody } from './early-responses.ts';
import type { SlowClientLimits } from './slow-client-limits.ts';

/**
 * A connection on which nothing moves in either direction. Longer than any answer takes, an import's last statements
 * included: this is for clients that ask and never read.
 */
const SILENT_MS = 10 * 60_000;

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
