import { RingfenceError } from '../../domain/engine/errors.ts';
import { checkCallee, isE164 } from '../callee.ts';
import type { CallToPlace } from '../port.ts';
import { OUR_ID } from './call.ts';
import type { RetellSettings } from './settings.ts';

export interface RequestSettings extends Pick<RetellSettings, 'max_duration_seconds' | 'ring_seconds'> {
  /** The number to call from where the call names none. Undefined: none is configured. */
  readonly fromNumber: string | undefined;
}

/**
 * The body of `POST /v2/create-phone-call`, as the bytes that every try of one attempt sends. The same call always gives
 * the same bytes: the keys have a fixed order, and nothing depends on the time. A contact's own fields take precedence
 * over custom fields with the same name.
 *
 * @throws RingfenceError `validation_error` if the callee is not one strict E.164 number, `misconfigured` if there is no
 *   such number to call from
 */
export function freezeCall(call: CallToPlace, settings: RequestSettings): string {
  checkCallee(call);
  const own = { first_name: call.firstName, last_name: call.lastName, email: call.email, extension: call.extension };
  const variables = Object.fromEntries([
    ...Object.entries(call.customFields).sort(([a], [b]) => (a < b ? -1 : 1)),
    ...Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== null),
  ]);
  const limits = limitsOf(settings);
  return JSON.stringify({
    from_number: numberToCallFrom(call, settings.fromNumber),
    to_number: call.phoneNumber,
    override_agent_id: call.agentId,
    ...(Object.keys(limits).length === 0 ? {} : { agent_override: { agent: limits } }),
    metadata: { [OUR_ID]: call.callId },
    retell_llm_dynamic_variables: variables,
  });
}

function numberToCallFrom({ fromNumberId }: CallToPlace, byDefault: string | undefined): string {
  const number = fromNumberId ?? byDefault;
  if (number !== undefined && isE164(number)) return number;
  throw new RingfenceError(
    'misconfigured',
    'Retell needs a number to call from, as + and country code: give the connection caller_numbers.',
    { field: 'caller_numbers' },
  );
}

/** The agent's own limits hold unless the connection sets others. */
function limitsOf({ max_duration_seconds, ring_seconds }: RequestSettings): Record<string, number> {
  return {
    ...(max_duration_seconds === undefined ? {} : { max_call_duration_ms: max_duration_seconds * 1000 }),
    ...(ring_seconds === undefined ? {} : { ring_duration_ms: ring_seconds * 1000 }),
  };
}
