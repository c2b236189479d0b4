/**
 * The contacts of a peer that keeps them in a separate table, beside the jobs in the same PostgreSQL.
 *
 * A contact goes `waiting -> placing -> live -> ended`; a webhook that overtakes the reply to the placement takes it from
 * placing straight to ended. Slots are counted by handing them on: at the beginning as many contacts are taken as may be
 * in flight, and later each that ends takes the next one in the same transaction. So a slot is always held by exactly one
 * contact that is placing or live, whichever process dies.
 */
import type { Queryable } from '../../db/pool.ts';
import type { Contact } from './peer-process.ts';

export async function createContactsTable(db: Queryable): Promise<void> {
  await db.query(`
    create table if not exists contacts (
      seq integer primary key,
      call_id text not null unique,
      phone_number text not null,
      state text not null default 'waiting',
      provider_call_id text,
      outcome text
    )`);
  await db.query(`create index if not exists contacts_waiting on contacts (seq) where state = 'waiting'`);
}

export async function insertContacts(db: Queryable, contacts: readonly Contact[]): Promise<void> {
  await db.query(
    `insert into contacts (seq, call_id, phone_number)
     select seq, call_id, phone_number
     from rows from (json_to_recordset($1) as (call_id text, phone_number text)) with ordinality
       as given (call_id, phone_number, seq)`,
    [JSON.stringify(contacts)],
  );
}

/** Gives slots to contacts that wait; returns their call ids. */
export async function takeContacts(db: Queryable, slots: number): Promise<string[]> {
  const { rows } = await db.query<{ call_id: string }>(
    `update contacts set state = 'placing'
     where seq in (select seq from contacts where state = 'waiting' order by seq limit $1 for update skip locked)
     returning call_id`,
    [slots],
  );
  return rows.map(({ call_id }) => call_id);
}

/** Ends a contact and gives its slot to the next; returns that one's call id. Nothing happens the second time. */
export async function endContact(db: Queryable, callId: string, outcome: string): Promise<string | null> {
  const { rows } = await db.query<{ call_id: string }>(
    `with ended as (
       update contacts set state = 'ended', outcome = $2 where call_id = $1 and state <> 'ended' returning 1
     )
     update contacts set state = 'placing'
     where seq = (
       select seq from contacts where state = 'waiting' and exists (select from ended)
       order by seq limit 1 for update skip locked
     )
     returning call_id`,
    [callId, outcome],
  );
  return rows[0]?.call_id ?? null;
}

/** A contact that has a slot and is not known to be called; null when a job that is run again comes too late. */
export async function contactToPlace(db: Queryable, callId: string): Promise<Contact | null> {
  const { rows } = await db.query<Contact>(
    `select call_id, phone_number from contacts where call_id = $1 and state = 'placing'`,
    [callId],
  );
  return rows[0] ?? null;
}

export async function recordPlacement(db: Queryable, callId: string, providerCallId: string): Promise<void> {
  await db.query(`update contacts set state = 'live', provider_call_id = $2 where call_id = $1 and state = 'placing'`, [
    callId,
    providerCallId,
  ]);
}

export async function countUnfinished(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: string }>(`select count(*) from contacts where state <> 'ended'`);
  return Number(rows[0]?.count ?? 0);
}
