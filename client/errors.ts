import type { ErrorCode } from '../domain/engine/error-codes.ts';
import { RingfenceError as EngineError } from '../domain/engine/errors.ts';

interface ErrorFacts {
  readonly cause?: unknown;
  readonly field?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly status?: number;
  readonly requestId?: string;
  readonly retryAfter?: number;
}

/**
 * The error type of the SDK. `code` is stable and meant for programs; `ERROR_CODES` lists all codes. `field` names the value at
 * fault. The message is for people and names the remedy.
 */
export class RingfenceError extends EngineError {
  /** HTTP status of the answer. Undefined if there was none, or if Temporal answered. */
  readonly status?: number;
  /** Id of the request in the log of the gateway. */
  readonly requestId?: string;
  /** Seconds after which the gateway asks to try again. */
  readonly retryAfter?: number;

  constructor(code: ErrorCode, message: string, { status, requestId, retryAfter, ...facts }: ErrorFacts = {}) {
    super(code, message, facts);
    if (status !== undefined) this.status = status;
    if (requestId !== undefined) this.requestId = requestId;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
  }
}
