/** Ends that become known after their calls were given up as lost. */
import { afterAttempt } from '../domain/engine/retry-policy.ts';
import { firstTerminalEvents } from './call-events.ts';
import { lockCampaign } from './workflow-records.ts';
import { addTransitions, applyToCounters, type BucketTransition, type CounterChanges } from './bucket-transitions.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

/** Recently lost calls with a stored end. */
export async function lostCallsWithEnd(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from calls
      where outcome = 'lost' and settled_at > now() - interval '6 days'
        and exists (select from call_events e where e.call_id = calls.id and e.kind = 'ended')
      order by settled_at limit $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}

/** A late end causes no further call: the contact of a lost call is already over. */
const NO_MORE_CALLS = { budget: 0, delayMinutes: [0], on: [] };

/**
 * Replaces `lost` by the end of the call, once: in the record, the contact's bucket and reason, and the campaign's
 * counters. The contact is not called again. False if there is nothing to correct.
 */
export async function correctLost(pool: Pool, callId: string): Promise<boolean> {
  // Nearly every late event belongs to a call with a known end. These do not lock the campaign.
  const lost = await pool.query<{ campaign_id: string }>(
    "select campaign_id from calls where id = $1 and outcome = 'lost'",
    [callId],
  );
  const campaignId = lost.rows[0]?.campaign_id;
  if (campaignId === undefined) return false;
  return inTransaction(pool, async (tx) => {
    await lockCampaign(tx, campaignId);
    const [event] = await firstTerminalEvents(tx, [callId]);
    if (!event) return false;
    const corrected = await tx.query<{ seq: number; attempt: number }>(
      `update calls
          set outcome = $2,
              ended_at = least(greatest(to_timestamp($3 / 1000.0), first_sent_at), now())
        where id = $1 and outcome = 'lost' and settled_at is not null
       returning seq, attempt`,
      [callId, event.outcome, event.ended_at],
    );
    const [call] = corrected.rows;
    if (!call) return false;
    const { to, reason } = afterAttempt(NO_MORE_CALLS, call.attempt, event.outcome, event.ended_at);
    const { rows } = await tx.query<BucketTransition>(
      `with moved as (
         update campaign_contacts set bucket = $4, reason = $5
          where campaign_id = $1 and seq = $2 and attempt = $3 and bucket = 'failed' and reason = 'lost'
         returning 1
       )
       select 'failed' as "from", $4 as "to", count(*)::int as contacts, 0 as called from moved`,
      [campaignId, call.seq, call.attempt, to, reason],
    );
    const transitions: CounterChanges = { deltas: {}, called: 0 };
    addTransitions(transitions, rows);
    await applyToCounters(tx, campaignId, transitions);
    return true;
  });
}
