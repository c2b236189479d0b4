/** What is recorded of the provider's answer to a dial. */
import type { PlaceResult } from '../domain/dialling/provider-messages.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import { claimEarlyEvents } from './call-events.ts';
import type { Dial, SendPermit } from './dial.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

/**
 * The last step of a dial, in one transaction: records the provider's answer and links events that arrived before it.
 * Returns the terminal one among them.
 */
export async function recordAnswer(
  pool: Pool,
  dial: Dial & { readonly now: number },
  answer: PlaceResult,
  permit: SendPermit,
): Promise<EndedEvent | null> {
  return inTransaction(pool, async (tx) => {
    switch (answer.kind) {
      case 'accepted':
        return recordAcceptance(tx, dial, answer.providerCallId);
      case 'rejected':
        // The refusal of one try says nothing about another, which may have been accepted.
        if (permit.sentBefore === null) {
          await tx.query(
            'update calls set not_placed_reason = $3 where id = $1 and tries = $2 and provider_call_id is null',
            [dial.callId, permit.tryNumber, answer.reason],
          );
        }
        return null;
      case 'throttled':
      case 'unavailable':
      case 'blocked':
      case 'expired':
        // This try sent nothing, but that says nothing about other tries. A worker that was frozen between its
        // permission and its request wakes up here, and a later try may have dialled meanwhile.
        if (permit.sentBefore === null) {
          await tx.query(
            `update calls
                set first_sent_at = null, last_sent_at = null, day = null,
                    not_placed_through = greatest(not_placed_through, array[$3, $4]::integer[])
              where id = $1 and tries = $2`,
            [dial.callId, permit.tryNumber, dial.epoch, dial.placement],
          );
        }
        return null;
      case 'unknown':
        return null;
    }
  });
}

/** Records the provider's id of a call, and links the events that came before it. Returns the terminal one among them. */
export async function recordAcceptance(
  tx: Queryable,
  call: { callId: string; campaignId: string; connection: string; now: number },
  providerCallId: string,
): Promise<EndedEvent | null> {
  const linked = tx.query({
    name: 'record-acceptance',
    // The link is written first, as for an event: the record is joined to it.
    text: `
      with link as (
        insert into provider_calls (connection, provider_call_id, call_id) values ($1, $2, $3)
        on conflict (connection, provider_call_id) do update set call_id = excluded.call_id
        returning call_id, provider_call_id
      )
      update calls
         set provider_call_id = link.provider_call_id,
             accepted_at = coalesce(accepted_at, to_timestamp($4 / 1000.0))
        from link where calls.id = link.call_id`,
    values: [call.connection, providerCallId, call.callId, call.now],
  });
  const { callId: id, campaignId } = call;
  // Runs right after the link, and sees what was committed while the link waited.
  const [, ended] = await Promise.all([
    linked,
    claimEarlyEvents(tx, call.connection, providerCallId, { id, campaignId }),
  ]);
  return ended;
}
