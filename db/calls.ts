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
import {
  type AccountDay,
  type CountedCall,
  type DailyLimit,
  heldUntilNextDay,
} from '../domain/dialling/account-day.ts';
import { callerNumber, type Rotation } from '../domain/dialling/caller-number.ts';
import { type ConnectionTerms, type DialRefusal, dialRefusal } from '../domain/dialling/connection-terms.ts';
import {
  admit,
  type Admission,
  CLOSED,
  type ConnectionBreaker,
  type Passage,
  passageOf,
} from '../domain/dialling/connection-breaker.ts';
import type { DueFor, ProviderTrouble } from '../domain/engine/campaign-state.ts';
import { accountLimitId, recordEventId } from '../domain/engine/ids.ts';
import type { EndedEvent, Outcome } from '../domain/engine/outcome.ts';
import type { CallToPlace, PlaceResult } from '../domain/dialling/provider-messages.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { PolicyLimits } from '../domain/windows/policies/frequency.ts';
import type { PlacementResult } from '../domain/engine/placement.ts';
import { type Bucket, isTerminal } from '../domain/engine/tally.ts';
import { civilDay } from '../domain/windows/windows.ts';
import { countOnDay, dailyLimitOf } from './account-days.ts';
import { claimEarlyEvents, firstTerminalEvents } from './call-events.ts';
import { type DatabaseClock, readDatabaseClock } from './clock.ts';
import { askBreaker, breakerOf, recordTurn } from './connection-breakers.ts';
import { hasLimit, lowestRate } from './connection-loads.ts';
import {
  lockDial,
  numberHeld,
  numberRecord,
  type NumberRecord,
  numberRecordOf,
  type NumberRecordRow,
} from './number-placements.ts';
import { mostByPolicy, policyLimitsOf } from './policies.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { hasShares } from './share-records.ts';
import { isStopped } from './stops.ts';

export interface Dial {
  readonly callId: string;
  readonly campaignId: string;
  readonly seq: number;
  readonly attempt: number;
  /** The civil day whose cap the call counts against. */
  readonly day: string;
  /** The campaign's connection, and what requests for it are made for; see `OpenConnection`. */
  readonly connection: string;
  readonly madeFor: string;
  /** The workflow run that asks, and the epoch of its state. Only the owner of the campaign's records may dial. */
  readonly runId: string;
  readonly epoch: number;
  /** The number of the placement within the epoch. */
  readonly placement: number;
  /** Nothing is sent before this instant (epoch milliseconds), nor at or after `notAfter`. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** How long after its request the call may be in flight at most. */
  readonly lostAfterMs: number;
  /** Whether it may be the probe of a connection in trouble before the pause ends. */
  readonly probeNow?: boolean;
  /** For so long before the end of a day of the account nothing is sent: the provider might place the call on the next day. */
  readonly marginMs: number;
  /** What the connection allows now. It may have changed since the campaign was created. */
  readonly terms: ConnectionTerms;
}

/** The rate of a dial's connection. */
export interface DialPace {
  /** Dials per second that this worker has loaded for the connection. Null: no limit. */
  readonly callsPerSecond: number | null;
  /** What came of the try's reservation of an instant on the connection. Null: it has not reserved. */
  readonly reservation: DialReservation | null;
}

const UNPACED: DialPace = { callsPerSecond: null, reservation: null };

/** An instant was reserved, or the try must not send. */
export type DialReservation =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'expired' | 'delayed' }
  | { readonly kind: 'later'; readonly afterMs: number };

/**
 * Permission for one try to send. `sentBefore` is the time at which an earlier try sent or may have sent (epoch
 * milliseconds), or null. The tries of a call are numbered, so that a late one knows whether others were permitted
 * after it.
 */
export interface SendPermit {
  readonly kind: 'send';
  readonly request: string;
  /** The database's time at the beginning of the transaction, epoch milliseconds. */
  readonly permittedAt: number;
  readonly sentBefore: number | null;
  /** The first instant, by the database's time, at which a limit over campaigns holds the dial. Null: none does. */
  readonly heldFrom: number | null;
  readonly tryNumber: number;
  /** How the try passed the circuit breaker of the connection. */
  readonly passage: Passage;
}

/** Why a placement sends nothing. */
type NotSent =
  | { readonly kind: 'suppressed' | 'removed' | 'stopped' | 'expired' | 'delayed' | 'withdrawn' }
  | { readonly kind: 'later'; readonly afterMs: number }
  | { readonly kind: 'held'; readonly afterMs: number; readonly trouble: ProviderTrouble }
  | Extract<PlacementResult, { kind: 'next_day' | 'postponed' }>
  | DialRefusal;

/** The decision about a dial. */
export type DialPermit =
  | SendPermit
  /** The try must reserve an instant first. Nothing was written. `readAt`: the database's time, epoch milliseconds. */
  | { readonly kind: 'reserve'; readonly callsPerSecond: number; readonly readAt: number }
  | { readonly kind: 'accepted'; readonly ended: EndedEvent | null }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'unresolved' | 'superseded' }
  | NotSent;

interface Campaign {
  readonly account: string;
  readonly agent_id: string;
  readonly owner_run_id: string | null;
  readonly epoch: number;
  readonly ending: string | null;
  readonly phone_number_ids: string[] | null;
  readonly rotation: Rotation | null;
  readonly policy: readonly string[] | null;
}

interface DialRecord {
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

/**
 * The first step of a dial, in one transaction: checks the conditions that are in the database, freezes the request's
 * bytes at the first try, and records that the request is about to leave. The database's clock decides whether it is
 * time. On a connection with a rate the try reserves an instant between two of these transactions: the first finds out
 * whether it would be used, the second writes the record shortly before it.
 */
export async function permitDial(
  pool: Pool,
  dial: Dial,
  freeze: (call: CallToPlace) => string,
  readClock: DatabaseClock = readDatabaseClock,
  pace = UNPACED,
): Promise<DialPermit> {
  return inTransaction(pool, async (tx) => {
    // Sent together in this order: what is read holds for as long as the locks are held.
    const [, now, context] = await Promise.all([lockDial(tx, dial), readClock(tx), readDialContext(tx, dial)]);
    if (!context || !isOwner(context.campaign, dial)) return { kind: 'superseded' };
    const { campaign, contact, record } = context;
    if (record && isKnown(record)) return known(tx, dial, record, now);
    // The limit is newer than the run's last adoption: with the next one it learns of it.
    if (!(await hasShares(tx, dial, sharedLimits(dial, context)))) return { kind: 'superseded' };
    const closed = closedGate(dial, context, now);
    if (closed !== null) return withoutSending(tx, dial, { kind: closed }, now);
    const { not_before: notBefore } = contact!;
    if (notBefore !== null && notBefore > now)
      return withoutSending(tx, dial, postponed('not_before', notBefore, now), now);
    const call = toPlace(dial, campaign, contact!);
    const refusal = dialRefusal(dial.terms, { account: campaign.account, call });
    if (refusal !== null) return withoutSending(tx, dial, refusal, now);
    const day = accountDay(context, now);
    const nextDay = day && heldUntilNextDay(day, day, countedCall(record), dial.marginMs, now);
    if (nextDay !== null) return withoutSending(tx, dial, { kind: 'next_day', until: nextDay }, now);
    const policies = policiesAt(context, now);
    if (policies === null) return withoutSending(tx, dial, { kind: 'blocked', reason: 'policy_not_known' }, now);
    const hold = numberGate(context, policies, now);
    if (hold !== null) return withoutSending(tx, dial, hold, now);
    const { reservation } = pace;
    const callsPerSecond = lower(pace.callsPerSecond, context.callsPerSecond);
    if (reservation === null && callsPerSecond !== null) {
      // While the breaker is open no dial takes an instant.
      const shut = admit(context.breaker, dial, now, Math.random());
      if (shut.kind === 'held') return withoutSending(tx, dial, held(shut), now);
      return { kind: 'reserve', callsPerSecond, readAt: now };
    }
    if (reservation !== null && reservation.kind !== 'reserved') return withoutSending(tx, dial, reservation, now);
    // The last gate: a dial that passes it has a turn, which it must not waste.
    const admission = context.breaker.trouble === null ? null : await askBreaker(tx, dial, now);
    if (admission?.kind === 'held') return withoutSending(tx, dial, held(admission), now);
    const frozen = record?.made_for === dial.madeFor ? record.request : null;
    const followed = campaign.policy?.length ? JSON.stringify(policies.policies) : null;
    const to = { account: campaign.account, phoneNumber: call.phoneNumber, followed };
    const written = await writeAhead(tx, dial, to, frozen ?? freeze(call), now);
    // Since the record was read, another try has recorded its answer, or the placement was withdrawn.
    if (!written) return withoutSending(tx, dial, { kind: 'withdrawn' }, now);
    if (day && !(await countsOnDay(tx, dial, campaign.account, day, written, now))) {
      await takeBack(tx, dial, { sentBefore: null, tryNumber: written.tries });
      return withoutSending(tx, dial, { kind: 'next_day', until: day.endsAt }, now);
    }
    if (admission) await recordTurn(tx, dial.connection, admission);
    const { request, tries } = written;
    // A try that was permitted since the record was read may have sent; this one cannot know.
    const sentBefore = tries === (record?.tries ?? 0) + 1 ? (record?.first_sent_at ?? null) : written.first_sent_at;
    return {
      kind: 'send',
      request: request!,
      permittedAt: now,
      sentBefore: sentBefore === null ? null : Number(sentBefore),
      heldFrom: day && day.endsAt - dial.marginMs,
      tryNumber: tries,
      passage: admission?.passage ?? passageOf(context.breaker),
    };
  });
}

function held({ afterMs, trouble: { reason, since, times } }: Extract<Admission, { kind: 'held' }>): NotSent {
  return { kind: 'held', afterMs, trouble: { reason, since, times } };
}

/** Whether the number has had its calls. Only this contact waits. */
function numberGate({ number }: DialContext, limits: PolicyLimits, now: number): NotSent | null {
  const hold = numberHeld(number, limits, now);
  if (hold === null) return null;
  return postponed('number', hold.comesBackAt, now);
}

/** Only this contact waits. */
function postponed(waitsFor: DueFor, until: number, now: number): NotSent {
  return { kind: 'postponed', until, afterMs: until - now, waitsFor };
}

/** Null: this worker does not know one of the campaign's policies, as when its file was changed. */
function policiesAt({ campaign: { policy }, contact }: DialContext, now: number): PolicyLimits | null {
  try {
    return policyLimitsOf({ policy, region: contact!.region, phone_number: contact!.phone_number }, now);
  } catch (error) {
    if (error instanceof RingfenceError) return null;
    throw error;
  }
}

/** The account's limit of calls per day, and its present day. Null: no limit. */
function accountDay({ dailyLimit }: DialContext, now: number): (DailyLimit & AccountDay) | null {
  return dailyLimit && { ...dailyLimit, ...civilDay(dailyLimit.timezone, now) };
}

function countedCall(record: DialRecord | null): CountedCall {
  return { mayBeSent: record?.first_sent_at != null, countedOn: record?.account_day ?? null };
}

/**
 * A repeat counts once. By the record as it was written: since it was read, the answer to an earlier try may have given its unit back.
 * False if another dial has taken the last unit of the day since it was read.
 */
async function countsOnDay(
  tx: Queryable,
  { callId }: Dial,
  account: string,
  { date: day, limit }: DailyLimit & AccountDay,
  written: DialRecord,
  now: number,
): Promise<boolean> {
  const isRepeat = Number(written.first_sent_at) < now || written.account_day !== null;
  return isRepeat || countOnDay(tx, { account, day, limit, callId });
}

/** The limits of calls in flight that hold for the dial. */
function sharedLimits({ terms, connection }: Dial, { campaign, accountLimit, hasLimit }: DialContext): string[] {
  return [
    ...(accountLimit === null ? [] : [accountLimitId(campaign.account)]),
    ...(terms.maxConcurrentCalls === null && !hasLimit ? [] : [connection]),
  ];
}

/** The lower of two rates. Null is no limit. */
function lower(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function isOwner(campaign: Campaign, { runId, epoch }: Dial): boolean {
  return campaign.owner_run_id === runId && campaign.epoch === epoch;
}

/** The reason why this placement must not send, as far as one reading shows. Null: it may send. */
function closedGate(
  dial: Dial,
  { campaign, contact, stopped, suppressed, record }: DialContext,
  now: number,
): 'removed' | 'stopped' | 'suppressed' | 'expired' | 'delayed' | 'withdrawn' | null {
  if (campaign.ending !== null || !contact || contact.attempt !== dial.attempt || isTerminal(contact.bucket)) {
    return 'removed';
  }
  if (record && (isWithdrawn(record, dial) || isOfAnotherAccount(record, dial))) return 'withdrawn';
  if (stopped) return 'stopped';
  if (suppressed) return 'suppressed';
  if (now >= dial.notAfter) return 'expired';
  if (now < dial.notBefore) return 'delayed';
  return null;
}

/** Whether the request may have been sent to another account: the connections file was changed since. */
function isOfAnotherAccount({ first_sent_at, made_for }: DialRecord, { madeFor }: Dial): boolean {
  return first_sent_at !== null && made_for !== madeFor;
}

/** Whether this placement was withdrawn. */
function isWithdrawn({ not_placed_through }: DialRecord, { epoch, placement }: Dial): boolean {
  const [throughEpoch = 0, throughPlacement = 0] = not_placed_through ?? [];
  return epoch < throughEpoch || (epoch === throughEpoch && placement <= throughPlacement);
}

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

/** What our own tables say about a call that is being looked up. */
export interface KnownCall {
  readonly callId: string;
  readonly sent: boolean;
  /** The request as it was frozen. Contains personal data. */
  readonly request: string | null;
  readonly firstSentAt: number | null;
  readonly refusal: string | null;
  readonly providerCallId: string | null;
  /** Whether the provider itself has confirmed that id. */
  readonly replied: boolean;
  /** Whether an event says that it was dialled. */
  readonly begun: boolean;
  readonly ended: EndedEvent | null;
}

export async function findCalls(db: Queryable, callIds: readonly string[]): Promise<Map<string, KnownCall>> {
  const { rows } = await db.query<DialRecord & { id: string; begun: boolean }>(
    `select calls.id, ${RECORD_COLUMNS},
            exists (select from call_events e where e.call_id = calls.id and e.kind in ('started', 'joined')) as begun
       from calls where id = any($1)`,
    [callIds],
  );
  const ended = new Map((await firstTerminalEvents(db, callIds)).map((event) => [event.call_id, event]));
  return new Map(
    rows.map((row) => [
      row.id,
      {
        callId: row.id,
        sent: row.first_sent_at !== null,
        request: row.request,
        firstSentAt: row.first_sent_at === null ? null : Number(row.first_sent_at),
        refusal: row.not_placed_reason,
        providerCallId: row.provider_call_id,
        replied: row.replied,
        begun: row.begun,
        ended: ended.get(row.id) ?? fromRecord(row.id, row),
      },
    ]),
  );
}

/**
 * Locked (shared) by the first step of every dial (`lockDial`) and (exclusively) by an adoption, so that an adoption sees every dial
 * before it. The lock depends on the id's value, not its text: PostgreSQL writes every form of a UUID alike.
 */
export async function lockAgainstAdoption(tx: Queryable, campaignId: string): Promise<void> {
  await tx.query({
    name: 'lock-against-adoption',
    text: 'select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 0))',
    values: [campaignId],
  });
}

/** Columns of the record `calls`. */
const RECORD_COLUMNS = `
  calls.request, calls.made_for, calls.tries, calls.provider_call_id, calls.accepted_at is not null as replied, calls.not_placed_reason,
  calls.not_placed_through, calls.outcome,
  calls.settled_at is not null as settled, calls.account_day::text as account_day,
  floor(extract(epoch from calls.first_sent_at) * 1000)::bigint as first_sent_at,
  floor(extract(epoch from calls.ended_at) * 1000)::bigint as ended_at`;

/** What the first step of a dial reads. */
interface DialContext {
  readonly campaign: Campaign;
  /** Null when the roster has no such contact. */
  readonly contact: Contact | null;
  /** Whether a stop covers the campaign. */
  readonly stopped: boolean;
  readonly suppressed: boolean;
  readonly record: DialRecord | null;
  /** The lowest rate that a worker has loaded for the connection. Null: no limit. */
  readonly callsPerSecond: number | null;
  /** The circuit breaker of the connection. */
  readonly breaker: ConnectionBreaker;
  /** What is on record about other calls to the number. */
  readonly number: NumberRecord;
  /** The account's limit of calls in flight. Null: no limit. */
  readonly accountLimit: number | null;
  /** The account's limit of calls per day. Null: no limit. */
  readonly dailyLimit: DailyLimit | null;
  /** Whether a worker has loaded a limit of calls in flight for the connection. This one may have read another file. */
  readonly hasLimit: boolean;
}

type DialContextRow = Campaign &
  Omit<Contact, 'phone_number'> &
  DialRecord &
  NumberRecordRow & {
    readonly phone_number: string | null;
    readonly stopped: boolean;
    readonly suppressed: boolean;
    readonly recorded: boolean;
    readonly calls_per_second: number | null;
    readonly breaker: ConnectionBreaker | null;
    readonly account_limit: number | null;
    readonly daily_limit: DailyLimit | null;
    readonly has_limit: boolean;
  };

/** A repeat of an unknown call is the same placement as the call itself. */
const NUMBER_RECORD = numberRecord({
  account: 'c.account',
  number: 'k.phone_number',
  limits: 'a.per_number',
  terms: 'c.spec',
  policyMost: '$5',
  except: '$3',
});

async function readDialContext(tx: Queryable, dial: Dial): Promise<DialContext | null> {
  const { rows } = await tx.query<DialContextRow>({
    name: 'dial-context',
    text: `
      select c.account, c.agent_id, c.owner_run_id, c.epoch, c.ending, c.spec -> 'phone_number_ids' as phone_number_ids,
             c.spec ->> 'phone_rotation_strategy' as rotation,
             k.bucket, k.attempt, k.phone_number, k.extension, k.first_name, k.last_name, k.email, k.custom_fields,
             floor(extract(epoch from k.not_before) * 1000)::float8 as not_before,
             ${isStopped('c')} as stopped, s.phone_number is not null as suppressed, calls.id is not null as recorded,
             ${lowestRate('$4')} as calls_per_second, ${hasLimit('$4')} as has_limit, ${breakerOf('$4')} as breaker,
             a.max_concurrent_calls as account_limit, ${dailyLimitOf('a')} as daily_limit,
             c.spec -> 'policy' as policy, k.region, ${NUMBER_RECORD}, ${RECORD_COLUMNS}
        from campaigns c
        left join campaign_contacts k on k.campaign_id = c.id and k.seq = $2
        left join suppressions s on s.account = c.account and s.phone_number = k.phone_number
        left join calls on calls.id = $3
        left join accounts a on a.name = c.account
       where c.id = $1`,
    values: [dial.campaignId, dial.seq, dial.callId, dial.connection, mostByPolicy()],
  });
  const [row] = rows;
  if (!row) return null;
  const { phone_number, stopped, suppressed, calls_per_second: callsPerSecond } = row;
  return {
    campaign: row,
    contact: phone_number === null ? null : { ...row, phone_number },
    stopped,
    suppressed,
    record: row.recorded ? row : null,
    callsPerSecond,
    breaker: row.breaker ?? CLOSED,
    number: numberRecordOf(row),
    accountLimit: row.account_limit,
    dailyLimit: row.daily_limit,
    hasLimit: row.has_limit,
  };
}

/**
 * The decision about a placement that must not send, while nobody else writes to its record. If nothing was sent under
 * the call's id, its number is recorded as not placed first, so that no other try of it sends later.
 */
async function withoutSending(tx: Queryable, dial: Dial, reason: NotSent, now: number): Promise<DialPermit> {
  if ((await withdrawPlacements(tx, dial, [dial])).has(dial.callId)) return reason;
  const { rows } = await tx.query<DialRecord>(`select ${RECORD_COLUMNS} from calls where id = $1`, [dial.callId]);
  const [record] = rows;
  return record && isKnown(record) ? known(tx, dial, record, now) : { kind: 'unresolved' };
}

/** Whether the result of the call is known. */
function isKnown(record: DialRecord): boolean {
  return record.not_placed_reason !== null || record.provider_call_id !== null || record.settled;
}

async function known(tx: Queryable, dial: Dial, record: DialRecord, now: number): Promise<DialPermit> {
  if (record.not_placed_reason !== null) return { kind: 'rejected', reason: record.not_placed_reason };
  // No reply ever came. An event takes its place, and its provider id becomes that of the call.
  if (record.provider_call_id !== null && !record.replied && !record.settled) {
    return { kind: 'accepted', ended: await recordAcceptance(tx, { ...dial, now }, record.provider_call_id) };
  }
  return { kind: 'accepted', ended: fromRecord(dial.callId, record) ?? (await terminal(tx, dial)) };
}

async function terminal(tx: Queryable, dial: Dial): Promise<EndedEvent | null> {
  const [first] = await firstTerminalEvents(tx, [dial.callId]);
  return first ?? null;
}

/**
 * A settled call's own record serves as its terminal event if none is stored, because the call was looked up or given
 * up.
 */
function fromRecord(callId: string, record: DialRecord): EndedEvent | null {
  if (!record.settled || record.outcome === null || record.ended_at === null) return null;
  return {
    event_id: recordEventId(callId),
    call_id: callId,
    outcome: record.outcome,
    ended_at: Number(record.ended_at),
  };
}

interface Contact {
  readonly bucket: Bucket;
  readonly attempt: number;
  readonly phone_number: string;
  readonly region: string | null;
  readonly extension: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly email: string | null;
  readonly custom_fields: { [name: string]: string };
  /** Epoch milliseconds. */
  readonly not_before: number | null;
}

function toPlace(dial: Dial, campaign: Campaign, contact: Contact): CallToPlace {
  return {
    callId: dial.callId,
    agentId: campaign.agent_id,
    phoneNumber: contact.phone_number,
    extension: contact.extension === '' ? null : contact.extension,
    fromNumberId: callerNumber(callerNumbers(dial, campaign), campaign.rotation, dial),
    firstName: contact.first_name,
    lastName: contact.last_name,
    email: contact.email,
    customFields: contact.custom_fields,
  };
}

/** Those of the campaign or, if it names none, all that its connection allows. */
function callerNumbers({ terms }: Dial, { phone_number_ids: own }: Campaign): readonly string[] {
  return own !== null && own.length > 0 ? own : (terms.callerNumbers ?? []);
}

/**
 * Records that a try is about to send, unless the result of the call or of this placement is known by now. The bytes,
 * the day and the instant are those of the first try.
 */
async function writeAhead(
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
