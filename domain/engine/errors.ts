import type { ErrorCode } from './error-codes.ts';

/**
 * The one error type that Ringfence raises on purpose.
 *
 * `code` is stable and meant for machines (`error-codes.ts` lists them all); the message is for people and never holds a phone number, a name or an
 * e-mail address, because messages end in workflow histories and logs. Each boundary (HTTP, workflow, command line)
 * turns the code into its own kind of answer in one place.
 */
export class RingfenceError extends Error {
  override readonly name = 'RingfenceError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { cause?: unknown; field?: string; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (options.field !== undefined) this.field = options.field;
    this.details = options.details ?? {};
  }

  /** The input field at fault, in the caller's own spelling (`contacts[3].phone_number`), where there is one. */
  readonly field?: string;
  /** Ids and facts that help to find the cause; free of personal data. */
  readonly details: Readonly<Record<string, unknown>>;
}
