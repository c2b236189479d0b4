/** Every way in which a request may be refused, described once. */
import { z } from 'zod';
import { ErrorResponse } from '../../domain/api/campaign-responses.ts';
import type { ErrorCode } from '../../domain/engine/errors.ts';
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
    description: 'The request cannot be read.',
    example: {
      code: 'bad_request',
      message: 'The body is not JSON: check its quotes, commas and brackets.',
      details: { field: 'body' },
    },
  },
  401: {
    name: 'Unauthorized',
    description: 'No valid key, or, for a webhook, no valid signature.',
    example: {
      code: 'unauthorized',
      message: 'Send a valid key as "Authorization: Bearer KEY".',
      details: { field: 'Authorization' },
    },
    headers: ['WWW-Authenticate'],
  },
  403: {
    name: 'Forbidden',
    description: 'The key may only read.',
    example: {
      code: 'forbidden',
      message: 'This key may only read: use one with the scope "write".',
      details: { field: 'Authorization' },
    },
  },
  404: {
    name: 'NotFound',
    description: 'The account has nothing with this id.',
    example: { code: 'not_found', message: 'There is no campaign with this id.', details: { field: 'id' } },
  },
  408: {
    name: 'RequestTimeout',
    description: 'The request came too slowly.',
    example: { code: 'request_timeout', message: 'The request did not arrive in time: send it again.' },
  },
  409: {
    name: 'Conflict',
    description:
      'It does not go with the present state; or others are changing the same at this moment, and `Retry-After` says when to try again.',
    example: {
      code: 'wrong_state',
      message: 'The campaign is completed; it takes no more commands.',
      details: { status: 'completed' },
    },
    headers: ['Retry-After'],
  },
  413: {
    name: 'PayloadTooLarge',
    description:
      'The body is too large. A campaign or a forecast may bring 10 MiB, or what its gateway is set to; a contact 1 MiB, any other request 64 KiB. Files of contacts are imported at any size.',
    example: {
      code: 'payload_too_large',
      message:
        'The body is larger than 10485760 bytes, the most that is taken here: send less, and import large numbers of contacts into a folder.',
      details: { field: 'body', limit: 10_485_760 },
    },
  },
  415: {
    name: 'UnsupportedMediaType',
    description: 'Bodies of this content type are not taken here.',
    example: {
      code: 'bad_request',
      message: 'This content type is not taken here: send JSON as application/json.',
      details: { field: 'Content-Type' },
    },
  },
  422: {
    name: 'Unprocessable',
    description:
      '`details.field` names the field at fault, `details.issues` further ones; the message says what would be right. With the code `start_refused` Temporal refuses to start the workflow, for good: `details.reason` says why in the words of the server.',
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
  },
  429: {
    name: 'TooManyRequests',
    description:
      'More requests than one key may send in a minute, or than one account may have under way at once. Retry-After says when to go on.',
    example: { code: 'rate_limit_exceeded', message: 'Too many requests with this key: try again in 12 seconds.' },
    headers: ['Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
  },
  500: {
    name: 'InternalError',
    description: 'The fault is on this side.',
    example: { code: 'internal', message: 'Something went wrong here: the request id finds it in the log.' },
  },
  503: {
    name: 'Unavailable',
    description:
      'PostgreSQL or Temporal does not answer, or not within the time that a request may take. Nothing was changed, or what was recorded is carried out later.',
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
  'Retry-After': { description: 'Seconds after which to try again.', schema: seconds },
  'RateLimit-Limit': { description: 'Requests that one key may send in a minute.', schema: seconds },
  'RateLimit-Remaining': { description: 'How many of these are left.', schema: seconds },
  'RateLimit-Reset': { description: 'Seconds until they are counted anew.', schema: seconds },
  'WWW-Authenticate': { description: 'Bearer.', schema: { type: 'string' } },
  'Idempotency-Replayed': {
    description: '`true` where the answer is that of an earlier request with the same key.',
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
