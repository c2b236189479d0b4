/**
 * P10: a campaign goes on after whatever befell it. In a lull, where nothing is disturbed, it calls somebody within a
 * minute or gives a reason that is true; and at no time does it give one for long that is not.
 */
import { counted } from '../../../domain/engine/counted.ts';
import { wallTime } from '../wall-clock.ts';
import type { CampaignEvidence, Lull, ProviderTrouble, Sighting } from './evidence.ts';
import { clock, type Finding } from './finding.ts';
import { isOpenFor, possiblePeople } from './people.ts';
import { type Terms, termsWithin } from './terms.ts';
import { OVER } from './times.ts';

const MINUTE_MS = 60_000;
/** A record lags behind its workflow, and a workflow behind what it is told. */
const LAG_MS = 5_000;
/** For so long an answer must have stood before it counts as wrong. */
const STOOD_MS = 45_000;
/** Trouble in a row makes a campaign wait for up to a minute and a quarter, trouble of the account for five times that. */
const HOLD_MS = 80_000;
const ACCOUNT_HOLD_MS = 400_000;
/** What a provider asks for at most, so that it cannot keep a campaign from calling for a year. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;
/** In sum over a run. */
const WAITED_FOR_NOTHING_MS = 30_000;

export function* standsStill(evidence: CampaignEvidence): Generator<Finding> {
  const { accepted, lulls, sightings } = evidence;
  for (const lull of lulls) {
    const { from, to } = lull;
    if (to - from < MINUTE_MS + LAG_MS || (sightings[0]?.from ?? Infinity) > from) continue;
    const sighting = sightings.findLast((seen) => seen.from <= to);
    if (!sighting || OVER.includes(sighting.status)) continue;
    if (accepted.some(({ accepted_at }) => accepted_at > to - MINUTE_MS && accepted_at <= to)) continue;
    const wrong = whatIsWrong(evidence, lull, sighting);
    if (wrong === null) continue;
    const { status, waiting_for, until } = sighting;
    const says = `${status}, waits for ${waiting_for ?? 'nothing'}${until === null ? '' : ` until ${new Date(until).toISOString()}`}`;
    yield {
      promise: 'P10',
      at: to,
      text: `called nobody from ${clock(to - MINUTE_MS)} to ${clock(to)}: ${says}; ${wrong}`,
    };
  }
}

/** Why what the campaign says is not true; null when it is, or may be. */
function whatIsWrong(evidence: CampaignEvidence, lull: Lull, sighting: Sighting): string | null {
  const { notes, trouble } = evidence;
  const { from, to } = lull;
  const gone = notes.terminations.some(({ at, restartedAt }) => at < from && restartedAt > to);
  if (gone)
    return sighting.status === 'interrupted' ? null : 'its workflow was ended from outside, which nobody has noticed';
  // It was started again a moment ago.
  if (notes.terminations.some(({ restartedAt }) => restartedAt > from && restartedAt <= to)) return null;
  if (sighting.status === 'interrupted') return 'its workflow was not ended from outside';
  const cancelled = notes.orders.find(
    ({ kind, taken, answeredAt }) => kind === 'cancel' && taken === 'yes' && answeredAt < from,
  );
  if (cancelled) return `it was cancelled at ${clock(cancelled.answeredAt)} and has not ended`;
  const terms = termsWithin(notes, to - MINUTE_MS, to);
  const people = possiblePeople(notes);
  const ownHours = notes.body.timezone === 'contact';
  // People outside their own hours are no reason to call; of the others the campaign's hours say it.
  const mayBeCalled = (number: string) => {
    const person = people.get(number);
    return (
      !ownHours ||
      (person !== undefined && terms.every((one) => isOpenThrough(one, person, to - MINUTE_MS, to + LAG_MS)))
    );
  };
  const pending = lull.pending.filter(mayBeCalled).length;
  const overdue = lull.overdue.filter(mayBeCalled).length;
  switch (sighting.status === 'active' ? (sighting.waiting_for ?? 'nothing') : sighting.status) {
    case 'paused':
      return notes.orders.some(({ kind, sentAt }) => kind === 'pause' && sentAt < to) ? null : 'nobody has paused it';
    case 'scheduled':
    case 'start': {
      const start = notes.body.scheduled_at;
      return start != null && Date.parse(start) > to - LAG_MS ? null : 'its start has come';
    }
    case 'nothing':
      return pending === 0 && overdue === 0 ? null : `${counted(pending, 'is', 'are')} pending, ${retriesDue(overdue)}`;
    case 'retry':
      if (pending > 0) return `${counted(pending, 'is', 'are')} pending`;
      return overdue > 0 ? retriesDue(overdue) : null;
    case 'window':
      if (ownHours) {
        const open = pending + overdue;
        return open === 0 ? null : `${counted(open, 'person who waits is', 'people who wait are')} in their own hours`;
      }
      return terms.some((one) => !isOpenThrough(one, undefined, to - MINUTE_MS, to + LAG_MS))
        ? null
        : 'its hours have been open all the time';
    case 'daily_cap':
      return terms.some((one) => placedOnDay(evidence, one, to) >= (one.max_calls_per_day ?? Infinity))
        ? null
        : 'its cap is not reached';
    case 'slot':
      return terms.some((one) => unsettled(evidence, to) >= one.max_concurrent_calls) ? null : 'it has free slots';
    case 'provider':
      return heldUntil(trouble, to) >= to ? null : 'the provider has done nothing to its connection for so long';
    case 'system':
      return 'nothing was disturbed';
    default:
      return null;
  }
}

/** A retry is due when it was agreed, whatever time the provider tells; a window is waited for only while it is shut. */
export function* falseReasons({ notes, sightings, lulls, trouble }: CampaignEvidence): Generator<Finding> {
  const everybody = notes.body.timezone === 'contact' ? [...possiblePeople(notes).values()] : [undefined];
  const longest = Math.max(...[notes.body.retry_delay_minutes ?? 60].flat()) * MINUTE_MS;
  for (const { to, latestDue } of lulls) {
    if (latestDue !== null && latestDue > to + longest + LAG_MS) {
      yield { promise: 'P9', at: to, text: `a retry is due at ${new Date(latestDue).toISOString()} only` };
    }
  }
  for (const { from, to, status, waiting_for, until } of sightings) {
    if (status !== 'active' || waiting_for !== 'window' || to - from < STOOD_MS) continue;
    const terms = termsWithin(notes, from - LAG_MS, to);
    if (until !== null && until < to + MINUTE_MS) continue;
    if (everybody.every((person) => terms.every((one) => isOpenThrough(one, person, from - LAG_MS, to + LAG_MS)))) {
      const named = until === null ? '' : ` until ${new Date(until).toISOString()}`;
      yield {
        promise: 'P10',
        at: from,
        text: `waits for its hours${named} from ${clock(from)} to ${clock(to)}, which are open`,
      };
    }
  }
  const vain = sightings.filter(
    ({ from, waiting_for, status }) =>
      status === 'active' && waiting_for === 'provider' && heldUntil(trouble, from) < from,
  );
  const sum = vain.reduce((ms, { from, to }) => ms + to - from, 0);
  if (sum >= WAITED_FOR_NOTHING_MS) {
    const at = vain[0]!.from;
    yield {
      promise: 'P10',
      at,
      text: `waited ${Math.round(sum / 1000)} s for a provider that had done nothing to its connection, from ${clock(at)} on`,
    };
  }
}

/** The latest instant until which trouble up to `at` may hold the campaign. */
function heldUntil(trouble: readonly ProviderTrouble[], at: number): number {
  const ends = trouble
    .filter((one) => one.at <= at)
    .map((one) => {
      const wait = Math.min(one.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
      return one.at + Math.max(wait + LAG_MS, one.kind === 'account' ? ACCOUNT_HOLD_MS : HOLD_MS);
    });
  return Math.max(-Infinity, ...ends);
}

function isOpenThrough(terms: Terms, person: Parameters<typeof isOpenFor>[1], from: number, to: number): boolean {
  for (let at = from; at < to; at += LAG_MS) if (!isOpenFor(terms, person, at)) return false;
  return isOpenFor(terms, person, to);
}

/** Placements that count against the day's cap: accepted, or sent and perhaps accepted. */
function placedOnDay({ accepted, calls }: CampaignEvidence, { timezone, day_timezone }: Terms, now: number): number {
  const zone = day_timezone ?? timezone;
  const day = wallTime(zone, now).date;
  const isToday = (at: number | null) => at !== null && at <= now && wallTime(zone, at).date === day;
  const keys = new Set(accepted.map(({ key }) => key));
  const unsure = calls.filter(
    ({ id, sent_at, not_placed_reason }) => isToday(sent_at) && not_placed_reason === null && !keys.has(id),
  );
  return accepted.filter(({ accepted_at }) => isToday(accepted_at)).length + unsure.length;
}

function unsettled({ calls }: CampaignEvidence, at: number): number {
  return calls.filter(
    ({ sent_at, settled_at, not_placed_reason }) =>
      sent_at !== null && sent_at <= at && not_placed_reason === null && (settled_at ?? Infinity) > at - LAG_MS,
  ).length;
}

/** P8: the record and the workflow say the same at the end. */
export function* disagreeing({ record }: CampaignEvidence): Generator<Finding> {
  const { status, workflow } = record;
  if (OVER.includes(status) && workflow === 'RUNNING') {
    yield { promise: 'P8', text: `is ${status}, and its workflow goes on` };
  }
  if (!OVER.includes(status) && workflow !== 'RUNNING' && status !== 'interrupted') {
    yield { promise: 'P8', text: `is ${status}, and its workflow is ${workflow ?? 'not there'}` };
  }
}

function retriesDue(overdue: number): string {
  return `${counted(overdue, 'retry has', 'retries have')} been due for a minute`;
}
