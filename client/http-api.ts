import { z } from 'zod';
import { ErrorAnswer, Pagination } from '../domain/campaign-answer.ts';
import { type ErrorCode, RingfenceError } from '../domain/errors.ts';

export interface ApiOptions {
  /** Root of the gateway's API, its path included: `https://calls.example.com/api/public/v1`. */
  readonly baseUrl: string;
  /** A key with the scope `write`, or `read` where nothing is changed. */
  readonly key: string;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the root, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 30_000;

/**
 * Sends one request to the gateway and reads its answer. Nothing is repeated here.
 * @throws RingfenceError with the gateway's own code, or `api_unreachable` when there was no answer to read.
 */
export async function requestApi<T>(
  { baseUrl, key }: ApiOptions,
  { method, path, body, headers }: ApiRequest,
  data: z.ZodType<T>,
): Promise<{ readonly data: T; readonly pagination?: Pagination | undefined }> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(baseUrl.replace(/\/+$/, '') + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json();
  } catch (error) {
    throw new RingfenceError('api_unreachable', 'The gateway did not answer: check its address and that it runs.', {
      cause: error,
    });
  }
  if (!response.ok) throw refusal(response.status, answer);
  const parsed = z.object({ data, pagination: Pagination.optional() }).safeParse(answer);
  if (!parsed.success) throw unreadable(response.status);
  return parsed.data;
}

function refusal(status: number, answer: unknown): RingfenceError {
  const parsed = ErrorAnswer.safeParse(answer);
  if (!parsed.success) return unreadable(status);
  const { code, message, details } = parsed.data.error;
  // A newer gateway may know more codes than this client; they are passed on as they are.
  return new RingfenceError(code as ErrorCode, message, { details: { ...details, http_status: status } });
}

function unreadable(status: number): RingfenceError {
  return new RingfenceError(
    'api_unreachable',
    `The answer (HTTP ${status}) is not one of Ringfence's API: check that the address ends in its path, /api/public/v1.`,
    { details: { http_status: status } },
  );
}
