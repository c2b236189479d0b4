/** Which call an event belongs to, by Ringfence's call id or by the provider's. */
import type { CallEvent } from '../domain/dialling/provider-messages.ts';
import type { Queryable } from './pool.ts';

/** A call as an event's storage needs it. */
export interface LinkedCall {
  readonly id: string;
  readonly campaignId: string;
  readonly settled: boolean;
}

/** The call that an event belongs to. */
export interface CallLink {
  readonly call: LinkedCall | null;
  readonly unconfirmed: boolean;
  readonly contradicts: string | null;
}

const NO_LINK: CallLink = { call: null, unconfirmed: false, contradicts: null };

/**
 * An event is matched by our call id if it contains one, otherwise by the provider's id. If both are known, from the
 * event or from our records, they must agree. An event that names a call of another connection, or one with
 * another provider id, belongs to some other call.
 */
export async function linkOf(
  tx: Queryable,
  connection: string,
  { callId, providerCallId }: CallEvent,
): Promise<CallLink> {
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

interface RecordedCall extends LinkedCall {
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
