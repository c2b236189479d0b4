/** What adapters read from the answer of any HTTP API. */
import type { z } from 'zod';
import { NOT_LISTED } from '../domain/dialling/provider-messages.ts';
import type { PlaceResult } from './port.ts';
import type { SendResult } from './send-before.ts';

export type Answer = Extract<SendResult, { kind: 'answered' }>;

/** What the result of a placement proves. Only `classify` knows what the API's answers mean. */
export function classifyResult(
  result: SendResult,
  now: number,
  classify: (answer: Answer, now: number) => PlaceResult,
): PlaceResult {
  if (result.kind === 'answered') return classify(result, now);
  if (result.kind === 'unsent') return { kind: 'unavailable', reason: result.code };
  return result.kind === 'expired' ? { kind: 'expired' } : { kind: 'unknown', reason: result.code };
}

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** A success proves a call only with the id of the call. */
export function accepted(providerCallId: string | undefined): PlaceResult {
  return providerCallId === undefined
    ? { kind: 'unknown', reason: 'unexpected_answer' }
    : { kind: 'accepted', providerCallId };
}

/**
 * What the status of a placement proves where an API says nothing else. A refusal would be the same for every contact, so it
 * is `blocked`. A request that timed out somewhere, or conflicts with another, may have been accepted.
 */
export function classifyStatus({ status, headers }: Answer, now: number): PlaceResult {
  switch (status) {
    case 401:
      return { kind: 'blocked', reason: 'unauthorized' };
    case 402:
      return { kind: 'blocked', reason: 'payment_required' };
    case 403:
      return { kind: 'blocked', reason: 'forbidden' };
    case 408:
    case 409:
    case 425:
    case 499:
      return { kind: 'unknown', reason: `http_${status}` };
    case 413:
      return { kind: 'rejected', reason: 'too_large' };
    case 429:
      return { kind: 'throttled', retryAfterMs: retryAfterMs(headers['retry-after'], now) };
    default:
      return status >= 400 && status < 500
        ? { kind: 'blocked', reason: `http_${status}` }
        : { kind: 'unknown', reason: `http_${status}` };
  }
}

/**
 * The answer to a look-up, or why it says nothing.
 *
 * @param notFound the statuses with which the API says that it does not know what was asked for
 */
export function readAnswer<T>(
  result: SendResult,
  schema: z.ZodType<T>,
  notFound: readonly number[] = [404],
): { readonly value: T } | { readonly failure: string } {
  if (result.kind === 'expired') return { failure: 'expired' };
  if (result.kind !== 'answered') return { failure: result.code };
  if (notFound.includes(result.status)) return { failure: 'not_found' };
  if (result.status !== 200) return { failure: `http_${result.status}` };
  const parsed = schema.safeParse(readJson(result.body));
  return parsed.success ? { value: parsed.data } : { failure: 'unexpected_answer' };
}

/**
 * The reason of a call about which a list of several says nothing. Whether the list was asked in vain or does not contain
 * the call: it may be found by itself, unless the API refuses requests altogether. More of them would only add to that.
 */
export function notInList(failure: string | null): string {
  return failure !== null && /^http_(?:401|402|403|429|5\d\d)$/.test(failure) ? failure : NOT_LISTED;
}

/** The body as JSON, or undefined if it is not JSON. */
export function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** `Retry-After` as seconds or as an HTTP date, in milliseconds from `now`; null when it is missing or unreadable. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | null {
  if (typeof header !== 'string') return null;
  const text = header.trim();
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
