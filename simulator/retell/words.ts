/** How a call at Retell can end: the reasons in the documentation of disconnections, with the status that they go with. */

export type CallStatus = 'registered' | 'ongoing' | 'ended' | 'not_connected' | 'error';

const ENDED = [
  'user_hangup',
  'agent_hangup',
  'call_transfer',
  'voicemail_reached',
  'ivr_reached',
  'inactivity',
  'max_duration_reached',
  'manual_stopped',
] as const;
const NOT_CONNECTED = [
  'dial_busy',
  'dial_failed',
  'dial_no_answer',
  'invalid_destination',
  'telephony_provider_permission_denied',
  'telephony_provider_unavailable',
  'sip_routing_error',
  'marked_as_spam',
  'user_declined',
] as const;
const ERROR = [
  'concurrency_limit_reached',
  'no_valid_payment',
  'scam_detected',
  'error_retell',
  'error_unknown',
  'registered_call_timeout',
] as const;

export type DisconnectionReason = (typeof ENDED | typeof NOT_CONNECTED | typeof ERROR)[number];

export function statusAfter(reason: DisconnectionReason): 'ended' | 'not_connected' | 'error' {
  if (ENDED.some((word) => word === reason)) return 'ended';
  return NOT_CONNECTED.some((word) => word === reason) ? 'not_connected' : 'error';
}

/** The texts of refusals in Retell's API reference. */
export const MESSAGES = {
  badRequest: 'Invalid request format, please check API reference.',
  unauthorized: 'API key is missing or invalid.',
  paymentRequired: 'Trial has ended, please add payment method.',
  unknownAsset: 'Cannot find requested asset under given api key.',
  tooManyRequests: 'Account rate limited, please throttle your requests.',
  serverError: 'An unexpected server error occurred.',
} as const;
