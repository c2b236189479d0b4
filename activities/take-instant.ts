import { setTimeout as sleep } from 'node:timers/promises';
import type { DialReservation } from '../db/dial.ts';
import { reserveInstant } from '../db/connection-rate.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import type { ActivityDeps } from './context.ts';

/** A clock that shows whole milliseconds may be behind by almost one. */
const WHOLE_MS = 1;

/** An instant of the connection, by this machine's clock. */
export interface TakenInstant {
  readonly kind: 'reserved';
  /** As the database names it. */
  readonly instant: string;
  /** The request leaves from then on, and before `until`. */
  readonly from: number;
  readonly until: number;
}

interface InstantRequest {
  readonly connection: string;
  readonly callsPerSecond: number;
  /** The instant that this try reserved before and missed. */
  readonly missed: string | null;
  /** How long the window stays open, in milliseconds. */
  readonly windowLeftMs: number;
  /** The try sends nothing from then on, by this machine's clock. */
  readonly sendUntil: number;
}

/**
 * Reserves the next instant of a connection and waits until shortly before it.
 *
 * This machine's clock only measures how long the wait takes. The request may leave once the wait has passed since the database's
 * answer, which is certainly not too early, and until so long after the question, which is certainly not too late.
 */
export async function takeInstant(
  { pool, now }: Pick<ActivityDeps, 'pool' | 'now'>,
  { connection, callsPerSecond, missed, windowLeftMs, sendUntil }: InstantRequest,
): Promise<TakenInstant | DialReservation> {
  const askedAt = now();
  const sendLeftMs = sendUntil - askedAt;
  const withinMs = Math.min(DIAL.reserveAheadMs, windowLeftMs, sendLeftMs);
  const reserved =
    withinMs <= 0
      ? { kind: 'too_late' as const }
      : await reserveInstant(pool, { connection, callsPerSecond, withinMs, missed });
  if (reserved.kind === 'later') return reserved;
  if (reserved.kind === 'too_late') return { kind: windowLeftMs <= sendLeftMs ? 'expired' : 'delayed' };
  const { instant, waitMs } = reserved;
  const from = now() + WHOLE_MS + Math.ceil(waitMs);
  await sleep(from - DIAL.recordAheadMs - now());
  return { kind: 'reserved', instant, from, until: askedAt + waitMs + DIAL.instantLastsMs };
}

/** Waits until the request may leave. A timer may fire a millisecond early. */
export async function untilInstant({ from }: Pick<TakenInstant, 'from'>, now: () => number): Promise<void> {
  const end = performance.now() + (from - now());
  for (let left = end - performance.now(); left > 0; left = end - performance.now()) await sleep(Math.ceil(left));
}
