/**
 * Connections that send no complete request: bytes that are not HTTP, headers that are too large, requests that are too
 * slow.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyBaseLogger } from 'fastify';
import { counted } from '../../domain/engine/counted.ts';
import { ERROR_CODES } from '../../domain/engine/error-codes.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { errorAnswer } from './envelope.ts';
import { statusOf } from './errors.ts';

const TOO_SLOW = 'The request arrived too slowly and was aborted: send it again.';

/**
 * Answers a request that the HTTP parser has given up, and closes the connection. Only the parser's code is logged: its
 * error contains the bytes, and with them keys and personal data.
 */
export function answerBroken(logger: FastifyBaseLogger): (error: ConnectionError, socket: Socket) => void {
  return ({ code }, socket) => {
    logger.debug({ code }, 'refused a connection that sent no whole request');
    const { error, status } = refusalOf(code);
    refuseOnSocket(socket, error, status);
    socket.destroy();
  };
}

/** The error for a request that is cut off because it is too slow. */
export function tooSlow(): RingfenceError {
  return new RingfenceError('request_timeout', TOO_SLOW);
}

/** The error for a request that is cut off because it takes too long. */
export function tooLong(limitMs: number): RingfenceError {
  const minutes = Math.ceil(limitMs / 60_000);
  return new RingfenceError(
    'request_timeout',
    `The request was cut off after ${counted(minutes, 'minute')}, and nothing of it was kept: split the file, or send it over a faster line.`,
    { details: { limit_minutes: minutes } },
  );
}

/** Writes a response directly to the socket, if it is still writable. The caller closes the connection. */
export function refuseOnSocket(socket: Socket, error: RingfenceError, status = statusOf(error)): void {
  if (!socket.writable) return;
  const body = JSON.stringify(errorAnswer(error, { request_id: randomUUID(), ts: new Date().toISOString() }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refusalOf(code: string): { readonly error: RingfenceError; readonly status?: number } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { error: tooSlow() };
  if (code === 'HPE_HEADER_OVERFLOW') {
    const message = 'The headers are larger than 16 KiB: send fewer or shorter ones.';
    const error = new RingfenceError('bad_request', message, { field: 'headers' });
    return { error, status: ERROR_CODES.bad_request.narrower.headersTooLarge };
  }
  return { error: new RingfenceError('bad_request', 'This is not a valid HTTP request.', { field: 'request' }) };
}
