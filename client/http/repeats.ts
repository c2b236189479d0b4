/** Which requests are repeated, and after which wait. */
import { setTimeout as pause } from 'node:timers/promises';
import { ERROR_CODES, type Repeat } from '../../domain/engine/error-codes.ts';
import { RingfenceError } from '../errors.ts';

/** Four waits take about four seconds on average. One of several gateways, or a proxy before them, is replaced in this time. */
export const MAX_RETRIES = 4;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** The longest that a gateway asks for: its limit of requests counts by the minute. Anything longer is for the caller to decide. */
const LONGEST_RETRY_AFTER_S = 60;

const REQUEST_TIMEOUT = ERROR_CODES.request_timeout.status;
const TOO_MANY_REQUESTS = ERROR_CODES.rate_limit_exceeded.status;
const SERVER_ERROR = ERROR_CODES.internal.status;

/** Chance and time. Tests replace the functions. */
export const waiting = {
  /** From 0 to 1. */
  chance: (): number => Math.random(),
  pause: (ms: number, signal: AbortSignal): Promise<void> => pause(ms, undefined, { signal }),
};

export interface RepeatOptions {
  readonly maxRetries: number;
  readonly signal: AbortSignal;
}

/** Repeats a request while it is refused for a reason that passes by itself. Throws the last refusal. */
export async function withRepeats<T>(send: () => Promise<T>, { maxRetries, signal }: RepeatOptions): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await send();
    } catch (error) {
      const waitMs = error instanceof RingfenceError ? waitBefore(error, retries, waiting.chance()) : null;
      if (waitMs === null || retries >= maxRetries) throw error;
      await waiting.pause(waitMs, signal);
    }
  }
}

/**
 * Whether the same request may succeed when it is sent again. The table of codes decides what the gateway says, and the status what
 * others say in its place.
 */
export function isRepeatable({ code, status }: RingfenceError): boolean {
  if (status === undefined) return code === 'api_unreachable';
  const known: { status: number | null; repeat: Repeat } | undefined = ERROR_CODES[code];
  if (known !== undefined && known.status !== null) return known.repeat === 'later';
  return status === REQUEST_TIMEOUT || status === TOO_MANY_REQUESTS || status >= SERVER_ERROR;
}

/**
 * Milliseconds before the next try; null if there is none.
 * @param retries how often the request was repeated before
 * @param chance from 0 to 1: full jitter, so that clients that were refused together do not come back together
 */
export function waitBefore(error: RingfenceError, retries: number, chance: number): number | null {
  if (!isRepeatable(error)) return null;
  const { retryAfter = 0 } = error;
  if (retryAfter > LONGEST_RETRY_AFTER_S) return null;
  return retryAfter * 1_000 + chance * Math.min(FIRST_WAIT_MS * 2 ** retries, LONGEST_WAIT_MS);
}
