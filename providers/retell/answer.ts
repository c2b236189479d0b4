import { z } from 'zod';
import { accepted, type Answer, classifyResult, classifyStatus, isSuccess, readJson } from '../http-answer.ts';
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
  return classifyResult(result, now, classifyAnswer);
}

function classifyAnswer(answer: Answer, now: number): PlaceResult {
  if (isSuccess(answer)) return accepted(RetellCall.safeParse(readJson(answer.body)).data?.call_id);
  switch (answer.status) {
    case 400:
    case 422:
      return classifyRefusal(answer.status, messageOf(answer.body));
    case 404:
      return { kind: 'blocked', reason: whatIsMissing(messageOf(answer.body)) };
    default:
      return classifyStatus(answer, now);
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
