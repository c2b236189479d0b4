/**
 * What becomes of a connection whose answer is ready before the body of its request is in. Node.js would read the rest,
 * a gigabyte if the client says so, in order to use the connection again. Here such an answer ends the connection, in the
 * way of RFC 9112, 9.6:
 *
 *   answer with "Connection: close" -> our side is closed -> a bounded rest is read and dropped -> destroyed
 *
 * Destroying it at once would lose the answer: the system resets a connection on which unread bytes lie, and the client
 * would see the reset instead. Beyond the bound nothing more is read; the client still has a moment for the answer.
 *
 * Requests without a right key and those over a limit end the connection even when their body is in, or they have none, so
 * that each further try costs a new connection. Requests that a client has sent ahead on a connection that ends are not
 * carried out: their answers could not be sent.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ERROR_CODES } from '../../domain/engine/error-codes.ts';
import type { SlowClientLimits } from './slow-client-limits.ts';

/** Of a rest that is dropped. Most bodies that are refused fit, also where a client reads no answer before it has sent all. */
const MOST_DROPPED_BYTES = 1 << 20;

const ALWAYS_CLOSE: ReadonlySet<number> = new Set([
  ERROR_CODES.unauthorized.status,
  ERROR_CODES.payload_too_large.status,
  ERROR_CODES.rate_limit_exceeded.status,
]);
/** Bodies that are handed on as they come. All others are bounded by the route's limit. */
const STREAMED = /^(?:text\/csv|multipart\/form-data)\b/i;
declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route has a parser for `*`, of which Fastify does not tell. */
    takesAnyType?: boolean;
  }
}

export function closeAfterEarlyResponses(app: FastifyInstance, { lingerMs }: SlowClientLimits): void {
  const ending = new WeakSet<Socket>();
  const awaited = new WeakSet<IncomingMessage>();

  // Without this Node.js asks for the body before anybody has looked at the request.
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
    // Requests that are injected in tests have no such field.
    const isEarly = hasBody(request) && 'complete' in request.raw && !request.raw.complete;
    if (isEarly || ALWAYS_CLOSE.has(reply.statusCode)) {
      const { socket } = request.raw;
      void reply.header('connection', 'close');
      if (isEarly) dropRest(request.raw);
      // Node.js calls this when the answer has been handed over, in its turn among those of the same connection.
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

/** Whether the body will be read: what is refused by its type or length alone need not be sent. */
function isWanted({ headers, server, routeOptions }: FastifyRequest): boolean {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (!routeOptions.config.takesAnyType && !server.hasContentTypeParser(type.trim())) return false;
  return STREAMED.test(type) || !(Number(headers['content-length']) > (routeOptions.bodyLimit ?? Infinity));
}

function dropRest(request: IncomingMessage): void {
  let dropped = 0;
  request.unpipe();
  // At once, or Node.js takes the request for one that nobody reads and drops all of the rest itself.
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > MOST_DROPPED_BYTES) request.pause();
  });
  // A stream that was read in a loop does not flow again before the next turn of the event loop.
  setImmediate(() => {
    if (dropped <= MOST_DROPPED_BYTES) request.resume();
  });
}

function linger(socket: Socket, ms: number): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer));
}
