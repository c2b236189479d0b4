import type { Outcome } from '../../domain/engine/outcome.ts';

/** Twilio's words for the state of a call that is not over. */
const LIVE = new Set(['queued', 'initiated', 'ringing', 'in-progress']);

const ENDED: ReadonlyMap<string, Outcome> = new Map([
  ['completed', 'completed'],
  ['busy', 'busy'],
  ['no-answer', 'no_answer'],
  ['canceled', 'cancelled'],
  ['failed', 'failed'],
]);

export function isLiveStatus(status: string): boolean {
  return LIVE.has(status);
}

export function isEndedStatus(status: string): boolean {
  return ENDED.has(status);
}

/**
 * The outcome of a call that is over. `completed` means that somebody or something answered. Machine detection tells
 * which: a mailbox, and equally a fax machine, is `voicemail`. Where it could not tell (`unknown`) or was off, a person
 * is assumed.
 */
export function outcomeOf(status: string, answeredBy: string | undefined): Outcome {
  const outcome = ENDED.get(status) ?? 'failed';
  return outcome === 'completed' && answeredBy !== undefined && isMachine(answeredBy) ? 'voicemail' : outcome;
}

function isMachine(answeredBy: string): boolean {
  return answeredBy === 'fax' || answeredBy === 'machine' || answeredBy.startsWith('machine_');
}

/**
 * Twilio's words for the end, as it sent them. The codes of a failure are kept beside it, because only they tell an
 * invalid number (SIP 404) from other failures.
 */
export function outcomeAsSent(
  status: string,
  { answeredBy, errorCode, sipCode }: Readonly<Record<'answeredBy' | 'errorCode' | 'sipCode', string | undefined>>,
): string {
  const said = [
    status === 'completed' ? answeredBy : undefined,
    status === 'failed' && errorCode !== undefined ? `ErrorCode ${errorCode}` : undefined,
    status === 'failed' && sipCode !== undefined ? `SipResponseCode ${sipCode}` : undefined,
  ].filter((word) => word !== undefined);
  return [status, ...said].join(', ');
}
