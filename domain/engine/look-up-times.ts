/**
 * When live calls are looked up. Webhooks usually tell of their ends, and any of them may be lost. So a live call is looked up
 * - once it is older than usual (`usualCallMs` after its acceptance), and again after pauses that double;
 * - when it may have lasted as long as the provider allows, and at its deadline;
 * - when its calling window closes, if it may still wait in a queue of the provider, which can cancel it there.
 *
 * The first kind is routine. The routine look-ups of a campaign fall on common instants, so that calls share a look-up, the
 * provider's list and a timer.
 */
import type { CampaignState, InFlightCall, PacingFacts } from './campaign-state.ts';

/** The first pause between two routine look-ups is this part of the usual time: it must not be long beside the call itself. */
const FIRST_PAUSE_SHARE = 3;
/** A slot whose call ended right after a look-up stands still for so long at the most. */
const MAX_PAUSE_MS = 5 * 60_000;
/** The distance between the common instants is this part of the usual time. */
const GRID_SHARE = 6;
/** A call that could not be cancelled in the provider's queue is looked up again after this time. */
const CANCEL_AGAIN_MS = 10_000;
/** After the longest duration of a call, each further look-up may be the last one before its deadline. */
const OVERDUE_PAUSE_MS = 60_000;

/** When a live call is looked up next. `call.checks` counts the look-ups since it became live. */
export function nextLiveCheck({ facts, beginsAt }: CampaignState, call: InFlightCall, now: number): number {
  if (!facts) throw new Error('a call cannot be live before the provider facts are recorded');
  const longestAt = call.deadlineAt - facts.graceMs;
  if (now >= longestAt) return Math.min(now + OVERDUE_PAUSE_MS, call.deadlineAt);
  const routineAt = routineCheck(facts, call.checks, beginsAt, now);
  const cancelAgainAt = cancelsIfQueued(facts, call, now) ? now + CANCEL_AGAIN_MS : Infinity;
  const { dialled, queuedUntil = Infinity } = call;
  const queueEndsAt = dialled ? Infinity : queuedUntil;
  return beforeQueueCloses(facts, call, Math.min(routineAt, longestAt, cancelAgainAt, queueEndsAt), now);
}

/** The instant, or when the call's time in the provider's queue is over if that comes first. */
export function beforeQueueCloses(facts: PacingFacts | null, call: InFlightCall, at: number, now: number): number {
  const closesAt = queueClosesAt(facts, call);
  return closesAt !== null && closesAt > now ? Math.min(at, closesAt) : at;
}

/** Whether a look-up now cancels the call if it still waits in the provider's queue. */
export function cancelsIfQueued(facts: PacingFacts | null, call: InFlightCall, now: number): boolean {
  const closesAt = queueClosesAt(facts, call);
  return closesAt !== null && now >= closesAt;
}

/** Whether the call, which was in the provider's queue when it was last looked up, must not wait there any more. */
export function isQueuedTooLong({ dialled, queuedUntil = Infinity }: InFlightCall, now: number): boolean {
  return dialled !== true && now >= queuedUntil;
}

/**
 * When a live call is cancelled if it is still in the provider's queue: from here on it would be dialled outside its window, or so
 * late that nobody waits for it any more. What is left of its window then is the time that a request may take. An adopted call
 * has its time in the queue and no more, because its window is not known. Null: it was dialled, or the provider cancels nothing.
 */
export function queueClosesAt(facts: PacingFacts | null, call: InFlightCall): number | null {
  if (!facts?.cancelsQueued || call.phase !== 'live' || call.dialled === true) return null;
  return Math.min(call.notAfter + facts.queueBoundMs, call.queuedUntil ?? Infinity);
}

/**
 * The common instants are counted from the campaign's begin, so that campaigns do not all ask at the same instants. The first
 * look-up comes at the next one, and each other at the nearest: a look-up takes a moment, which must not add up to a whole step.
 */
function routineCheck({ usualCallMs }: PacingFacts, checks: number, beginsAt: number, now: number): number {
  const step = Math.max(1, Math.round(usualCallMs / GRID_SHARE));
  const steps = (at: number) => (at - beginsAt) / step;
  if (checks === 0) return beginsAt + Math.ceil(steps(now + usualCallMs)) * step;
  const pauseMs = Math.min((usualCallMs / FIRST_PAUSE_SHARE) * 2 ** (checks - 1), MAX_PAUSE_MS);
  return beginsAt + Math.round(steps(now + pauseMs)) * step;
}
