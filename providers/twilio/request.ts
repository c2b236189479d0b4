import { RingfenceError } from '../../domain/engine/errors.ts';
import { checkCallee, isE164 } from '../callee.ts';
import type { CallToPlace } from '../port.ts';
import { escapeXml, fillIn } from './template.ts';
import { LONGEST_TWIML, type TwilioSettings } from './settings.ts';

/** The parameter of the status callback's URL that carries our call id. Twilio signs the URL with its query. */
export const CALL_ID_PARAMETER = 'ringfence_call_id';

/**
 * Twilio's connection overrides: up to five more tries, also after an error status. Without them it tries once more,
 * and only if no connection was made. All tries end within 15 seconds, so a longer outage still loses the event.
 */
export const MORE_TRIES = '#rc=5&rp=all';

/** Each is requested by one parameter. Without any, Twilio reports `completed` alone. */
const REPORTED = ['initiated', 'ringing', 'answered', 'completed'];

const MACHINE_DETECTION = { enable: 'Enable', detect_message_end: 'DetectMessageEnd' } as const;

/** A second of silence each, for a switchboard to listen. */
const BEFORE_EXTENSION = 'WW';

export interface RequestTerms {
  readonly settings: Pick<
    TwilioSettings,
    'twiml' | 'url' | 'machine_detection' | 'ring_seconds' | 'max_duration_seconds'
  >;
  readonly webhookUrl: string | undefined;
  readonly callerNumber: string | undefined;
}

/**
 * The form of `POST Calls.json`, as the bytes that every try of one attempt sends. The same call always gives the same
 * bytes. Never with `ApplicationSid`: Twilio would then ignore the status callback.
 *
 * @throws RingfenceError `validation_error` if no request can be made for this contact, `misconfigured` if none can be
 *   made for any
 */
export function freezeCall(call: CallToPlace, { settings, webhookUrl, callerNumber }: RequestTerms): string {
  checkCallee(call);
  const form = new URLSearchParams();
  form.append('To', call.phoneNumber);
  form.append('From', fromNumber(call.fromNumberId ?? callerNumber));
  const [name, value] = instructions(call, settings);
  form.append(name, value);
  form.append('StatusCallback', statusCallback(call.callId, webhookUrl));
  form.append('StatusCallbackMethod', 'POST');
  for (const event of REPORTED) form.append('StatusCallbackEvent', event);
  form.append('Timeout', String(settings.ring_seconds));
  form.append('TimeLimit', String(settings.max_duration_seconds));
  if (call.extension !== null) {
    // Twilio ignores machine detection beside digits, so none is requested.
    form.append('SendDigits', BEFORE_EXTENSION + call.extension);
  } else if (settings.machine_detection !== 'off') {
    form.append('MachineDetection', MACHINE_DETECTION[settings.machine_detection]);
  }
  return form.toString();
}

function fromNumber(number: string | undefined): string {
  if (number !== undefined && isE164(number)) return number;
  throw new RingfenceError(
    'misconfigured',
    number === undefined
      ? 'Twilio needs a number to call from: set caller_numbers in the connection.'
      : 'Twilio needs a number to call from in E.164 form: correct caller_numbers in the connection, or the numbers of the campaign.',
    { field: 'caller_numbers' },
  );
}

function statusCallback(callId: string, webhookUrl: string | undefined): string {
  if (webhookUrl === undefined) {
    throw new RingfenceError(
      'misconfigured',
      'Twilio reports the end of a call to a public URL, and none is configured: set webhook_base_url in the connection.',
      { field: 'webhook_base_url' },
    );
  }
  const url = new URL(webhookUrl);
  url.searchParams.set(CALL_ID_PARAMETER, callId);
  return url.href + MORE_TRIES;
}

function instructions(call: CallToPlace, { twiml, url }: RequestTerms['settings']): ['Twiml' | 'Url', string] {
  if (twiml === undefined) return ['Url', fillIn(url ?? '', call, encodeURIComponent)];
  const filled = fillIn(twiml, call, escapeXml);
  if (filled.length <= LONGEST_TWIML) return ['Twiml', filled];
  throw new RingfenceError(
    'validation_error',
    `The TwiML with this contact's values is longer than the ${LONGEST_TWIML} characters that Twilio accepts: shorten the values, or use url instead of twiml.`,
    { field: 'custom_fields', details: { call_id: call.callId } },
  );
}
