import { log } from '@temporalio/activity';
import { type BreakerChange, recordVerdict } from '../db/connection-breakers.ts';
import type { Pool } from '../db/pool.ts';
import {
  concernsBreaker,
  type ConnectionBreaker,
  type Passage,
  troubleTold,
} from '../domain/dialling/connection-breaker.ts';
import type { Verdict } from '../domain/dialling/connection-verdict.ts';

/**
 * Tells the circuit breaker of the connection what the provider answered, and returns it as it stands then. Null: the answer does not
 * concern it. That is the usual case, and costs nothing.
 */
export async function tellBreaker(
  pool: Pool,
  { connection, callId }: { readonly connection: string; readonly callId: string },
  verdict: Verdict,
  passage: Passage,
  now: number,
): Promise<ConnectionBreaker | null> {
  if (!concernsBreaker(passage, verdict)) return null;
  const change = await recordVerdict(pool, connection, { callId, opening: passage.opening, verdict }, now);
  logChange(connection, change);
  return change.after;
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
