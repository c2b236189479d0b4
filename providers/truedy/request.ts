import { checkCallee } from '../callee.ts';
import type { CallToPlace } from '../port.ts';
import type { TruedyConfig } from './config.ts';

/**
 * The body of `POST /calls`, as the bytes that every try of one attempt sends. The same call always gives the same
 * bytes: the keys have a fixed order, and nothing depends on the time. A contact's own fields take precedence over
 * custom fields with the same name, and our call id over both, because it identifies events.
 *
 * @throws RingfenceError `validation_error` if the number is not a strict E.164 number
 */
export function freezeCall(call: CallToPlace, settings: Pick<TruedyConfig, 'maxDurationS' | 'joinTimeoutS'>): string {
  checkCallee(call);
  const own = {
    first_name: call.firstName,
    last_name: call.lastName,
    email: call.email,
    extension: call.extension,
    ringfence_call_id: call.callId,
  };
  const variables = Object.fromEntries([
    ...Object.entries(call.customFields).sort(([a], [b]) => (a < b ? -1 : 1)),
    ...Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== null),
  ]);
  return JSON.stringify({
    agent_id: call.agentId,
    phone_number: call.phoneNumber,
    ...(call.fromNumberId === null ? {} : { from_number: call.fromNumberId }),
    variables,
    call_settings: { max_duration: `${settings.maxDurationS}s`, join_timeout: `${settings.joinTimeoutS}s` },
  });
}
