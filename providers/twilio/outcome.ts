import type { Outcome } from '../../domain/engine/outcome.ts';
import { REFUSALS } from './refusals.ts';

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

/** What Twilio says about the end of a call, beside its status. */
export interface EndCodes {
  readonly answeredBy?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly sipCode?: string | undefined;
}

/**
 * SIP codes of a number that does not exist: not found (404), gone (410), incomplete (484), nowhere (604). Telephone
 * networks report an unallocated number as 404, a changed one as 410 and an impossible one as 484.
 */
const NO_SUCH_NUMBER = new Set(['404', '410', '484', '604']);

/**
 * The outcome of a call that is over. `completed` means that somebody or something answered. Machine detection tells
 * which: a mailbox, and equally a fax machine, is `voicemail`. Where it could not tell (`unknown`) or was off, a person
 * is assumed. A call that failed has an invalid number if one of its codes says so.
 */
export function outcomeOf(status: string, codes: EndCodes = {}): Outcome {
  const outcome = ENDED.get(status) ?? 'failed';
  if (outcome === 'completed' && codes.answeredBy !== undefined && isMachine(codes.answeredBy)) return 'voicemail';
  return outcome === 'failed' && isInvalidNumber(codes) ? 'invalid_number' : outcome;
}

function isMachine(answeredBy: string): boolean {
  return answeredBy === 'fax' || answeredBy === 'machine' || answeredBy.startsWith('machine_');
}

function isInvalidNumber({ errorCode, sipCode }: EndCodes): boolean {
  if (sipCode !== undefined && NO_SUCH_NUMBER.has(sipCode)) return true;
  return errorCode !== undefined && REFUSALS.get(Number(errorCode))?.reason === 'invalid_number';
}

/**
 * The fault of the account for which a call failed after Twilio had accepted it. Undefined: there is none, or the number does not
 * exist, which calls to others do not depend on.
 */
export function accountFaultOf(status: string, codes: EndCodes): string | undefined {
  const { errorCode } = codes;
  if (status !== 'failed' || errorCode === undefined || isInvalidNumber(codes)) return undefined;
  const refusal = REFUSALS.get(Number(errorCode));
  return refusal === undefined || refusal.kind === 'rejected' ? undefined : `${refusal.kind}:${refusal.reason}`;
}

/** Twilio's words for the end, as it sent them. The codes of a failure are kept beside it, because only they say why. */
export function outcomeAsSent(status: string, { answeredBy, errorCode, sipCode }: EndCodes): string {
  const said = [
    status === 'completed' ? answeredBy : undefined,
    status === 'failed' && errorCode !== undefined ? `ErrorCode ${errorCode}` : undefined,
    status === 'failed' && sipCode !== undefined ? `SipResponseCode ${sipCode}` : undefined,
  ].filter((word) => word !== undefined);
  return [status, ...said].join(', ');
}
