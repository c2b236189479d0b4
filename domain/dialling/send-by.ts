import { DIAL } from '../engine/dial-budget.ts';

export interface SendTimes {
  /** When the try began, by this machine's clock. */
  readonly startedAt: number;
  /** When it asked for its permission, by this machine's clock. */
  readonly askedAt: number;
  /** The database's time, read after that. */
  readonly permittedAt: number;
  /** The first instant, by the database's time, at which nothing may be dialled any more. */
  readonly notAfter: number;
  /** The first instant, by the database's time, at which a limit over campaigns holds the dial. Default: none does. */
  readonly heldFrom?: number | null;
  /** When an earlier try may have sent, by the database's time; null if none did. */
  readonly sentBefore: number | null;
  readonly keyTtlMs: number;
  readonly requestTimeoutMs: number;
}

/**
 * Until when a try may send, by this machine's clock, and the result if it has not: the window is over, our own system
 * was too slow, or the provider may have forgotten the key by the time a repeat would be answered. All times are epoch
 * milliseconds.
 *
 * This machine's clock only measures elapsed time, so a clock that is hours off changes nothing. It counts from an
 * instant before the database's time was read, so an error can only prevent sending.
 */
export function sendBy(times: SendTimes): {
  readonly at: number;
  readonly otherwise: 'expired' | 'delayed' | 'unresolved';
} {
  const { startedAt, askedAt, permittedAt, notAfter, heldFrom = null, sentBefore, keyTtlMs, requestTimeoutMs } = times;
  const local = (instant: number): number => askedAt + (instant - permittedAt);
  const slow = {
    at: Math.min(startedAt + DIAL.sendWithinMs, heldFrom === null ? Infinity : local(heldFrom)),
    otherwise: 'delayed',
  } as const;
  const over = { at: local(notAfter), otherwise: 'expired' } as const;
  if (sentBefore === null) return over.at <= slow.at ? over : slow;
  const at = Math.min(slow.at, over.at, local(sentBefore + keyTtlMs - requestTimeoutMs));
  return { at, otherwise: 'unresolved' };
}
