/** Retell's words for the state and the end of a call. Source: "Debug call disconnection" in Retell's documentation. */
import type { Outcome } from '../../domain/engine/outcome.ts';
import type { RetellCall } from './call.ts';

const LIVE = new Set(['registered', 'ongoing']);
const OVER = new Set(['ended', 'not_connected', 'error']);

/** The account's side ended the call. */
const STOPPED = 'manual_stopped';

/**
 * `disconnection_reason` by what it says about the callee. Every word after an answered call counts as completed, so
 * that nobody who has been spoken to is called again. All other words, also new ones, are `failed`: `dial_failed`, the
 * faults of the account and the errors of the agent.
 */
const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['user_hangup', 'completed'],
  ['agent_hangup', 'completed'],
  ['call_transfer', 'completed'],
  ['inactivity', 'completed'],
  ['max_duration_reached', 'completed'],
  ['ivr_reached', 'completed'],
  // The callee asked not to be called any more, or to be called at another time: neither may be called again by a retry.
  ['user_requested_dnc', 'completed'],
  ['user_requested_callback', 'completed'],
  // Someone at the account's side took part in the answered call, or ended it.
  ['transfer_bridged', 'completed'],
  ['transfer_cancelled', 'completed'],
  ['call_take_over', 'completed'],
  [STOPPED, 'completed'],
  ['dial_no_answer', 'no_answer'],
  ['dial_busy', 'busy'],
  ['voicemail_reached', 'voicemail'],
  ['user_declined', 'declined'],
  ['invalid_destination', 'invalid_number'],
]);

/**
 * The words for a call that Retell accepted and that did not ring, because of the account, its number or agent, or because the
 * telephony provider is down. What passes by itself is `throttled`.
 */
const ACCOUNT_FAULTS: ReadonlyMap<string, 'throttled' | 'blocked'> = new Map([
  ['concurrency_limit_reached', 'throttled'],
  ['no_concurrency_fallback', 'throttled'],
  ['registered_call_timeout', 'throttled'],
  ['telephony_provider_unavailable', 'throttled'],
  ['no_valid_payment', 'blocked'],
  ['telephony_provider_permission_denied', 'blocked'],
  ['scam_detected', 'blocked'],
  ['marked_as_spam', 'blocked'],
]);

export function isLiveStatus(status: string): boolean {
  return LIVE.has(status);
}

/** Accepted, and not connected: it waits at Retell, or it rings already. */
export function isQueuedStatus(status: string): boolean {
  return status === 'registered';
}

export function isEndedStatus(status: string): boolean {
  return OVER.has(status);
}

export interface RetellEnd {
  readonly outcome: Outcome;
  /** Retell's word for it. */
  readonly asSent: string | null;
  readonly accountFault?: string;
}

/**
 * How a call that is over ended. Without a reason the status counts: `ended` means that one of the two hung up, or that
 * the call was transferred. A call that was stopped before it was connected is `cancelled`.
 */
export function outcomeOf({
  disconnection_reason: reason,
  call_status: status,
  start_timestamp: startedAt,
}: Pick<RetellCall, 'disconnection_reason' | 'call_status' | 'start_timestamp'>): RetellEnd {
  if (reason === STOPPED && startedAt === undefined) return { outcome: 'cancelled', asSent: reason };
  if (reason === undefined) return { outcome: status === 'ended' ? 'completed' : 'failed', asSent: status ?? null };
  // Somebody was spoken to. Excusing the attempt would call the same person again and again.
  const wasAnswered = status === 'ended' && startedAt !== undefined;
  const fault = wasAnswered ? undefined : ACCOUNT_FAULTS.get(reason);
  return {
    outcome: OUTCOMES.get(reason) ?? 'failed',
    asSent: reason,
    ...(fault === undefined ? {} : { accountFault: `${fault}:${reason}` }),
  };
}
