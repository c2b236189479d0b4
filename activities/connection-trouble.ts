import { log } from '@temporalio/activity';
import { type BreakerChange, recordVerdict } from '../db/connection-breakers.ts';
import type { Pool } from '../db/pool.ts';
import {
  type ConnectionBreaker,
  type Passage,
  troubleTold,
  untilNext,
  verdictOf,
} from '../domain/dialling/connection-breaker.ts';
import type { PlaceResult } from '../domain/dialling/provider-messages.ts';
import type { PlacementResult } from '../domain/engine/placement.ts';

/**
 * Tells the circuit breaker of the connection what the provider answered, and returns it as it stands then. Null: the answer does not
 * concern it. That is the usual case, and costs nothing.
 */
export async function tellBreaker(
  pool: Pool,
  { connection, callId }: { readonly connection: string; readonly callId: string },
  answer: PlaceResult,
  { opening, hasTurn }: Passage,
  now: number,
): Promise<ConnectionBreaker | null> {
  const verdict = verdictOf(answer);
  if (verdict.kind !== 'fails' && !hasTurn) return null;
  const change = await recordVerdict(pool, connection, { callId, opening, verdict }, now);
  logChange(connection, change);
  return change.after;
}

/** What a dial whose answer is trouble of the whole connection tells its campaign. Null: the answer is none. */
export function heldBy(breaker: ConnectionBreaker | null, answer: PlaceResult, now: number): PlacementResult | null {
  if (breaker === null || verdictOf(answer).kind !== 'fails' || answer.kind === 'unknown') return null;
  const { trouble } = breaker;
  // The trouble that this dial met has passed: another dial was accepted meanwhile.
  if (trouble === null) return { kind: 'later', afterMs: untilNext({ openUntil: now }, now, Math.random()) };
  const { reason, since, times } = trouble;
  return { kind: 'held', afterMs: untilNext(trouble, now, Math.random()), trouble: { reason, since, times } };
}

/** One line when people are to be told of trouble, and one when it is over, whatever the number of campaigns. */
function logChange(connection: string, { before, after }: BreakerChange): void {
  const [had, has] = [troubleTold(before), troubleTold(after)];
  if (had === null && has !== null) {
    log.warn(
      'the provider has trouble; all campaigns on the connection hold their calls, and one call at a time probes',
      {
        connection,
        reason: has.reason,
      },
    );
  }
  if (had !== null && has === null) {
    log.info("the provider's trouble is over; the campaigns on the connection continue", {
      connection,
      reason: had.reason,
    });
  }
}
