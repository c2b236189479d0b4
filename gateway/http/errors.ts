/** The one place in which errors become answers. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type DatabaseErrorKind, databaseErrorKind } from '../../db/errors.ts';
import { type ErrorCode, RingfenceError } from '../../domain/engine/errors.ts';
import { errorAnswer, metaOf } from './envelope.ts';
import { WHOLE_BODY } from './validation.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthorized: 401,
  invalid_signature: 401,
  stale_signature: 401,
  forbidden: 403,
  not_found: 404,
  request_timeout: 408,
  wrong_state: 409,
  conflict: 409,
  superseded: 409,
  payload_too_large: 413,
  validation_error: 422,
  idempotency_mismatch: 422,
  start_refused: 422,
  unparsable_file: 422,
  rate_limit_exceeded: 429,
  misconfigured: 500,
  internal: 500,
  temporal_unavailable: 503,
  database_unavailable: 503,
  api_unreachable: 503,
};
/** Both PostgreSQL and Temporal come back within seconds when they come back by themselves, and locks are let go of. */
const RETRY_AFTER_S = 5;

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { error: refusal, status = STATUS[refusal.code] } = refusalOf(error, request);
  if (status >= 500) request.log.error({ code: refusal.code, cause: traceOf(error) }, 'request failed');
  const { retry_after_s: seconds = status === 503 ? RETRY_AFTER_S : undefined } = refusal.details;
  if (typeof seconds === 'number') void reply.header('retry-after', String(seconds));
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send(errorAnswer(refusal, metaOf(request)));
}

export function answerUnknownRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = 'There is no such address: GET /openapi.json lists those that exist.';
  return answerError(new RingfenceError('not_found', message, { field: 'path' }), request, reply);
}

function refusalOf(error: unknown, request: FastifyRequest): { error: RingfenceError; status?: number } {
  if (error instanceof RingfenceError) return { error };
  const kind = databaseErrorKind(error);
  if (kind !== null) return { error: DATABASE_ERRORS[kind] };
  const { statusCode, code } = error as Partial<FastifyError>;
  if (statusCode === 413) {
    const limit = request.routeOptions.bodyLimit;
    const message = `The body is larger than ${limit} bytes, the most that is taken here: send less, and import large numbers of contacts into a folder.`;
    return { error: new RingfenceError('payload_too_large', message, { field: WHOLE_BODY, details: { limit } }) };
  }
  if (statusCode === 415) {
    const message = `This content type is not taken here: ${howToSend(request)}.`;
    return { error: new RingfenceError('bad_request', message, { field: 'Content-Type' }), status: 415 };
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const [field, message] = MALFORMED[code ?? ''] ?? [WHOLE_BODY, 'The request is unreadable.'];
    return { error: new RingfenceError('bad_request', message, { field }) };
  }
  return { error: new RingfenceError('internal', 'Something went wrong here: the request id finds it in the log.') };
}

function howToSend({ routeOptions: { schema } }: FastifyRequest): string {
  const types = schema?.consumes;
  return types === undefined ? 'send JSON as application/json' : `send a file as ${types.join(' or ')}`;
}

const DATABASE_ERRORS: Readonly<Record<DatabaseErrorKind, RingfenceError>> = {
  unavailable: new RingfenceError('database_unavailable', 'PostgreSQL does not answer: try again in a moment.'),
  timeout: new RingfenceError(
    'database_unavailable',
    'This took longer than a request may take, and changed nothing: ask for less at once, or try again in a moment.',
  ),
  locked: new RingfenceError(
    'conflict',
    'Another request is changing the same at this moment: nothing was changed; try again when it is done.',
    { details: { retry_after_s: RETRY_AFTER_S } },
  ),
};

/** The parser's own words would repeat a piece of the body, and with it of somebody's data. */
const MALFORMED: Readonly<Record<string, readonly [field: string, message: string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: [WHOLE_BODY, 'The body is not JSON: check its quotes, commas and brackets.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [WHOLE_BODY, 'The body is empty: send JSON, or leave the content type out.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['Content-Length', 'The body is not as long as its Content-Length says.'],
  FST_ERR_MAX_PARAM_LENGTH: ['path', 'A part of the address is longer than any id or number is: check it.'],
  FST_ERR_BAD_URL: ['path', 'The address cannot be read: check what follows each percent sign.'],
};

/** Where it happened and what kind of error it was. Messages of the driver and the parser may quote personal data. */
function traceOf(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack?.split('\n').filter((line) => /^\s+at /.test(line)),
    ...(error.cause === undefined ? {} : { cause: traceOf(error.cause) }),
  };
}
