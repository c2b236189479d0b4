/**
 * When a stop is true. Its row is committed: every dial that is decided from now on reads it. Two kinds of dials were decided
 * before, and both are over soon, whatever their workers do:
 * - *being decided*: its transaction began before the commit and has not ended. It holds a lock that PostgreSQL shows. The server
 *   ends the transaction of a worker that is frozen in it.
 * - *permitted*: its transaction has ended, and its request may not have left yet. A try sends within `DIAL.sendWithinMs` of its
 *   beginning or never, also one whose worker was frozen, because that is checked right before the first byte. A dial whose answer
 *   is recorded needs no wait.
 * After that no request leaves. A request that has left and is not answered belongs to a call that may be live, and is named.
 */
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { DATABASE_LIMITS } from '../../domain/engine/time-limits.ts';
import { dialDecisions, hasUnansweredDials, type StopScope } from '../../db/stops.ts';
import type { Queryable } from '../../db/pool.ts';

const LOOK_EVERY_MS = 50;
/** A statement of such a transaction, and the silence after it, are bounded by these. */
const DECIDED_WITHIN_MS = DATABASE_LIMITS.queryMs + DATABASE_LIMITS.idleInTransactionMs;

export interface Waiting {
  /** Milliseconds, from any instant. Must not jump. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Waits until no dial that the committed stop covers can send any more. False: a transaction does not end, and its dial may be
 * sent later.
 */
export async function untilNothingIsSent(
  db: Queryable,
  scope: StopScope,
  { elapsed, sleep }: Waiting,
): Promise<boolean> {
  const giveUpAt = elapsed() + DECIDED_WITHIN_MS;
  let before = await dialDecisions(db, scope);
  while (before.size > 0) {
    if (elapsed() >= giveUpAt) return false;
    await sleep(LOOK_EVERY_MS);
    const now = await dialDecisions(db, scope);
    // Others have begun since. They read the stop.
    before = new Set([...before].filter((decision) => now.has(decision)));
  }
  const sentBy = elapsed() + DIAL.sendWithinMs;
  while (elapsed() < sentBy && (await hasUnansweredDials(db, scope))) await sleep(LOOK_EVERY_MS);
  return true;
}
