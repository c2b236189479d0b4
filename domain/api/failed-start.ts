/**
 * Campaigns that Temporal refuses to start, for good: what their workflow is to be given is larger than the server takes, or
 * is wrong to it in another way. A campaign that was never started is `failed` then, with the reason, and everybody of it is
 * skipped. An interrupted one that is refused another run stays interrupted, because calls of it may be going on.
 */
import { RingfenceError } from '../engine/errors.ts';

/** Why the contacts of such a campaign are skipped. */
export const START_REFUSED = 'start_refused';

/** The server's words are kept to this length. */
const LONGEST_REASON = 500;

/** A start that was refused for good, by the server's words. */
export function startRefused(words: string, cause?: unknown): RingfenceError {
  // PostgreSQL stores no NUL; the full stop is set by the sentence in which the words stand.
  const reason = words
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/\.$/, '')
    .slice(0, LONGEST_REASON);
  return new RingfenceError('start_refused', `Temporal refuses to start the workflow of this campaign: ${reason}.`, {
    details: { reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function isStartRefused(error: unknown): error is RingfenceError {
  return error instanceof RingfenceError && error.code === 'start_refused';
}

/** The words of a refusal. */
export function reasonOf({ details, message }: RingfenceError): string {
  return typeof details.reason === 'string' ? details.reason : message;
}

/** What can be done about a campaign that has failed for this. */
const WAY_OUT =
  'Nobody was called. Delete the campaign, and create it again with another idempotency key, with smaller terms or after the limits of the server are raised.';

/** The answer to the request that meets the refusal, and to every repeat of the one that created the campaign. */
export function failedStart(id: string, reason: string, cause?: unknown): RingfenceError {
  return new RingfenceError('start_refused', `The campaign has failed: ${failureInWords(reason)}. ${WAY_OUT}`, {
    details: { campaign: id, status: 'failed', reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The refusal of every command to a campaign that was never started. */
export function neverStarted(reason: string): RingfenceError {
  return new RingfenceError('wrong_state', `The campaign has failed: ${failureInWords(reason)}. ${WAY_OUT}`, {
    details: { status: 'failed', reason },
  });
}

/** The answer where an interrupted campaign is refused another run. */
export function restartRefused(id: string, refusal: RingfenceError): RingfenceError {
  const reason = reasonOf(refusal);
  const message = `The campaign stays interrupted: ${failureInWords(reason)}. Nothing is called. Try again after the limits of the server are raised, or delete the campaign once none of its calls can be live.`;
  return new RingfenceError('start_refused', message, {
    details: { campaign: id, status: 'interrupted', reason },
    cause: refusal,
  });
}

/** Why it failed, as a clause. */
export function failureInWords(reason: string): string {
  return `Temporal refuses to start its workflow (${reason})`;
}
