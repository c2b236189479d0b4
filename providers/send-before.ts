import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/**
 * The result of one HTTP request that is written at most once, and only before `sendBy`.
 *
 * The request starts as *waiting* for a free or a new connection. From there it becomes
 * - `unsent` if there is no connection (refused, not resolved, TLS failure, timeout): nothing was sent;
 * - `expired` if `sendBy` had passed when the connection was ready: nothing was sent;
 * - *sent* otherwise. Bytes may have left from now on, so every later failure is `lost`, and only a complete
 *   response is `answered`.
 *
 * The change from waiting happens in `onRequestStart`, which undici calls on the chosen connection before it writes the
 * first byte; aborting there writes nothing. undici repeats requests only when they are pipelined behind a failed one
 * or dispatched through its retry handler; this module refuses a second start all the same.
 */
export type SendResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
    }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unsent'; readonly code: string }
  | { readonly kind: 'lost'; readonly code: string };

export interface SendLimits {
  /** Epoch milliseconds, compared when a connection is ready. */
  readonly sendBy: number;
  /** Milliseconds to wait for a connection. */
  readonly waitMs: number;
  /** Milliseconds for the whole request, including the wait and the response's body. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** Sends `request` once. Never rejects: the result is one of the four kinds of `SendResult`. */
export function sendBefore(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limits: SendLimits,
): Promise<SendResult> {
  return new Promise((resolve) => {
    let phase: 'waiting' | 'sent' | 'settled' = 'waiting';
    let connection: Dispatcher.DispatchController | null = null;
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];

    const settle = (result: SendResult) => {
      if (phase === 'settled') return;
      phase = 'settled';
      clearTimeout(waiting);
      clearTimeout(whole);
      resolve(result);
    };
    const waiting = setTimeout(() => {
      if (phase === 'waiting') settle({ kind: 'unsent', code: 'no_connection_in_time' });
    }, limits.waitMs);
    const whole = setTimeout(() => {
      settle(phase === 'sent' ? { kind: 'lost', code: 'timeout' } : { kind: 'unsent', code: 'no_connection_in_time' });
      connection?.abort(new Error('timeout'));
    }, limits.timeoutMs);

    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        if (phase !== 'waiting') {
          settle({ kind: 'lost', code: 'started_twice' });
          controller.abort(new Error('already settled'));
        } else if (limits.now() >= limits.sendBy) {
          settle({ kind: 'expired' });
          controller.abort(new Error('expired'));
        } else {
          phase = 'sent';
          connection = controller;
        }
      },
      onResponseStart(_controller, statusCode, responseHeaders) {
        status = statusCode;
        headers = responseHeaders;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        settle({ kind: 'answered', status, headers, body: Buffer.concat(chunks) });
      },
      onResponseError(_controller, error) {
        settle({ kind: phase === 'sent' ? 'lost' : 'unsent', code: codeOf(error) });
      },
    });
  });
}

/** The system's or undici's own code of an error (`ECONNREFUSED`), never its message. */
function codeOf(error: Error & { code?: unknown }): string {
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,59}$/.test(error.code) ? error.code : 'error';
}
