/**
 * Dial records. A record is written before its request leaves. Whatever fails in between, it says:
 * - no record, or `first_sent_at` empty: nothing was sent under this call id;
 * - `first_sent_at` set and nothing else: the request may have reached the provider;
 * - `provider_call_id` set: the provider has the call;
 * - `not_placed_reason` set: the provider refused it for good;
 * - `settled_at` set: the outcome is in the roster and the record is history.
 *
 * Every placement of a call has a number, (epoch, n). Before anyone concludes that nothing was sent, the number of the
 * placement is written to `not_placed_through`, and a dial refuses numbers up to it. So a worker that was frozen, and
 * wakes after that conclusion, cannot send any more. Neither can one that was about to repeat a request after a look-up
 * has said that the call may have been accepted. The number and `first_sent_at` are written under the lock of one row,
 * so one of the two always sees the other.
 *
 * Statements that run for every dial or event are named, so that each connection prepares them once: planning them
 * costs more than running them. Only statements that select rows by their whole key have a name, because they have only
 * one plan.
 */
import { recordEventId } from '../domain/engine/ids.ts';
import type { EndedEvent, Outcome } from '../domain/engine/outcome.ts';
import type { Dial, SendPermit } from './dial.ts';
import type { Queryable } from './pool.ts';

/** One row of `calls`, as a dial reads it. */
export interface DialRecord {
  /** Null while every placement was withdrawn before it had anything to send. */
  readonly request: string | null;
  readonly made_for: string | null;
  readonly tries: number;
  readonly first_sent_at: string | null;
  readonly provider_call_id: string | null;
  /** Whether the provider itself has confirmed the id. Otherwise it comes from an event. */
  readonly replied: boolean;
  readonly not_placed_reason: string | null;
  readonly not_placed_through: readonly number[] | null;
  readonly outcome: Outcome | null;
  readonly ended_at: string | null;
  readonly settled: boolean;
  /** The day of the account on which it counts. */
  readonly account_day: string | null;
}

/** The columns of `DialRecord`. */
export const RECORD_COLUMNS = `
  calls.request, calls.made_for, calls.tries, calls.provider_call_id, calls.accepted_at is not null as replied, calls.not_placed_reason,
  calls.not_placed_through, calls.outcome,
  calls.settled_at is not null as settled, calls.account_day::text as account_day,
  floor(extract(epoch from calls.first_sent_at) * 1000)::bigint as first_sent_at,
  floor(extract(epoch from calls.ended_at) * 1000)::bigint as ended_at`;

/** Whether the result of the call is known. */
export function isKnown(record: DialRecord): boolean {
  return record.not_placed_reason !== null || record.provider_call_id !== null || record.settled;
}

/** Whether the request may have been sent to another account: the connections file was changed since. */
export function isOfAnotherAccount({ first_sent_at, made_for }: DialRecord, { madeFor }: Dial): boolean {
  return first_sent_at !== null && made_for !== madeFor;
}

/** Whether this placement was withdrawn. */
export function isWithdrawn({ not_placed_through }: DialRecord, { epoch, placement }: Dial): boolean {
  const [throughEpoch = 0, throughPlacement = 0] = not_placed_through ?? [];
  return epoch < throughEpoch || (epoch === throughEpoch && placement <= throughPlacement);
}

/**
 * A settled call's own record serves as its terminal event if none is stored, because the call was looked up or given
 * up.
 */
export function fromRecord(callId: string, record: DialRecord): EndedEvent | null {
  if (!record.settled || record.outcome === null || record.ended_at === null) return null;
  return {
    event_id: recordEventId(callId),
    call_id: callId,
    outcome: record.outcome,
    ended_at: Number(record.ended_at),
  };
}

/**
 * Records that a try is about to send, unless the result of the call or of this placement is known by now. The bytes,
 * the day and the instant are those of the first try.
 */
export async function writeAhead(
  tx: Queryable,
  dial: Dial,
  { account, phoneNumber, followed }: { account: string; phoneNumber: string; followed: string | null },
  request: string,
  now: number,
): Promise<DialRecord | null> {
  const { rows } = await tx.query<DialRecord>({
    name: 'write-ahead',
    text: `insert into calls (id, campaign_id, seq, attempt, connection, request, day, first_sent_at, last_sent_at, tries, made_for,
                       deadline_at, number_key, policies)
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0), to_timestamp($8 / 1000.0), 1, $11,
             to_timestamp($12 / 1000.0), number_key($13, $14), $15::jsonb)
     on conflict (id) do update
       set request = case when calls.made_for = excluded.made_for then coalesce(calls.request, excluded.request)
                          else excluded.request end,
           made_for = excluded.made_for,
           first_sent_at = coalesce(calls.first_sent_at, excluded.first_sent_at),
           last_sent_at = excluded.last_sent_at, number_key = excluded.number_key, policies = excluded.policies,
           day = coalesce(calls.day, excluded.day), tries = calls.tries + 1,
           deadline_at = greatest(calls.deadline_at, excluded.deadline_at)
     where calls.provider_call_id is null and calls.not_placed_reason is null and calls.settled_at is null
       and (calls.not_placed_through is null or calls.not_placed_through < array[$9, $10]::integer[])
       and (calls.first_sent_at is null or calls.made_for = excluded.made_for)
     returning ${RECORD_COLUMNS}`,
    values: [
      dial.callId,
      dial.campaignId,
      dial.seq,
      dial.attempt,
      dial.connection,
      request,
      dial.day,
      now,
      dial.epoch,
      dial.placement,
      dial.madeFor,
      now + dial.lostAfterMs,
      account,
      phoneNumber,
      followed,
    ],
  });
  return rows[0] ?? null;
}

/**
 * Takes back the record of a try that missed its instant and sent nothing. The placement goes on: it may be permitted again.
 * Meanwhile a worker that dies leaves no call of unknown outcome behind.
 */
export async function takeBack(
  db: Queryable,
  { callId }: Dial,
  permit: Pick<SendPermit, 'sentBefore' | 'tryNumber'>,
): Promise<void> {
  if (permit.sentBefore !== null) return;
  await db.query(
    'update calls set first_sent_at = null, last_sent_at = null, day = null where id = $1 and tries = $2',
    [callId, permit.tryNumber],
  );
}

/** A placement without a known result. */
export interface OpenPlacement {
  readonly callId: string;
  readonly seq: number;
  readonly attempt: number;
  readonly placement: number;
}

/**
 * Concludes that these placements were not sent, unless their records say that a request may have left, or what became
 * of it. Returns the ids of the calls that were certainly not placed. From here on a dial under any of these numbers is
 * refused. If a call may have been accepted, only a placement that is decided later may send for it again.
 */
export async function withdrawPlacements(
  db: Queryable,
  {
    campaignId,
    connection,
    epoch,
  }: { readonly campaignId: string; readonly connection: string; readonly epoch: number },
  placements: readonly OpenPlacement[],
): Promise<Set<string>> {
  if (placements.length === 0) return new Set();
  const { rows } = await db.query<{ id: string; unsent: boolean }>(
    `insert into calls (id, campaign_id, seq, attempt, connection, not_placed_through)
     select "callId", $1, seq, attempt, $2, array[$3::integer, placement]
       from jsonb_to_recordset($4) as p("callId" text, seq integer, attempt integer, placement integer)
      order by "callId"
     on conflict (id) do update
       set not_placed_through = greatest(calls.not_placed_through, excluded.not_placed_through)
     where calls.provider_call_id is null and calls.not_placed_reason is null and calls.settled_at is null
     returning id, first_sent_at is null as unsent`,
    [campaignId, connection, epoch, JSON.stringify(placements)],
  );
  return new Set(rows.flatMap(({ id, unsent }) => (unsent ? [id] : [])));
}
