/** What an answer means: data, a refusal by the gateway, or the answer of somebody else. */
import { z } from 'zod';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { ErrorResponse, Meta, Pagination } from '../../domain/api/campaign-responses.ts';
import type { ErrorCode } from '../../domain/engine/error-codes.ts';
import { RingfenceError } from '../errors.ts';
import type { HttpAnswer } from './transport.ts';

/**
 * The data is passed on as it came. The gateway has checked it against the schema of its type, and a newer gateway may send more
 * than this version knows.
 */
const Answer = z.object({ data: z.unknown(), meta: Meta, pagination: Pagination.optional() });
export type Answer = z.infer<typeof Answer>;

/** @throws RingfenceError the gateway's refusal, or what answered in its place */
export function readAnswer(root: string, { status, headers, body }: HttpAnswer, now: number): Answer {
  const json = parse(body);
  if (status >= 200 && status <= 299) {
    const answer = Answer.safeParse(json);
    if (answer.success) return answer.data;
    if (json === undefined && isPlainJson(headers)) throw cutOff(root, status);
  }
  if (status >= 300 && status <= 399) throw redirected(root, status, headers.location);
  const retryAfter = secondsOf(headers['retry-after'], now);
  const facts = { status, ...(retryAfter === null ? {} : { retryAfter }) };
  const refusal = ErrorResponse.safeParse(json);
  if (!refusal.success) throw notRingfence(root, headers, facts);
  const { error, meta } = refusal.data;
  const { field } = error.details;
  if (error.code === 'not_found' && field === 'path' && !root.endsWith(API_ROOT)) throw wrongPath(root, status);
  // A newer gateway may know more codes than this version; they are passed on as they are.
  throw new RingfenceError(error.code as ErrorCode, error.message, {
    ...facts,
    requestId: meta.request_id,
    details: error.details,
    ...(typeof field === 'string' ? { field } : {}),
  });
}

/** `Retry-After` in seconds: a number, or the time until a date. */
function secondsOf(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1_000));
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function wrongPath(root: string, status: number): RingfenceError {
  const message = `A gateway answers at ${root}, but its API is at another path: end the base URL in ${API_ROOT}.`;
  return new RingfenceError('misconfigured', message, { field: 'baseUrl', status });
}

function redirected(root: string, status: number, location: string | undefined): RingfenceError {
  const origin = location !== undefined && URL.canParse(location, root) ? new URL(location, root).origin : 'elsewhere';
  const message = `The base URL ${root} redirects to ${origin} (HTTP ${status}), which is not followed: give the URL of the API itself.`;
  return new RingfenceError('misconfigured', message, { field: 'baseUrl', status });
}

/** A proxy that closes the connection in the middle of a body of unstated length makes it look complete. */
function isPlainJson({ 'content-type': type = '', 'content-encoding': encoding }: HttpAnswer['headers']): boolean {
  return encoding === undefined && /^application\/json\b/i.test(type);
}

/** Without a status, like a broken connection: the request is repeated. */
function cutOff(root: string, status: number): RingfenceError {
  const message = `The answer of ${root} was cut off (HTTP ${status}): the request may or may not have taken effect.`;
  return new RingfenceError('api_unreachable', message);
}

function notRingfence(
  root: string,
  { 'content-type': type = 'of no stated type', 'content-encoding': encoding }: HttpAnswer['headers'],
  facts: { readonly status: number },
): RingfenceError {
  const compressed = encoding === undefined ? '' : `, compressed as ${encoding}`;
  const what = /^text\/html\b/i.test(type) ? 'An HTML page' : `Something else (${type}${compressed})`;
  const message = `${what} came from ${root} in place of an answer of Ringfence (HTTP ${facts.status}): a proxy answered, or the base URL is wrong. The API is at a path that ends in ${API_ROOT}.`;
  return new RingfenceError('api_unreachable', message, facts);
}
