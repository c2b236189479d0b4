import { DIAL } from '../engine/dial-budget.ts';

export interface SendTimes {
  /** When the try began, by this machine's clock. */
  readonly startedAt: number;
  /** The database's time, read after that. */
  readonly permittedAt: number;
  /** The first instant, by the database's time, at which nothing may be dialled any more. */
  readonly notAfter: number;
  /** When an earlier try may have sent, by the database's time; null: none did. */
  readonly sentBefore: number | null;
  readonly keyTtlMs: number;
  readonly requestTimeoutMs: number;
}

/**
 * Until when, by this machine's clock, a try may send, and what becomes of it if it has not: the window is over, our own
 * system was too slow, or the provider may have forgotten the key by the time at which a repeat would be answered. All in
 * epoch milliseconds.
 *
 * Only time that has passed is taken from this machine's clock, so that a clock that is hours off changes nothing. It
 * counts from the beginning of the try, which was before the database's time was read, so it errs towards not sending.
 */
export function sendBy(times: SendTimes): {
  readonly at: number;
  readonly otherwise: 'expired' | 'delayed' | 'unresolved';
} {
  const { startedAt, permittedAt, notAfter, sentBefore, keyTtlMs, requestTimeoutMs } = times;
  const local = (instant: number): number => startedAt + (instant - permittedAt);
  const slow = { at: startedAt + DIAL.sendWithinMs, otherwise: 'delayed' } as const;
  const over = { at: local(notAfter), otherwise: 'expired' } as const;
  if (sentBefore === null) return over.at <= slow.at ? over : slow;
  const at = Math.min(slow.at, over.at, local(sentBefore + keyTtlMs - requestTimeoutMs));
  return { at, otherwise: 'unresolved' };
}
