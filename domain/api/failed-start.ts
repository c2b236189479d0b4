/**
 * Campaigns that Temporal permanently refuses to start: the input of their workflow is larger than the server accepts,
 * or invalid in another way. A campaign that was never started becomes `failed` with the reason, and all its contacts
 * are skipped. An interrupted campaign whose restart is refused stays interrupted, because calls of it may still be
 * live.
 */
import { RingfenceError } from '../engine/errors.ts';

/** The reason for which the contacts of such a campaign are skipped. */
export const START_REFUSED = 'start_refused';

/** Maximum length of the server's message. */
const LONGEST_REASON = 500;

/** The error of a permanently refused start, with the server's message. */
export function startRefused(words: string, cause?: unknown): RingfenceError {
  // PostgreSQL stores no NUL. The sentence around the message has the full stop.
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

/** The server's message in a refusal. */
export function reasonOf({ details, message }: RingfenceError): string {
  return typeof details.reason === 'string' ? details.reason : message;
}

/** The remedy for a campaign that has failed like this. */
const WAY_OUT =
  'Nobody was called. Delete the campaign, and create it again with another idempotency key, with smaller terms or after the limits of the server are raised.';

/** The response to the request that meets the refusal, and to every repeat of the one that created the campaign. */
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

/** The response if the restart of an interrupted campaign is refused. */
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
