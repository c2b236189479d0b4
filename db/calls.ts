/**
 * Dial records. A record is written before its request leaves and tells, whatever died in between:
 * - no record, or `first_sent_at` empty: nothing was sent under this call id;
 * - `first_sent_at` set and nothing else: the request may have reached the provider;
 * - `provider_call_id` set: the provider has the call;
 * - `not_placed_reason` set: the provider refused it for good;
 * - `settled_at` set: the outcome is in the roster and the record is history.
 *
 * Statements that run for every dial or event have names, by which each connection prepares them once: to plan them
 * costs more than to run them. Only those have one that look rows up by their whole key, of which there is one plan.
 */
import type { EndedEvent, Outcome } from '../domain/outcome.ts';
import type { CallToPlace, PlaceResult } from '../domain/provider-messages.ts';
import { claimEarlyEvents, firstTerminalEvents } from './call-events.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

export interface Dial {
  readonly callId: string;
  readonly campaignId: string;
  readonly seq: number;
  readonly attempt: number;
  /** The civil day whose cap the call counts against. */
  readonly day: string;
  readonly provider: string;
  /** The workflow run that asks: only the owner of the campaign's records may dial. */
  readonly runId: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * One try may send. `sentBefore`: when an earlier try sent, or may have (epoch milliseconds); null when none did. The
 * tries of a call are numbered, so that one which comes back late knows whether others were permitted after it.
 */
export interface SendPermit {
  readonly kind: 'send';
  readonly request: string;
  readonly sentBefore: number | null;
  readonly tryNumber: number;
}

/** What may happen next for a call. */
export type DialPermit =
  | SendPermit
  | { readonly kind: 'accepted'; readonly ended: EndedEvent | null }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'suppressed' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'superseded' };

interface Campaign {
  readonly account: string;
  readonly agent_id: string;
  readonly owner_run_id: string | null;
  readonly phone_number_ids: string[] | null;
  readonly rotation: 'random' | 'sequential' | 'round_robin' | null;
}

interface DialRecord {
  readonly request: string;
  readonly first_sent_at: string | null;
  readonly provider_call_id: string | null;
  readonly not_placed_reason: string | null;
  readonly outcome: Outcome | null;
  readonly ended_at: string | null;
  readonly settled: boolean;
}

/**
 * The first step of a dial, in one transaction: checks the gates that live in the database, freezes the request's bytes
 * at the first try, and writes down that the request is about to leave.
 */
export async function permitDial(pool: Pool, dial: Dial, freeze: (call: CallToPlace) => string): Promise<DialPermit> {
  return inTransaction(pool, async (tx) => {
    await lockAgainstAdoption(tx, dial.campaignId);
    const campaign = await readCampaign(tx, dial.campaignId);
    if (!campaign || campaign.owner_run_id !== dial.runId) return { kind: 'superseded' };
    const record = await readRecord(tx, dial.callId);
    const known = record && knownResult(dial, record);
    if (known)
      return known.kind === 'accepted' ? { ...known, ended: known.ended ?? (await terminal(tx, dial)) } : known;
    const sentBefore = record?.first_sent_at ?? null;
    const contact = await readContact(tx, dial);
    if (!contact) throw new Error(`roster has no contact ${dial.seq} for call ${dial.callId}`);
    if (await isSuppressed(tx, campaign.account, contact.phone_number)) {
      return sentBefore === null ? { kind: 'suppressed' } : { kind: 'unknown' };
    }
    const request = record?.request ?? freeze(toPlace(dial, campaign, contact));
    const tryNumber = await writeAhead(tx, dial, request);
    return { kind: 'send', request, sentBefore: sentBefore === null ? null : Number(sentBefore), tryNumber };
  });
}

/**
 * The last step of a dial, in one transaction: writes down what the provider answered, and picks up events that came
 * before the answer. Returns the terminal one among them.
 */
export async function recordAnswer(
  pool: Pool,
  dial: Dial,
  answer: PlaceResult,
  permit: SendPermit,
): Promise<EndedEvent | null> {
  return inTransaction(pool, async (tx) => {
    switch (answer.kind) {
      case 'accepted':
        return recordAcceptance(tx, dial, answer.providerCallId);
      case 'rejected':
        // A refusal of one try says nothing about another that may have been accepted.
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
        // Nothing was sent by this try; whether another was is no better known than before. A worker that was frozen
        // between its permit and its request wakes up here, and a later try may have dialled meanwhile.
        if (permit.sentBefore === null) {
          await tx.query('update calls set first_sent_at = null, day = null where id = $1 and tries = $2', [
            dial.callId,
            permit.tryNumber,
          ]);
        }
        return null;
      case 'unknown':
        return null;
    }
  });
}

export async function recordAcceptance(
  tx: Queryable,
  call: { callId: string; campaignId: string; provider: string; now: number },
  providerCallId: string,
): Promise<EndedEvent | null> {
  await tx.query({
    name: 'tie-provider-id',
    text: `insert into provider_calls (provider, provider_call_id, call_id) values ($1, $2, $3)
           on conflict (provider, provider_call_id) do update set call_id = excluded.call_id`,
    values: [call.provider, providerCallId, call.callId],
  });
  await tx.query({
    name: 'record-acceptance',
    text: `update calls set provider_call_id = $2, accepted_at = coalesce(accepted_at, to_timestamp($3 / 1000.0))
            where id = $1`,
    values: [call.callId, providerCallId, call.now],
  });
  return claimEarlyEvents(tx, call.provider, providerCallId, { id: call.callId, campaignId: call.campaignId });
}

/** What our own tables know of a call that is being looked up. */
export interface KnownCall {
  readonly callId: string;
  readonly sent: boolean;
  readonly firstSentAt: number | null;
  readonly refusal: string | null;
  readonly providerCallId: string | null;
  readonly ended: EndedEvent | null;
}

export async function findCalls(db: Queryable, callIds: readonly string[]): Promise<Map<string, KnownCall>> {
  const { rows } = await db.query<DialRecord & { id: string }>(`${RECORD_COLUMNS} where id = any($1)`, [callIds]);
  const ended = new Map((await firstTerminalEvents(db, callIds)).map((event) => [event.call_id, event]));
  return new Map(
    rows.map((row) => [
      row.id,
      {
        callId: row.id,
        sent: row.first_sent_at !== null,
        firstSentAt: row.first_sent_at === null ? null : Number(row.first_sent_at),
        refusal: row.not_placed_reason,
        providerCallId: row.provider_call_id,
        ended: ended.get(row.id) ?? fromRecord(row.id, row),
      },
    ]),
  );
}

/** Held (shared) by every dial's first step and (exclusively) by an adoption, so that an adoption sees every dial before it. */
export async function lockAgainstAdoption(tx: Queryable, campaignId: string): Promise<void> {
  await tx.query({
    name: 'lock-against-adoption',
    text: 'select pg_advisory_xact_lock_shared(hashtextextended($1, 0))',
    values: [campaignId],
  });
}

const RECORD_COLUMNS = `
  select id, request, provider_call_id, not_placed_reason, outcome, settled_at is not null as settled,
         floor(extract(epoch from first_sent_at) * 1000)::bigint as first_sent_at,
         floor(extract(epoch from ended_at) * 1000)::bigint as ended_at
    from calls`;

async function readCampaign(tx: Queryable, id: string): Promise<Campaign | undefined> {
  const { rows } = await tx.query<Campaign>({
    name: 'campaign-of-dial',
    text: `select account, agent_id, owner_run_id, spec -> 'phone_number_ids' as phone_number_ids,
                  spec ->> 'phone_rotation_strategy' as rotation
             from campaigns where id = $1`,
    values: [id],
  });
  return rows[0];
}

async function readRecord(tx: Queryable, callId: string): Promise<DialRecord | undefined> {
  const { rows } = await tx.query<DialRecord>({
    name: 'dial-record',
    text: `${RECORD_COLUMNS} where id = $1 for update`,
    values: [callId],
  });
  return rows[0];
}

function knownResult(dial: Dial, record: DialRecord): Extract<DialPermit, { kind: 'accepted' | 'rejected' }> | null {
  if (record.not_placed_reason !== null) return { kind: 'rejected', reason: record.not_placed_reason };
  if (record.provider_call_id !== null || record.settled) {
    return { kind: 'accepted', ended: fromRecord(dial.callId, record) };
  }
  return null;
}

/** A settled call's own record serves as its terminal event when none is stored (it was looked up, or given up). */
function fromRecord(callId: string, record: DialRecord): EndedEvent | null {
  if (!record.settled || record.outcome === null || record.ended_at === null) return null;
  return { event_id: `record:${callId}`, call_id: callId, outcome: record.outcome, ended_at: Number(record.ended_at) };
}

async function terminal(tx: Queryable, dial: Dial): Promise<EndedEvent | null> {
  const [first] = await firstTerminalEvents(tx, [dial.callId]);
  return first ?? null;
}

interface Contact {
  readonly phone_number: string;
  readonly extension: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
  readonly custom_fields: { [name: string]: string };
}

async function readContact(tx: Queryable, dial: Dial): Promise<Contact | undefined> {
  const { rows } = await tx.query<Contact>({
    name: 'contact-of-dial',
    text: `select phone_number, extension, first_name, last_name, email, custom_fields
             from campaign_contacts where campaign_id = $1 and seq = $2`,
    values: [dial.campaignId, dial.seq],
  });
  return rows[0];
}

async function isSuppressed(tx: Queryable, account: string, phoneNumber: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'is-suppressed',
    text: 'select 1 from suppressions where account = $1 and phone_number = $2',
    values: [account, phoneNumber],
  });
  return rowCount !== 0;
}

function toPlace(dial: Dial, campaign: Campaign, contact: Contact): CallToPlace {
  return {
    callId: dial.callId,
    agentId: campaign.agent_id,
    phoneNumber: contact.phone_number,
    extension: contact.extension === '' ? null : contact.extension,
    fromNumberId: chooseNumber(campaign, dial),
    firstName: contact.first_name,
    lastName: contact.last_name,
    email: contact.email,
    customFields: contact.custom_fields,
  };
}

/**
 * The number to call from is a function of the call, so that it needs no shared counter: `sequential` keeps to one
 * number per attempt, `round_robin` goes round with the contacts, `random` scatters.
 */
function chooseNumber({ phone_number_ids: ids, rotation }: Campaign, { seq, attempt }: Dial): string | null {
  if (!ids || ids.length === 0) return null;
  switch (rotation) {
    case 'sequential':
      return ids[(attempt - 1) % ids.length] ?? null;
    case 'round_robin':
      return ids[(seq + attempt - 2) % ids.length] ?? null;
    case 'random':
    case null:
      // Knuth's multiplicative hash spreads neighbouring contacts over the numbers.
      return ids[((Math.imul(seq, 2_654_435_761) >>> 0) + attempt) % ids.length] ?? null;
  }
}

/** Writes down that a try is about to send, and returns its number. The day and the instant are those of the first. */
async function writeAhead(tx: Queryable, dial: Dial, request: string): Promise<number> {
  const { rows } = await tx.query<{ tries: number }>({
    name: 'write-ahead',
    text: `insert into calls (id, campaign_id, seq, attempt, provider, request, day, first_sent_at)
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0))
     on conflict (id) do update
       set first_sent_at = coalesce(calls.first_sent_at, excluded.first_sent_at),
           day = coalesce(calls.day, excluded.day), tries = calls.tries + 1
     returning tries`,
    values: [dial.callId, dial.campaignId, dial.seq, dial.attempt, dial.provider, request, dial.day, dial.now],
  });
  return rows[0]!.tries;
}
