/**
 * The first step of a dial: one transaction that checks every gate and, if the call may be sent, writes the dial record
 * (`dial-records.ts`) before the request leaves.
 */
import { type AccountDay, type DailyLimit, heldUntilNextDay } from '../domain/dialling/account-day.ts';
import { type Admission, admit, passageOf } from '../domain/dialling/connection-breaker.ts';
import { dialRefusal } from '../domain/dialling/connection-terms.ts';
import type { CallToPlace } from '../domain/dialling/provider-messages.ts';
import type { EndedEvent } from '../domain/engine/outcome.ts';
import { countOnDay } from './account-days.ts';
import { firstTerminalEvents } from './call-events.ts';
import { type DatabaseClock, readDatabaseClock } from './clock.ts';
import { askBreaker, recordTurn } from './connection-breakers.ts';
import type { Dial, DialPace, DialPermit, NotSent } from './dial.ts';
import { recordAcceptance } from './dial-answers.ts';
import { readDialContext, toPlace } from './dial-context.ts';
import {
  accountDay,
  closedGate,
  countedCall,
  isOwner,
  lower,
  numberGate,
  policiesAt,
  postponed,
  sharedLimits,
} from './dial-gates.ts';
import {
  type DialRecord,
  fromRecord,
  isKnown,
  RECORD_COLUMNS,
  takeBack,
  withdrawPlacements,
  writeAhead,
} from './dial-records.ts';
import { lockDial } from './number-placements.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { hasShares } from './share-records.ts';

const UNPACED: DialPace = { callsPerSecond: null, reservation: null };

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
