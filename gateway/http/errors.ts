/** The only place that turns errors into responses. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type DatabaseErrorKind, databaseErrorKind } from '../../db/errors.ts';
import { ERROR_CODES } from '../../domain/engine/error-codes.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { errorAnswer, metaOf } from './envelope.ts';
import { WHOLE_BODY } from './validation.ts';

const BAD_REQUEST = ERROR_CODES.bad_request.status;
const UNSUPPORTED_MEDIA_TYPE = ERROR_CODES.bad_request.narrower.unsupportedMediaType;
const UNAUTHORIZED = ERROR_CODES.unauthorized.status;
const INTERNAL = ERROR_CODES.internal.status;
const UNAVAILABLE = ERROR_CODES.database_unavailable.status;

/** PostgreSQL and Temporal usually recover within seconds, and so are locks released. */
const RETRY_AFTER_S = 5;

/** The HTTP status of an error. A code without a status is never raised on purpose here, so it counts as internal. */
export function statusOf({ code }: RingfenceError): number {
  return ERROR_CODES[code].status ?? INTERNAL;
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { error: refusal, status = statusOf(refusal) } = refusalOf(error, request);
  if (status >= INTERNAL) request.log.error({ code: refusal.code, cause: traceOf(error) }, 'request failed');
  const { retry_after_s: seconds = status === UNAVAILABLE ? RETRY_AFTER_S : undefined } = refusal.details;
  if (typeof seconds === 'number') void reply.header('retry-after', String(seconds));
  if (status === UNAUTHORIZED) void reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send(errorAnswer(refusal, metaOf(request)));
}

export function answerUnknownRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = 'The path does not exist: GET /openapi.json lists all paths.';
  return answerError(new RingfenceError('not_found', message, { field: 'path' }), request, reply);
}

function refusalOf(error: unknown, request: FastifyRequest): { error: RingfenceError; status?: number } {
  if (error instanceof RingfenceError) return { error };
  const kind = databaseErrorKind(error);
  if (kind !== null) return { error: DATABASE_ERRORS[kind] };
  const { statusCode, code } = error as Partial<FastifyError>;
  if (statusCode === ERROR_CODES.payload_too_large.status) {
    const limit = request.routeOptions.bodyLimit;
    const message = `The body is larger than ${limit} bytes, the limit of this route: send less, and import large numbers of contacts into a folder.`;
    return { error: new RingfenceError('payload_too_large', message, { field: WHOLE_BODY, details: { limit } }) };
  }
  if (statusCode === UNSUPPORTED_MEDIA_TYPE) {
    const message = `This route does not accept the content type: ${howToSend(request)}.`;
    return {
      error: new RingfenceError('bad_request', message, { field: 'Content-Type' }),
      status: UNSUPPORTED_MEDIA_TYPE,
    };
  }
  if (statusCode !== undefined && statusCode >= BAD_REQUEST && statusCode < INTERNAL) {
    const [field, message] = MALFORMED[code ?? ''] ?? [WHOLE_BODY, 'The request is unreadable.'];
    return { error: new RingfenceError('bad_request', message, { field }) };
  }
  return { error: new RingfenceError('internal', 'An unexpected error occurred: the log contains its request id.') };
}

function howToSend({ routeOptions: { schema } }: FastifyRequest): string {
  const types = schema?.consumes;
  return types === undefined ? 'send JSON as application/json' : `send a file as ${types.join(' or ')}`;
}

const DATABASE_ERRORS: Readonly<Record<DatabaseErrorKind, RingfenceError>> = {
  unavailable: new RingfenceError('database_unavailable', 'PostgreSQL does not answer: try again in a moment.'),
  timeout: new RingfenceError(
    'database_unavailable',
    'The request took too long and changed nothing: ask for less at once, or try again in a moment.',
  ),
  locked: new RingfenceError(
    'conflict',
    'Another request is changing the same object. Nothing was changed: try again in a moment.',
    { details: { retry_after_s: RETRY_AFTER_S } },
  ),
};

/** The parser's own message would quote a piece of the body, which may be personal data. */
const MALFORMED: Readonly<Record<string, readonly [field: string, message: string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: [WHOLE_BODY, 'The body is not JSON: check its quotes, commas and brackets.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [WHOLE_BODY, 'The body is empty: send JSON, or leave the content type out.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['Content-Length', 'The length of the body differs from its Content-Length.'],
  FST_ERR_MAX_PARAM_LENGTH: ['path', 'A part of the path is longer than any id or number: check it.'],
  FST_ERR_BAD_URL: ['path', 'The path cannot be decoded: check the characters after each percent sign.'],
};

/** Where the error happened and its kind. Messages of the driver and the parser may quote personal data. */
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
