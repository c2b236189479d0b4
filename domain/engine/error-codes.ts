/**
 * Every error code of Ringfence, once. The statuses of the gateway, the tables of codes in docs/api.md and docs/cli.md and
 * the type `ErrorCode` come from this table. A new code may be added; the meaning of an old one never changes.
 */
interface ErrorTerms {
  /** HTTP status. Null: the gateway never answers with this code; only the client or the command line raises it. */
  readonly status: number | null;
  /** Statuses that say more than `status` does. */
  readonly narrower?: Readonly<Record<string, number>>;
  readonly meaning: string;
  readonly repeat: Repeat;
  /** Whether the error names the input at fault, in `field`. */
  readonly field: 'always' | 'sometimes' | 'never';
}

/**
 * Whether the same request can succeed later:
 * - `never`: it is refused again until it, its key or the configuration is changed.
 * - `after_change`: once what it is about has changed, such as the status of the campaign.
 * - `later`: after `Retry-After`, or after a moment. A write needs an idempotency key for that.
 */
export type Repeat = 'never' | 'after_change' | 'later';

export const ERROR_CODES = {
  bad_request: {
    status: 400,
    narrower: { unsupportedMediaType: 415, headersTooLarge: 431 },
    meaning:
      'The request cannot be read: malformed JSON, a content type that is not accepted (415), headers that are too large (431).',
    repeat: 'never',
    field: 'sometimes',
  },
  unauthorized: { status: 401, meaning: 'The key is missing, unknown or revoked.', repeat: 'never', field: 'always' },
  invalid_signature: {
    status: 401,
    meaning: 'The signature of a webhook is missing or does not match its body.',
    repeat: 'never',
    field: 'sometimes',
  },
  stale_signature: {
    status: 401,
    meaning: 'The signature of a webhook is too old, or from the future. The provider must sign again.',
    repeat: 'never',
    field: 'sometimes',
  },
  forbidden: {
    status: 403,
    meaning: 'The key has the scope `read` and may only GET.',
    repeat: 'never',
    field: 'always',
  },
  not_found: {
    status: 404,
    meaning: 'The path, or what an id in it names, does not exist in this account.',
    repeat: 'never',
    field: 'sometimes',
  },
  request_timeout: {
    status: 408,
    meaning: 'The body of the request arrived too slowly. Nothing was changed.',
    repeat: 'later',
    field: 'never',
  },
  wrong_state: {
    status: 409,
    meaning: 'The present status of the campaign does not allow this.',
    repeat: 'after_change',
    field: 'never',
  },
  campaign_over: {
    status: 409,
    meaning: 'The campaign has ended or is ending. Contacts can no longer be added or taken out.',
    repeat: 'never',
    field: 'never',
  },
  contact_in_call: {
    status: 409,
    meaning:
      'The contact is being called. The change is possible after the call, unless it was the last call of the contact.',
    repeat: 'after_change',
    field: 'always',
  },
  contact_over: {
    status: 409,
    meaning: 'The contact is in a terminal bucket and is not called any more.',
    repeat: 'never',
    field: 'always',
  },
  conflict: {
    status: 409,
    meaning:
      'It collides with what exists (a folder of this name), or with a change that another request is making (`Retry-After`).',
    repeat: 'after_change',
    field: 'sometimes',
  },
  account_limit: {
    status: 409,
    meaning: 'The account would have more campaigns or contacts than it may have. The message names the limit.',
    repeat: 'after_change',
    field: 'never',
  },
  payload_too_large: {
    status: 413,
    meaning: 'The body or the file is too large.',
    repeat: 'never',
    field: 'always',
  },
  validation_error: {
    status: 422,
    meaning: 'A value is not allowed. `details.issues`, where present, lists every value at fault.',
    repeat: 'never',
    field: 'always',
  },
  idempotency_mismatch: {
    status: 422,
    meaning: 'The idempotency key was used for another request.',
    repeat: 'never',
    field: 'always',
  },
  request_in_progress: {
    status: 409,
    meaning: 'The first request with this idempotency key is still being executed.',
    repeat: 'later',
    field: 'always',
  },
  country_not_allowed: {
    status: 422,
    meaning:
      'The connection allows no calls to the country of the number, or none of the connections of the account does.',
    repeat: 'never',
    field: 'always',
  },
  number_type_not_allowed: {
    status: 422,
    meaning:
      'The connection allows no calls to numbers of this kind, such as satellite or premium-rate numbers, or none of the connections of the account does.',
    repeat: 'never',
    field: 'always',
  },
  start_refused: {
    status: 422,
    meaning: 'Temporal refuses to start the workflow of the campaign. `details.reason` gives the reason.',
    repeat: 'never',
    field: 'never',
  },
  unparsable_file: { status: 422, meaning: 'The contact file cannot be read.', repeat: 'never', field: 'always' },
  rate_limit_exceeded: {
    status: 429,
    meaning: 'More requests per minute, or more at the same time, than one caller may have.',
    repeat: 'later',
    field: 'never',
  },
  internal: {
    status: 500,
    meaning: 'An unexpected failure. `meta.request_id` finds it in the log of the gateway.',
    repeat: 'later',
    field: 'never',
  },
  misconfigured: {
    status: 500,
    meaning: 'A setting is missing or wrong. The message names it.',
    repeat: 'never',
    field: 'sometimes',
  },
  database_unavailable: {
    status: 503,
    meaning: 'PostgreSQL does not answer, or took too long. Nothing was changed.',
    repeat: 'later',
    field: 'never',
  },
  temporal_unavailable: {
    status: 503,
    meaning: 'Temporal, or a worker, does not answer. What the message says is recorded is carried out later.',
    repeat: 'later',
    field: 'never',
  },
  api_unreachable: {
    status: null,
    meaning: 'The gateway did not answer, or something else answered in its place.',
    repeat: 'later',
    field: 'never',
  },
} as const satisfies Readonly<Record<string, ErrorTerms>>;

export type ErrorCode = keyof typeof ERROR_CODES;
