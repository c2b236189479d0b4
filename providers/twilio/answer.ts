import { z } from 'zod';
import type { PlaceResult } from '../port.ts';
import type { SendResult } from '../send-before.ts';
import { readJson, retryAfterMs } from '../http-answer.ts';
import { CallSid } from './fields.ts';
import { REFUSALS } from './refusals.ts';

const Accepted = z.object({ sid: CallSid });
const Refused = z.object({ code: z.int().min(0).max(9_999_999) });

/** Too many requests to the API. Twilio did not process this one. */
const TOO_MANY_REQUESTS = 20_429;

/**
 * What the result of a `POST Calls.json` proves. Only a refusal by Twilio itself proves that nothing was placed;
 * anything unusual counts as unknown.
 */
export function classifyPlacement(result: SendResult, now: number): PlaceResult {
  if (result.kind === 'answered') return classifyAnswer(result, now);
  if (result.kind === 'unsent') return { kind: 'unavailable', reason: result.code };
  return result.kind === 'expired' ? { kind: 'expired' } : { kind: 'unknown', reason: result.code };
}

function classifyAnswer(answer: Extract<SendResult, { kind: 'answered' }>, now: number): PlaceResult {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const sid = Accepted.safeParse(readJson(answer.body)).data?.sid;
    return sid === undefined
      ? { kind: 'unknown', reason: 'unexpected_answer' }
      : { kind: 'accepted', providerCallId: sid };
  }
  if (status < 400 || status >= 500) return { kind: 'unknown', reason: `http_${status}` };
  const code = Refused.safeParse(readJson(answer.body)).data?.code;
  if (status === 429 || code === TOO_MANY_REQUESTS) {
    return { kind: 'throttled', retryAfterMs: retryAfterMs(answer.headers['retry-after'], now) };
  }
  // The request may have been under way when somebody between us and Twilio gave up, or may be there a second time.
  if (status === 408 || status === 409 || status === 425 || status === 499) {
    return { kind: 'unknown', reason: `http_${status}` };
  }
  if (status === 413) return { kind: 'rejected', reason: 'too_large' };
  const refusal = code === undefined ? undefined : REFUSALS.get(code);
  if (refusal) return refusal;
  return { kind: 'blocked', reason: REASONS.get(status) ?? (code === undefined ? `http_${status}` : `twilio_${code}`) };
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [401, 'unauthorized'],
  [402, 'payment_required'],
  [403, 'forbidden'],
  [404, 'account_not_found'],
]);
