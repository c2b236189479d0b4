import { canonicalCallId } from '../domain/engine/ids.ts';
import type { EndedEvent, Outcome } from '../domain/engine/outcome.ts';
import type { CallEvent } from '../domain/dialling/provider-messages.ts';
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
  const { rows } = await db.query<KnownCall & { is_new: boolean }>({
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

interface KnownCall {
  readonly id: string;
  readonly campaignId: string;
  readonly settled: boolean;
}

/** The call that an event belongs to. */
interface CallLink {
  readonly call: KnownCall | null;
  readonly unconfirmed: boolean;
  readonly contradicts: string | null;
}

const NO_LINK: CallLink = { call: null, unconfirmed: false, contradicts: null };

/**
 * An event is matched by our call id if it contains one, otherwise by the provider's id. If both are known, from the
 * event or from our records, they must agree. An event that names a call of another connection, or one with
 * another provider id, belongs to some other call.
 */
async function linkOf(tx: Queryable, connection: string, { callId, providerCallId }: CallEvent): Promise<CallLink> {
  // The call belongs to another installation of the same account, or to a deleted campaign. So an unknown call is never
  // treated as an orphan.
  if (callId !== null && (await readCall(tx, callId)) === null) return NO_LINK;
  const linked = providerCallId === null ? null : await callOf(tx, connection, providerCallId);
  const id = callId ?? linked;
  const read = id === null ? null : await readCall(tx, id);
  if (read === null) return NO_LINK;
  const isElsewhere = read.connection !== connection || (linked !== null && linked !== read.id);
  const call = isElsewhere || read.replied ? read : await believe(tx, read, providerCallId);
  if (isElsewhere || (providerCallId !== null && call.providerCallId !== providerCallId)) {
    return { call: null, unconfirmed: false, contradicts: call.id };
  }
  return { call, unconfirmed: !call.replied, contradicts: null };
}

/**
 * Until the reply is recorded, the first event with the provider's id of the call counts. Waits for a reply that is
 * being recorded at this moment.
 */
async function believe(tx: Queryable, call: RecordedCall, providerCallId: string | null): Promise<RecordedCall> {
  const { rows } = await tx.query<Pick<RecordedCall, 'providerCallId' | 'replied'>>(
    `update calls set provider_call_id = coalesce(provider_call_id, $2) where id = $1
     returning provider_call_id as "providerCallId", accepted_at is not null as replied`,
    [call.id, providerCallId],
  );
  return { ...call, ...rows[0] };
}

/**
 * The call that a provider's id is linked to. A link never changes. Until there is one the row is upserted, which waits
 * for a reply that is being recorded at this moment.
 */
async function callOf(tx: Queryable, connection: string, providerCallId: string): Promise<string | null> {
  const linked = await tx.query<{ call_id: string | null }>({
    name: 'call-of-provider-id',
    text: 'select call_id from provider_calls where connection = $1 and provider_call_id = $2',
    values: [connection, providerCallId],
  });
  const callId = linked.rows[0]?.call_id ?? null;
  return callId ?? linkProviderCall(tx, connection, providerCallId);
}

interface RecordedCall extends KnownCall {
  readonly connection: string;
  readonly providerCallId: string | null;
  /** Whether the provider's reply, or its answer to a look-up, is recorded. */
  readonly replied: boolean;
}

async function readCall(tx: Queryable, id: string): Promise<RecordedCall | null> {
  const { rows } = await tx.query<RecordedCall>({
    name: 'call-of-event',
    text: `select id, campaign_id as "campaignId", settled_at is not null as settled, connection,
                  provider_call_id as "providerCallId", accepted_at is not null as replied
             from calls where id = $1`,
    values: [id],
  });
  return rows[0] ?? null;
}

async function linkProviderCall(tx: Queryable, connection: string, providerCallId: string): Promise<string | null> {
  const { rows } = await tx.query<{ call_id: string | null }>(
    `insert into provider_calls (connection, provider_call_id) values ($1, $2)
     on conflict (connection, provider_call_id) do update set call_id = provider_calls.call_id
     returning call_id`,
    [connection, providerCallId],
  );
  return rows[0]?.call_id ?? null;
}

async function wasSignalled(tx: Queryable, connection: string, eventId: string): Promise<boolean> {
  const { rows } = await tx.query<{ signalled: boolean }>(
    'select signalled_at is not null as signalled from call_events where connection = $1 and event_id = $2',
    [connection, eventId],
  );
  return rows[0]?.signalled ?? false;
}
