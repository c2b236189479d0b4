import { canonicalCallId, lookUpEventId } from '../domain/engine/ids.ts';
import type { EndedEvent, Outcome } from '../domain/engine/outcome.ts';
import { CallEvent } from '../domain/dialling/provider-messages.ts';
import { type CallLink, type LinkedCall, linkOf } from './event-links.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

/** The result of storing an event. */
export interface StoredEvent {
  /** Our id of the call. Null while its dial has not reported, or if the call is not ours. */
  readonly callId: string | null;
  readonly campaignId: string | null;
  readonly status: 'new' | 'repeat';
  /** Whether it was delivered to Temporal already. */
  readonly signalled: boolean;
  /** Whether its call was over and settled: the event is late and changes nothing. */
  readonly settled: boolean;
  /**
   * Whether the reply to the placement is not recorded yet. It may still prove that the event belongs to another call.
   */
  readonly unconfirmed: boolean;
  /**
   * The call that the event names but, by the records, cannot belong to. It then has no `callId`. Null for every other
   * event.
   */
  readonly contradicts: string | null;
}

/** What is stored in place of the provider's own words where a look-up has found an end. */
const FOUND_BY_LOOK_UP = JSON.stringify({ found_by: 'look-up' });

/** The end of a call, found by a look-up. */
export interface FoundEnd extends Pick<CallEvent, 'outcome' | 'accountFault' | 'occurredAt'> {
  readonly callId: string;
}

/** Stores an end that a look-up has found, as its event would be stored. A later run of the campaign settles it. */
export async function storeFoundEnd(pool: Pool, connection: string, end: FoundEnd): Promise<void> {
  const event = CallEvent.parse({
    ...end,
    eventId: lookUpEventId(end.callId),
    kind: 'ended',
    providerCallId: null,
    outcomeAsSent: null,
  });
  await storeEvent(pool, connection, event, FOUND_BY_LOOK_UP);
}

/** Stores an event, once per event id. A returned call id that is not in our form is ignored. */
export async function storeEvent(pool: Pool, connection: string, sent: CallEvent, raw: string): Promise<StoredEvent> {
  const event = { ...sent, callId: sent.callId === null ? null : canonicalCallId(sent.callId) };
  const stored = await storeForAcceptedCall(pool, connection, event, raw);
  return stored ?? inTransaction(pool, (tx) => storeAndLink(tx, connection, event, raw));
}

/** The usual case: the reply to the dial is recorded, so only the event itself is stored. Null in any other case. */
async function storeForAcceptedCall(
  db: Queryable,
  connection: string,
  event: CallEvent,
  raw: string,
): Promise<StoredEvent | null> {
  const { rows } = await db.query<LinkedCall & { is_new: boolean }>({
    name: 'store-event-of-accepted-call',
    text: `
      with call as (
        select id, campaign_id, settled_at is not null as settled from calls
         where accepted_at is not null and connection = $1 and provider_call_id = $3 and id = coalesce($4, id)
           and id = (select call_id from provider_calls where connection = $1 and provider_call_id = $3)
      ), stored as (
        insert into call_events
          (connection, event_id, provider_call_id, kind, outcome, outcome_as_sent, occurred_at, raw, call_id, campaign_id, late,
           account_fault)
        select $1, $2, $3, $5, $6, $7, to_timestamp($8 / 1000.0), $9, id, campaign_id, settled and $5 = 'ended', $10 from call
        on conflict (connection, event_id) do nothing
        returning 1
      )
      select id, campaign_id as "campaignId", settled, exists (select from stored) as is_new from call`,
    values: [
      connection,
      event.eventId,
      event.providerCallId,
      event.callId,
      event.kind,
      event.outcome,
      event.outcomeAsSent,
      event.occurredAt,
      raw,
      event.accountFault ?? null,
    ],
  });
  const [row] = rows;
  if (!row) return null;
  const link: CallLink = { call: row, unconfirmed: false, contradicts: null };
  return storedEvent(db, connection, event, link, row.is_new);
}

/**
 * Upserts the row of `provider_calls` before it reads anything, as the dial's reply does. So the second of the two sees
 * the first.
 */
async function storeAndLink(tx: Queryable, connection: string, event: CallEvent, raw: string): Promise<StoredEvent> {
  const link = await linkOf(tx, connection, event);
  const { call, contradicts } = link;
  const inserted = await tx.query({
    name: 'store-event',
    text: `insert into call_events
       (connection, event_id, provider_call_id, call_id, campaign_id, kind, outcome, outcome_as_sent, occurred_at, raw, late,
        contradicts, account_fault)
     values ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9 / 1000.0), $10, $11, $12, $13)
     on conflict (connection, event_id) do nothing`,
    values: [
      connection,
      event.eventId,
      event.providerCallId,
      call?.id ?? null,
      call?.campaignId ?? null,
      event.kind,
      event.outcome,
      event.outcomeAsSent,
      event.occurredAt,
      raw,
      event.kind === 'ended' && call?.settled === true,
      contradicts,
      event.accountFault ?? null,
    ],
  });
  return storedEvent(tx, connection, event, link, inserted.rowCount === 1);
}

async function storedEvent(
  db: Queryable,
  connection: string,
  event: CallEvent,
  { call, unconfirmed, contradicts }: CallLink,
  isNew: boolean,
): Promise<StoredEvent> {
  return {
    unconfirmed,
    contradicts,
    callId: call?.id ?? null,
    campaignId: call?.campaignId ?? null,
    status: isNew ? 'new' : 'repeat',
    signalled: isNew ? false : await wasSignalled(db, connection, event.eventId),
    settled: call?.settled ?? false,
  };
}

/** Events of the last day that name a call which they cannot belong to. */
export async function countContradictingEvents(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from call_events
      where contradicts is not null and received_at > now() - interval '1 day'`,
  );
  return rows[0]?.count ?? 0;
}

/** Records that Temporal has these events, so that a redelivery is not signalled again. */
export async function markSignalled(pool: Queryable, connection: string, eventIds: readonly string[]): Promise<void> {
  await pool.query(
    'update call_events set signalled_at = now() where connection = $1 and event_id = any($2) and signalled_at is null',
    [connection, eventIds],
  );
}

/**
 * Links the events that arrived before the dial's reply to their call, and returns the terminal one among them. They
 * count as delivered, because every reply of the dial contains them. If the reply proves that an event which named a
 * call by our id belongs to another call, that event is refuted and counts for no call.
 */
export async function claimEarlyEvents(
  tx: Queryable,
  connection: string,
  providerCallId: string,
  call: { id: string; campaignId: string },
): Promise<EndedEvent | null> {
  const { rows } = await tx.query<TerminalEventRow>({
    name: 'claim-early-events',
    text: `with claimed as (
       update call_events
          set call_id = $3, campaign_id = $4, contradicts = null, signalled_at = coalesce(signalled_at, now())
        where connection = $1 and provider_call_id = $2 and coalesce(call_id, contradicts, $3) = $3
     ), refuted as (
       update call_events set call_id = null, contradicts = call_id
        where (call_id = $3 and (connection <> $1 or provider_call_id <> $2))
           or (connection = $1 and provider_call_id = $2 and call_id <> $3)
       returning contradicts as call_id
     ), untied as (
       update calls set provider_call_id = null
        where id = any(array(select call_id from refuted where call_id <> $3)) and accepted_at is null
     )
     select $3 as call_id, ${TERMINAL_EVENT_COLUMNS}
       from call_events
      where kind = 'ended' and coalesce(call_id, contradicts, $3) = $3
        and connection = $1 and (provider_call_id = $2 or (call_id = $3 and provider_call_id is null))
      order by received_at, event_id limit 1`,
    values: [connection, providerCallId, call.id, call.campaignId],
  });
  return rows[0] ? toEndedEvent(rows[0]) : null;
}

/** The terminal event of each of these calls: the first that was received. */
export async function firstTerminalEvents(db: Queryable, callIds: readonly string[]): Promise<EndedEvent[]> {
  const { rows } = await db.query<TerminalEventRow>(
    `select distinct on (call_id) call_id, ${TERMINAL_EVENT_COLUMNS}
       from call_events
      where call_id = any($1) and kind = 'ended'
      order by call_id, received_at, event_id`,
    [callIds],
  );
  return rows.map(toEndedEvent);
}

/** Columns of a terminal event in `call_events`. */
export const TERMINAL_EVENT_COLUMNS =
  'event_id, outcome, account_fault, floor(extract(epoch from occurred_at) * 1000)::bigint as ended_at';

export interface TerminalEventRow {
  readonly event_id: string;
  readonly call_id: string;
  readonly outcome: Outcome;
  readonly account_fault: string | null;
  readonly ended_at: string;
}

export function toEndedEvent({ event_id, call_id, outcome, account_fault, ended_at }: TerminalEventRow): EndedEvent {
  const fault = account_fault === null ? {} : { account_fault };
  return { event_id, call_id, outcome, ended_at: Number(ended_at), ...fault };
}

async function wasSignalled(tx: Queryable, connection: string, eventId: string): Promise<boolean> {
  const { rows } = await tx.query<{ signalled: boolean }>(
    'select signalled_at is not null as signalled from call_events where connection = $1 and event_id = $2',
    [connection, eventId],
  );
  return rows[0]?.signalled ?? false;
}
