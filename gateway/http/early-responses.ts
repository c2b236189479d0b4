/**
 * Responses that are ready before the body of the request has arrived. Node.js would read the rest, even a gigabyte, to
 * reuse the connection. Here such a response ends the connection as RFC 9112, 9.6 describes:
 *
 *   response with "Connection: close" -> our side is closed -> a bounded rest is read and dropped -> destroyed
 *
 * Destroying the connection immediately would lose the response: the system resets a connection with unread bytes, and
 * the client would see the reset instead. Beyond the bound nothing more is read, but the client still has a moment to
 * read the response.
 *
 * A request without a valid key, or over a limit, also ends the connection if its body has arrived or it has none, so
 * that each further attempt costs a new connection. Requests that a client has pipelined on a connection that ends are
 * not executed, because their responses could not be sent.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ERROR_CODES } from '../../domain/engine/error-codes.ts';
import type { SlowClientLimits } from './slow-client-limits.ts';

/**
 * Bytes of the rest that are read and dropped. Most refused bodies fit, even if the client reads no response before it
 * has sent everything.
 */
const MOST_DROPPED_BYTES = 1 << 20;

const ALWAYS_CLOSE: ReadonlySet<number> = new Set([
  ERROR_CODES.unauthorized.status,
  ERROR_CODES.payload_too_large.status,
  ERROR_CODES.rate_limit_exceeded.status,
]);
/** Bodies that are streamed. All others are bounded by the route's limit. */
const STREAMED = /^(?:text\/csv|multipart\/form-data)\b/i;
declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route has a parser for `*`. Fastify does not report that. */
    acceptsAnyType?: boolean;
  }
}

export function closeAfterEarlyResponses(app: FastifyInstance, { lingerMs }: SlowClientLimits): void {
  const ending = new WeakSet<Socket>();
  const awaited = new WeakSet<IncomingMessage>();

  // Otherwise Node.js asks for the body before the request has been checked.
  app.server.on('checkContinue', (request, response) => {
    awaited.add(request);
    app.server.emit('request', request, response);
  });

  app.addHook('onRequest', (request, reply, done) => {
    if (ending.has(request.raw.socket)) void reply.hijack();
    else done();
  });

  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (awaited.has(request.raw) && isWanted(request)) reply.raw.writeContinue();
    done();
  });

  app.addHook('onSend', (request, reply, _payload, done) => {
    // Injected requests in tests have no such field.
    const isEarly = hasBody(request) && 'complete' in request.raw && !request.raw.complete;
    if (isEarly || ALWAYS_CLOSE.has(reply.statusCode)) {
      const { socket } = request.raw;
      void reply.header('connection', 'close');
      if (isEarly) dropRest(request.raw);
      // Node.js calls this when the response has been handed over, in the order of the requests on the connection.
      socket.destroySoon = () => {
        ending.add(socket);
        linger(socket, lingerMs);
      };
    }
    done();
  });
}

/** Whether a request announces a body. */
export function hasBody({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}

/** Whether the body will be read. A request that its type or length alone rules out need not send its body. */
function isWanted({ headers, server, routeOptions }: FastifyRequest): boolean {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (!routeOptions.config.acceptsAnyType && !server.hasContentTypeParser(type.trim())) return false;
  return STREAMED.test(type) || !(Number(headers['content-length']) > (routeOptions.bodyLimit ?? Infinity));
}

function dropRest(request: IncomingMessage): void {
  let dropped = 0;
  request.unpipe();
  // Immediately: otherwise Node.js considers the request unread and drops the whole rest itself.
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > MOST_DROPPED_BYTES) request.pause();
  });
  // A stream that was read in a loop flows again only in the next turn of the event loop.
  setImmediate(() => {
    if (dropped <= MOST_DROPPED_BYTES) request.resume();
  });
}

function linger(socket: Socket, ms: number): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer));
}
