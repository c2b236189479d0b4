import { z } from 'zod';
import { API_ROOT } from '../domain/api/api-root.ts';
import { ErrorResponse, Pagination } from '../domain/api/campaign-responses.ts';
import type { ErrorCode } from '../domain/engine/error-codes.ts';
import { RingfenceError } from '../domain/engine/errors.ts';

export interface ApiOptions {
  readonly baseUrl: string;
  readonly key: string;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path below the root, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<T> {
  readonly data: T;
  readonly pagination?: Pagination | undefined;
}

/** Status and headers of a response. */
type Head = Pick<Response, 'ok' | 'status'> & { readonly headers: Pick<Headers, 'get'> };

const TIMEOUT_MS = 30_000;

/**
 * Sends one request to the gateway and reads the response. It is never repeated.
 * @throws RingfenceError with the gateway's code, or `api_unreachable` without a readable response.
 */
export async function requestApi<T>(
  api: ApiOptions,
  { method, path, body, headers }: ApiRequest,
  data: z.ZodType<T>,
): Promise<Answer<T>> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(urlOf(api, path), {
      method,
      headers: {
        authorization: `Bearer ${api.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json();
  } catch (error) {
    throw gatewayAway(error);
  }
  return readAnswer(response, answer, data);
}

export function urlOf({ baseUrl }: ApiOptions, path: string): string {
  return baseUrl.replace(/\/+$/, '') + path;
}

/** @throws RingfenceError with the gateway's error, or `api_unreachable` if the response is not from a gateway. */
export function readAnswer<T>(response: Head, answer: unknown, data: z.ZodType<T>): Answer<T> {
  if (!response.ok) throw refusal(response, answer);
  const parsed = z.object({ data, pagination: Pagination.optional() }).safeParse(answer);
  if (!parsed.success) throw unreadable(response.status);
  return parsed.data;
}

export function gatewayAway(cause: unknown): RingfenceError {
  const message = 'The gateway did not answer: check its address and that it runs.';
  return new RingfenceError('api_unreachable', message, { cause });
}

function refusal({ status, headers }: Head, answer: unknown): RingfenceError {
  const parsed = ErrorResponse.safeParse(answer);
  if (!parsed.success) return unreadable(status);
  const { code, message, details } = parsed.data.error;
  const retryAfter = headers.get('retry-after');
  // A newer gateway may know more codes than this client; they are passed on as they are.
  return new RingfenceError(code as ErrorCode, message, {
    ...(typeof details.field === 'string' ? { field: details.field } : {}),
    details: {
      ...details,
      http_status: status,
      ...(retryAfter !== null && /^\d+$/.test(retryAfter) ? { retry_after_s: Number(retryAfter) } : {}),
    },
  });
}

function unreadable(status: number): RingfenceError {
  return new RingfenceError(
    'api_unreachable',
    `The answer (HTTP ${status}) is not one of Ringfence's API: check that the address ends in its path, ${API_ROOT}.`,
    { details: { http_status: status } },
  );
}
