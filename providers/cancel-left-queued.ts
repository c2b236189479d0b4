import { storeFoundEnd } from '../db/call-events.ts';
import { leftQueuedCalls, recordLookedUp } from '../db/left-calls.ts';
import type { Pool } from '../db/pool.ts';
import { nextQueueCheck } from '../domain/dialling/left-calls.ts';
import { type Answered, budgetOf, lookUpWithinBudget } from './budgeted-look-up.ts';
import { cancel } from './checked.ts';
import type { OpenConnection } from './connections/open-connections.ts';

/** The next ones have their turn soon. */
const CALLS_AT_ONCE = 50;

/**
 * Cancels calls of campaigns without a workflow that still wait in the provider's queue after the time that it may take: from then on
 * they could be dialled outside their hours. While a campaign has a workflow, the workflow does this. An end is stored as an event
 * would be, so that a later run of the campaign settles it. Returns how many calls have ended.
 */
export async function cancelLeftQueued(pool: Pool, open: OpenConnection, now: number): Promise<number> {
  const { provider, connection } = open;
  const { queueBoundMs } = provider.facts;
  if (!provider.cancel || queueBoundMs === 0) return 0;
  const asked = { connection: connection.name, now, queueBoundMs, limit: CALLS_AT_ONCE };
  const calls = (await leftQueuedCalls(pool, asked)).map((call) => ({ ...call, urgent: true }));
  let ended = 0;
  await lookUpWithinBudget(provider, budgetOf(pool, open), calls, async (call, answer) => {
    const found = isQueued(answer) ? ((await cancel(provider, call.providerCallId)) ?? answer) : answer;
    try {
      if (found.kind === 'ended') {
        const { outcome, accountFault, endedAt } = found;
        const occurredAt = Math.round(endedAt ?? now);
        await storeFoundEnd(pool, connection.name, { callId: call.callId, outcome, accountFault, occurredAt });
        ended += 1;
      } else {
        const next = { callId: call.callId, deadlineAt: null, ...nextQueueCheck(call, found, now) };
        await recordLookedUp(pool, [next]);
      }
    } catch {
      // The call is asked about again.
    }
  });
  return ended;
}

function isQueued(answer: Answered): boolean {
  return answer.kind === 'live' && answer.queued === true;
}
