/** Every way in which a request may be refused, described once. */
import { z } from 'zod';
import { ErrorResponse } from '../../domain/api/campaign-responses.ts';
import type { ErrorCode } from '../../domain/engine/error-codes.ts';
import { BODY_LIMITS, inWords } from '../http/body-limits.ts';
import { EXAMPLE_META } from './described.ts';
import { CAMPAIGN_ID } from './example-values.ts';

interface Refusal {
  readonly name: string;
  readonly description: string;
  readonly example: { readonly code: ErrorCode; readonly message: string; readonly details?: object };
  readonly headers?: readonly string[];
}

export const REFUSALS: Readonly<Record<number, Refusal>> = {
  400: {
    name: 'BadRequest',
    description: 'The request is unreadable.',
    example: {
      code: 'bad_request',
      message: 'The body is not JSON: check its quotes, commas and brackets.',
      details: { field: 'body' },
    },
  },
  401: {
    name: 'Unauthorized',
    description: 'The key is missing or invalid or, for a webhook, the signature.',
    example: {
      code: 'unauthorized',
      message: 'Send a valid key as "Authorization: Bearer KEY".',
      details: { field: 'Authorization' },
    },
    headers: ['WWW-Authenticate'],
  },
  403: {
    name: 'Forbidden',
    description: 'The key is read-only.',
    example: {
      code: 'forbidden',
      message: 'This key is read-only: use one with the scope "write".',
      details: { field: 'Authorization' },
    },
  },
  404: {
    name: 'NotFound',
    description: 'The account has no object with this id.',
    example: { code: 'not_found', message: 'There is no campaign with this id.', details: { field: 'id' } },
    headers: ['Idempotency-Replayed'],
  },
  408: {
    name: 'RequestTimeout',
    description: 'The request arrived too slowly.',
    example: { code: 'request_timeout', message: 'The request arrived too slowly and was aborted: send it again.' },
  },
  409: {
    name: 'Conflict',
    description:
      'The request contradicts the present state. Or another request is changing the same object, or the first request with the same idempotency key is still being executed; then `Retry-After` says when to try again.',
    example: {
      code: 'wrong_state',
      message: 'The campaign is completed; it accepts no more commands.',
      details: { status: 'completed' },
    },
    headers: ['Retry-After', 'Idempotency-Replayed'],
  },
  413: {
    name: 'PayloadTooLarge',
    description: `The body is too large. The limit is ${inWords(BODY_LIMITS.withContacts)} for a campaign or a forecast, unless the gateway sets another one, ${inWords(BODY_LIMITS.oneContact)} for a contact, ${inWords(BODY_LIMITS.contactFile)} for a contact file, and ${inWords(BODY_LIMITS.other)} for any other request.`,
    example: {
      code: 'payload_too_large',
      message:
        'The body is larger than 10485760 bytes, the limit of this route: send less, and import large numbers of contacts into a folder.',
      details: { field: 'body', limit: 10_485_760 },
    },
  },
  415: {
    name: 'UnsupportedMediaType',
    description: 'The route does not accept this content type.',
    example: {
      code: 'bad_request',
      message: 'This route does not accept the content type: send JSON as application/json.',
      details: { field: 'Content-Type' },
    },
  },
  422: {
    name: 'Unprocessable',
    description:
      "`details.field` names the invalid field, and `details.issues` lists further ones. The message says what is valid. With the codes `country_not_allowed` and `number_type_not_allowed`, the connection does not allow the number in that field. With the code `start_refused`, Temporal permanently refuses to start the workflow; `details.reason` contains the reason in the server's words.",
    example: {
      code: 'validation_error',
      message: 'end_time must differ from start_time; leave both out for the whole day',
      details: {
        field: 'end_time',
        issues: [
          { field: 'end_time', message: 'end_time must differ from start_time; leave both out for the whole day' },
        ],
      },
    },
    headers: ['Idempotency-Replayed'],
  },
  429: {
    name: 'TooManyRequests',
    description:
      'The key has sent too many requests per minute, or the account has too many requests under way. Retry-After says when to try again.',
    example: { code: 'rate_limit_exceeded', message: 'Too many requests with this key: try again in 12 seconds.' },
    headers: ['Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
  },
  500: {
    name: 'InternalError',
    description: 'An error in Ringfence.',
    example: { code: 'internal', message: 'An unexpected error occurred: the log contains its request id.' },
  },
  503: {
    name: 'Unavailable',
    description:
      'PostgreSQL or Temporal does not answer in time. Nothing was changed, or the recorded change is executed later.',
    example: {
      code: 'temporal_unavailable',
      message: 'Temporal does not answer: try again in a moment.',
      details: { campaign: CAMPAIGN_ID },
    },
    headers: ['Retry-After'],
  },
};

const seconds = { type: 'integer', minimum: 0 };

export const HEADERS = {
  'Retry-After': { description: 'Seconds until the next try.', schema: seconds },
  'RateLimit-Limit': { description: 'Requests per minute of one key.', schema: seconds },
  'RateLimit-Remaining': { description: 'Remaining requests in this minute.', schema: seconds },
  'RateLimit-Reset': { description: 'Seconds until the count starts again.', schema: seconds },
  'WWW-Authenticate': { description: 'Bearer.', schema: { type: 'string' } },
  'Idempotency-Replayed': {
    description: '`true` if the response is that of an earlier request with the same key.',
    schema: { type: 'string', const: 'true' },
  },
} as const;

/** References to headers by name, for a response. */
export function headersOf(names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Schemas and responses that refusals of all operations share. */
export function refusalComponents() {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(ErrorResponse);
  const responses = Object.values(REFUSALS).map(({ name, description, example, headers = [] }) => {
    const value = { error: { details: {}, ...example }, meta: EXAMPLE_META };
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' }, example: value } };
    return [name, { description, ...(headers.length > 0 ? { headers: headersOf(headers) } : {}), content }];
  });
  return {
    schemas: { Error: schema },
    responses: Object.fromEntries(responses) as Record<string, object>,
    headers: HEADERS,
  };
}
