import { z } from 'zod';
import { accepted, type Answer, classifyResult, classifyStatus, isSuccess, readJson } from '../http-answer.ts';
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
  return classifyResult(result, now, classifyAnswer);
}

function classifyAnswer(answer: Answer, now: number): PlaceResult {
  if (isSuccess(answer)) return accepted(Accepted.safeParse(readJson(answer.body)).data?.data.id);
  switch (answer.status) {
    case 400:
    case 422:
      return classifyRefusal(Refused.safeParse(readJson(answer.body)).data?.error);
    case 404:
      return { kind: 'blocked', reason: 'agent_not_found' };
    case 409:
      // The key is in use, by a request under way or with other bytes. Either way there may be a call under it.
      return { kind: 'unknown', reason: 'key_conflict' };
    default:
      return classifyStatus(answer, now);
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
