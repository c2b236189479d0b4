import { z } from 'zod';
import type { PlaceResult } from '../port.ts';
import type { SendResult } from '../send-before.ts';
import {
  accepted,
  type Answer,
  classifyResult,
  classifyStatus,
  isSuccess,
  readJson,
  retryAfterMs,
} from '../http-answer.ts';
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
  return classifyResult(result, now, classifyAnswer);
}

function classifyAnswer(answer: Answer, now: number): PlaceResult {
  if (isSuccess(answer)) return accepted(Accepted.safeParse(readJson(answer.body)).data?.sid);
  const { status, headers } = answer;
  const byStatus = classifyStatus(answer, now);
  if (status < 400 || status >= 500) return byStatus;
  const code = Refused.safeParse(readJson(answer.body)).data?.code;
  const throttled = { kind: 'throttled', retryAfterMs: retryAfterMs(headers['retry-after'], now) } as const;
  if (code === TOO_MANY_REQUESTS) return throttled;
  if (byStatus.kind !== 'blocked') return byStatus;
  const refusal = code === undefined ? undefined : REFUSALS.get(code);
  if (refusal) return refusal.kind === 'throttled' ? throttled : { kind: refusal.kind, reason: refusal.reason };
  if (status === 404) return { kind: 'blocked', reason: 'account_not_found' };
  // Only a status without a meaning says less than a code that is not known here.
  const meansNothing = byStatus.reason === `http_${status}`;
  return code !== undefined && meansNothing ? { kind: 'blocked', reason: `twilio_${code}` } : byStatus;
}
