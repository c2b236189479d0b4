import { z } from 'zod';
import { readJson, retryAfterMs } from '../http-answer.ts';
import type { PlaceResult } from '../port.ts';
import type { SendResult } from '../send-before.ts';
import { Id } from '../fields.ts';

const Accepted = z.object({ data: z.object({ id: Id }) });

const Refused = z.object({
  error: z.object({
    code: z.string().max(100).catch(''),
    message: z.string().max(1_000).catch(''),
    details: z.unknown(),
  }),
});
type Refusal = z.infer<typeof Refused>['error'];

/**
 * What the result of a `POST /calls` proves. Only an explicit refusal proves that nothing was placed; anything unusual
 * counts as unknown. A refusal that would affect every call of the campaign (account, agent, number to call from, form
 * of the request) is `blocked`, so that it does not use up the roster.
 */
export function classifyPlacement(result: SendResult, now: number): PlaceResult {
  if (result.kind === 'answered') return classifyAnswer(result, now);
  if (result.kind === 'unsent') return { kind: 'unavailable', reason: result.code };
  return result.kind === 'expired' ? { kind: 'expired' } : { kind: 'unknown', reason: result.code };
}

function classifyAnswer(answer: Extract<SendResult, { kind: 'answered' }>, now: number): PlaceResult {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const id = Accepted.safeParse(readJson(answer.body)).data?.data.id;
    return id === undefined
      ? { kind: 'unknown', reason: 'unexpected_answer' }
      : { kind: 'accepted', providerCallId: id };
  }
  switch (status) {
    case 400:
    case 422:
      return classifyRefusal(Refused.safeParse(readJson(answer.body)).data?.error);
    case 401:
      return { kind: 'blocked', reason: 'unauthorized' };
    case 402:
      return { kind: 'blocked', reason: 'payment_required' };
    case 403:
      return { kind: 'blocked', reason: 'forbidden' };
    case 404:
      return { kind: 'blocked', reason: 'agent_not_found' };
    case 408:
    case 425:
    case 499:
      return { kind: 'unknown', reason: `http_${status}` };
    case 409:
      // The key is in use, by a request under way or with other bytes. Either way there may be a call under it.
      return { kind: 'unknown', reason: 'key_conflict' };
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

function classifyRefusal(refusal: Refusal | undefined): PlaceResult {
  if (refusal === undefined) return { kind: 'rejected', reason: 'invalid_request' };
  if (/idempot/i.test(refusal.code)) return { kind: 'unknown', reason: 'key_conflict' };
  const fields = fieldsNamed(refusal);
  const names = (name: string) => fields.some((field) => field.includes(name));
  if (names('agent_id') || /agent/i.test(refusal.code)) return { kind: 'blocked', reason: 'agent_not_found' };
  if (names('from_number')) return { kind: 'blocked', reason: 'from_number_refused' };
  if (names('call_settings')) return { kind: 'blocked', reason: 'call_settings_refused' };
  return { kind: 'rejected', reason: names('phone_number') ? 'number_refused' : 'invalid_request' };
}

const Detail = z.union([
  z.object({ field: z.string() }).transform(({ field }) => field),
  z.object({ path: z.array(z.coerce.string()) }).transform(({ path }) => path.join('.')),
]);

/**
 * The fields that a refusal names, whatever the form of its details. Its message counts only if the details name none.
 */
function fieldsNamed({ details, message }: Refusal): string[] {
  const list = Array.isArray(details) ? details : [details];
  const fields = list.flatMap((detail) => {
    const field = Detail.safeParse(detail).data;
    return field ?? (typeof detail === 'object' && detail !== null ? Object.keys(detail) : []);
  });
  return fields.length > 0 ? fields : [message];
}
