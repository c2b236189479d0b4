/** The gates of a dial, as far as one reading of the records shows. Those that must hold against other dials are statements. */
import type { AccountDay, CountedCall, DailyLimit } from '../domain/dialling/account-day.ts';
import type { DueFor } from '../domain/engine/campaign-state.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { accountLimitId } from '../domain/engine/ids.ts';
import { isTerminal } from '../domain/engine/tally.ts';
import type { PolicyLimits } from '../domain/windows/policies/frequency.ts';
import { civilDay } from '../domain/windows/windows.ts';
import type { Dial, NotSent } from './dial.ts';
import type { DialContext } from './dial-context.ts';
import { type DialRecord, isOfAnotherAccount, isWithdrawn } from './dial-records.ts';
import { numberHeld } from './number-placements.ts';
import { policyLimitsOf } from './policies.ts';

/** The limits of calls in flight that hold for the dial. */
export function sharedLimits({ terms, connection }: Dial, { campaign, accountLimit, hasLimit }: DialContext): string[] {
  return [
    ...(accountLimit === null ? [] : [accountLimitId(campaign.account)]),
    ...(terms.maxConcurrentCalls === null && !hasLimit ? [] : [connection]),
  ];
}

/** The lower of two rates. Null is no limit. */
export function lower(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

export function isOwner(campaign: DialContext['campaign'], { runId, epoch }: Dial): boolean {
  return campaign.owner_run_id === runId && campaign.epoch === epoch;
}

/** The reason why this placement must not send, as far as one reading shows. Null: it may send. */
export function closedGate(
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

/** Whether the number has had its calls. Only this contact waits. */
export function numberGate({ number }: DialContext, limits: PolicyLimits, now: number): NotSent | null {
  const hold = numberHeld(number, limits, now);
  if (hold === null) return null;
  return postponed('number', hold.comesBackAt, now);
}

/** Only this contact waits. */
export function postponed(waitsFor: DueFor, until: number, now: number): NotSent {
  return { kind: 'postponed', until, afterMs: until - now, waitsFor };
}

/** Null: this worker does not know one of the campaign's policies, as when its file was changed. */
export function policiesAt({ campaign: { policy }, contact }: DialContext, now: number): PolicyLimits | null {
  try {
    return policyLimitsOf({ policy, region: contact!.region, phone_number: contact!.phone_number }, now);
  } catch (error) {
    if (error instanceof RingfenceError) return null;
    throw error;
  }
}

/** The account's limit of calls per day, and its present day. Null: no limit. */
export function accountDay({ dailyLimit }: DialContext, now: number): (DailyLimit & AccountDay) | null {
  return dailyLimit && { ...dailyLimit, ...civilDay(dailyLimit.timezone, now) };
}

export function countedCall(record: DialRecord | null): CountedCall {
  return { mayBeSent: record?.first_sent_at != null, countedOn: record?.account_day ?? null };
}
