import type { ErrorCode } from './error-codes.ts';

/**
 * The error type of all expected errors in Ringfence.
 *
 * `code` is stable and meant for programs; `ERROR_CODES` lists all codes. The message is for people. It never contains a phone
 * number, a name or an e-mail address, because messages appear in workflow histories and logs. Each boundary (HTTP, workflow,
 * command line) converts the code in one place.
 */
export class RingfenceError extends Error {
  override readonly name = 'RingfenceError';

  /** A program may load several copies of this class, one with the SDK and one with a worker. They are one type. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'RingfenceError';
  }

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { cause?: unknown; field?: string; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (options.field !== undefined) this.field = options.field;
    this.details = options.details ?? {};
  }

  /** The invalid input field as the caller spells it (`contacts[3].phone_number`), if there is one. */
  readonly field?: string;
  /** Ids and facts about the cause, without personal data. */
  readonly details: Readonly<Record<string, unknown>>;
}
