/**
 * Cuts off slow clients. A request that is sent byte by byte occupies a connection and, during an import, one of few
 * places. So every request must arrive at a minimum rate. The time that a request waits for the gateway does not count.
 */
import type { Server } from 'node:http';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseOnSocket, tooLong, tooSlow } from './broken-requests.ts';
import { hasBody } from './early-responses.ts';
import type { SlowClientLimits } from './slow-client-limits.ts';

/**
 * Limit for a connection without traffic in either direction. Longer than any response takes, including the last
 * statements of an import. It ends clients that send a request and never read the response.
 */
const SILENT_MS = 10 * 60_000;

/** Options for the HTTP server. Its own limit for a whole request stays off, because it would cut off large imports. */
export function serverLimits({
  headersMs,
  everyMs,
}: SlowClientLimits): Pick<FastifyHttpOptions<Server>, 'http' | 'connectionTimeout'> {
  return {
    connectionTimeout: SILENT_MS,
    http: { headersTimeout: headersMs, connectionsCheckingInterval: everyMs },
  };
}

/** Cuts off requests whose bodies arrive too slowly, including requests that have been answered already. */
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
    // Buffered bytes wait for the gateway, not the gateway for them.
    if (raw.readableLength > 0) return;
    waitedMs += everyMs;
    const paceMs = bodyMs + ((socket.bytesRead - before) / bytesPerSecond) * 1_000;
    if (waitedMs <= Math.min(paceMs, totalMs)) return;
    const error = waitedMs > totalMs ? tooLong(totalMs) : tooSlow();
    // Without a socket, the response to an earlier request of the connection is still pending.
    if (!reply.raw.headersSent && reply.raw.socket) refuseOnSocket(socket, error);
    raw.destroy(error);
  }, everyMs);
  raw.once('close', () => clearInterval(look));
}
