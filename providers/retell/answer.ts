import { z } from 'zod';
import { readJson, retryAfterMs } from '../http-answer.ts';
import type { PlaceResult } from '../port.ts';
import type { SendResult } from '../send-before.ts';
import { RetellCall } from './call.ts';

/** `message` is documented today, `error_message` was before. */
const Refused = z.object({
  message: z.string().max(1_000).optional().catch(undefined),
  error_message: z.string().max(1_000).optional().catch(undefined),
});

/**
 * What the result of a `POST /v2/create-phone-call` proves. Only an explicit refusal proves that nothing was placed;
 * anything unusual counts as unknown. A refusal is `blocked` unless it names the callee's number: the rest of the request
 * is the same for every contact, so it would be refused for all of them.
 */
export function classifyPlacement(result: SendResult, now: number): PlaceResult {
  if (result.kind === 'answered') return classifyAnswer(result, now);
  if (result.kind === 'unsent') return { kind: 'unavailable', reason: result.code };
  return result.kind === 'expired' ? { kind: 'expired' } : { kind: 'unknown', reason: result.code };
}

function classifyAnswer(answer: Extract<SendResult, { kind: 'answered' }>, now: number): PlaceResult {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const id = RetellCall.safeParse(readJson(answer.body)).data?.call_id;
    return id === undefined
      ? { kind: 'unknown', reason: 'unexpected_answer' }
      : { kind: 'accepted', providerCallId: id };
  }
  switch (status) {
    case 400:
    case 422:
      return classifyRefusal(status, messageOf(answer.body));
    case 401:
      return { kind: 'blocked', reason: 'unauthorized' };
    case 402:
      return { kind: 'blocked', reason: 'payment_required' };
    case 403:
      return { kind: 'blocked', reason: 'forbidden' };
    case 404:
      return { kind: 'blocked', reason: whatIsMissing(messageOf(answer.body)) };
    case 408:
    case 409:
    case 425:
    case 499:
      return { kind: 'unknown', reason: `http_${status}` };
    case 413:
      return { kind: 'rejected', reason: 'too_large' };
    case 429:
      return { kind: 'throttled', retryAfterMs: retryAfterMs(answer.headers['retry-after'], now) };
    default:
      return status >= 400 && status < 500
        ? { kind: 'blocked', reason: `http_${status}` }
        : { kind: 'unknown', reason: `http_${status}` };
  }
}

/** The text of a refusal. It may contain phone numbers, so only codes made from it leave this file. */
function messageOf(body: Buffer): string {
  const read = Refused.safeParse(readJson(body)).data;
  return read?.message ?? read?.error_message ?? '';
}

function classifyRefusal(status: 400 | 422, message: string): PlaceResult {
  if (/from_?number/i.test(message)) return { kind: 'blocked', reason: 'from_number_refused' };
  if (/to_?number|destination|countr/i.test(message)) return { kind: 'rejected', reason: 'number_refused' };
  if (status === 422 || /agent/i.test(message)) return { kind: 'blocked', reason: whatIsMissing(message) };
  return { kind: 'blocked', reason: 'invalid_request' };
}

/** Retell names what it could not find as `Item … not found from phone-number`, or not at all. */
function whatIsMissing(message: string): string {
  if (/phone-?_?number/i.test(message)) return 'from_number_not_found';
  return /agent/i.test(message) ? 'agent_not_found' : 'not_found';
}
