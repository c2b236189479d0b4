/**
 * How fast a campaign finishes contacts, and when it finishes at that pace. Only for people: nothing is decided by it. It knows the
 * present calling window alone. The forecast, outside the workflow, has the zone data for the days after it.
 */
import { callingTime, capLeft, isOpen, lastDialAt } from './calling-day.ts';
import { groupsWithWork } from './groups.ts';
import type { CampaignState } from './campaign-state.ts';
import { troubleOf } from './circuit-breaker.ts';
import { isForDueTime, type Waiting } from './gates.ts';
import { liveBuckets } from './settling.ts';
import { isTerminal, BUCKETS, total, type Buckets } from './tally.ts';

/** Before that, the first calls have not ended, and the slow start still counts. */
const MEASURED_MS = 60_000;
/** A few contacts with short calls say nothing about the others. */
const MEASURED_CONTACTS = 10;
const HOUR_MS = 3_600_000;

/** Begins to measure when calls are placed, and ends with each longer pause. Short waits count as a part of the pace. */
export function measurePace(state: CampaignState, waiting: Waiting, now: number): void {
  if (!isCalling(state, waiting, now)) state.pace = null;
  else state.pace ??= { since: now, done: done(liveBuckets(state)) };
}

function isCalling(state: CampaignState, waiting: Waiting, now: number): boolean {
  if (state.status !== 'active' || state.ending || troubleOf(state) || !isOpen(state, now)) return false;
  if (waiting.for === 'account' && waiting.until !== null) return false;
  return waiting.for !== 'stopped' && waiting.for !== 'daily_cap' && !isForDueTime(waiting.for);
}

/**
 * `finishes`: all contacts are finished at this instant. `closes`, `daily_cap`: the calling hours, or the cap of the day, end before that
 * and leave about so many contacts.
 */
export type Estimate = { readonly perHour: number } & (
  | { readonly kind: 'finishes'; readonly at: number }
  | { readonly kind: 'closes'; readonly at: number; readonly left: number }
  | { readonly kind: 'daily_cap'; readonly left: number }
);

/**
 * Null: the campaign is not calling, or has not been for long enough, or contacts wait in several groups: the pace of those who may
 * be called now says nothing about the others.
 */
export function estimate(state: CampaignState, buckets: Buckets, now: number): Estimate | null {
  const { pace, spec } = state;
  const [group, ...others] = groupsWithWork(state);
  const time = callingTime(state, group ?? state.groups[0]);
  if (others.length > 0) return null;
  if (!pace || !time || now - pace.since < MEASURED_MS) return null;
  const finished = done(buckets) - pace.done;
  if (finished < MEASURED_CONTACTS) return null;
  const perMs = finished / (now - pace.since);
  const perHour = Math.round(perMs * HOUR_MS);
  const left = total(buckets) - done(buckets);
  // Contacts in progress have had their unit of the cap.
  const beyondCap = left - buckets.in_progress - capLeft(state);
  if (beyondCap > 0) return { kind: 'daily_cap', left: beyondCap, perHour };
  const at = Math.max(now + left / perMs, group?.nextDueAt ?? 0);
  const closesAt = lastDialAt(time, spec);
  if (at <= closesAt) return { kind: 'finishes', at, perHour };
  return { kind: 'closes', at: closesAt, left: Math.max(1, Math.round(left - perMs * (closesAt - now))), perHour };
}

function done(buckets: Buckets): number {
  return BUCKETS.filter(isTerminal).reduce((sum, bucket) => sum + buckets[bucket], 0);
}
