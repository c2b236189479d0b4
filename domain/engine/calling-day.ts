import type { EngineSpec } from './campaign-spec.ts';
import type { CampaignState, PacingFacts, RecordedDay, RecordedWindow } from './campaign-state.ts';
import { startSlowly } from './circuit-breaker.ts';
import { isNewerZoneData } from './zone-data-version.ts';

/** The pause before the next question if no window opens within the search horizon. */
const ASK_AGAIN_MS = 24 * 3_600_000;
/** The pause if no worker could compute the window. Another or an upgraded worker may be able to. */
const ASK_AGAIN_AFTER_FAILURE_MS = 5 * 60_000;
/** Counts are kept for the present day and this many days before: a call's unit may be returned a little later. */
const DAYS_KEPT = 3;
/** A window computed longer ahead than this is computed again before it opens, because the law may have changed. */
const LONG_AHEAD_MS = 24 * 3_600_000;
/** How long before the opening. It leaves time to notice that no worker answers. */
const CHECK_BEFORE_MS = 2 * 3_600_000;

/** When calls may be dialled: the recorded window, its day, and the facts that pacing in it depends on. */
export interface CallingTime {
  readonly window: RecordedWindow;
  readonly day: RecordedDay;
  readonly facts: PacingFacts;
}

/** Null until it is recorded. */
export function callingTime({ window, day, facts }: CampaignState): CallingTime | null {
  return window && day && facts && { window, day, facts };
}

/** The first instant at which no call may be dialled any more in the recorded window and on its day. */
export function lastDialAt(time: CallingTime, { ends_at }: Pick<EngineSpec, 'ends_at'>): number {
  return Math.min(boundary(time), ends_at ?? Infinity) - time.facts.dialMarginMs;
}

/** Whether the recorded window permits a dial at `now`. */
export function isOpen(state: CampaignState, now: number): boolean {
  const time = callingTime(state);
  return !!time && !state.windowSpent && now >= time.window.opensAt && now < lastDialAt(time, state.spec);
}

/**
 * Closes the window of a placement that was too late for its `notAfter`. The next window may have been recorded meanwhile; it stays
 * open.
 */
export function spendWindow(state: CampaignState, notAfter: number): void {
  const time = callingTime(state);
  if (time && notAfter >= lastDialAt(time, state.spec)) state.windowSpent = true;
}

/**
 * The instant from which the next window must be computed. Null while the recorded one is valid. Only an active campaign asks.
 */
export function windowQuestion(state: CampaignState, now: number): number | null {
  if (state.status !== 'active' || state.ending) return null;
  const time = callingTime(state);
  if (!time) return state.askWindowAgainAt === null || now >= state.askWindowAgainAt ? now : null;
  const last = lastDialAt(time, { ends_at: null });
  if (state.windowSpent || now >= last) return Math.max(now, boundary(time));
  const checkAt = windowCheckAt(state);
  return checkAt !== null && now >= checkAt ? now : null;
}

/** When the recorded window must be computed again, because it was computed long before it opens. Null: not necessary. */
export function windowCheckAt({ window, windowAnsweredAt }: CampaignState): number | null {
  if (!window || windowAnsweredAt === null) return null;
  return windowAnsweredAt < window.opensAt - LONG_AHEAD_MS ? window.opensAt - CHECK_BEFORE_MS : null;
}

/** The answer to the question for a window. Window and day are null if nothing opens within the search horizon. */
export interface WindowAnswer {
  readonly window: RecordedWindow | null;
  readonly day: RecordedDay | null;
  readonly facts: PacingFacts;
}

/** Records the answer. */
export function applyWindow(state: CampaignState, { window, day, facts }: WindowAnswer, now: number): void {
  state.facts = facts;
  state.window = window;
  state.day = day;
  state.windowAnsweredAt = now;
  state.windowSpent = false;
  state.askWindowAgainAt = window ? null : now + ASK_AGAIN_MS;
  if (!day) return;
  forgetOldDays(state, day.date);
  startSlowly(state);
}

/**
 * Records that no window could be computed. No call is placed until a window can be computed or the hours are changed. The
 * campaign waits for its window until it asks again.
 */
export function waitWithoutWindow(state: CampaignState, now: number): void {
  state.window = null;
  state.day = null;
  state.windowSpent = false;
  state.askWindowAgainAt = now + ASK_AGAIN_AFTER_FAILURE_MS;
}

/** Discards the recorded window, for example after the hours were changed. A new one is computed before any placement. */
export function forgetWindow(state: CampaignState): void {
  state.window = null;
  state.day = null;
  state.windowAnsweredAt = null;
  state.windowSpent = false;
  state.askWindowAgainAt = null;
}

/**
 * Applies a new release of the IANA data. A window from an older release is discarded, so that the next step computes it again. The
 * same or an older release changes nothing.
 */
export function applyZoneData(state: CampaignState, version: string): void {
  if (state.window && isNewerZoneData(version, state.window.zoneData)) forgetWindow(state);
}

/** The release of the IANA data behind the recorded window. Null while there is none. */
export function zoneDataOf({ window }: CampaignState): string | null {
  return window?.zoneData ?? null;
}

/** The rest of the daily cap on the recorded day. */
export function capLeft(state: CampaignState): number {
  const cap = state.spec.max_calls_per_day;
  if (cap === null || !state.day) return Infinity;
  return Math.max(0, cap - placedOn(state, state.day.date));
}

/** The number of calls that were or may have been placed on a civil day. */
export function placedOn(state: CampaignState, day: string): number {
  return state.placedByDay[day] ?? 0;
}

/** The number of calls placed on the recorded day. */
export function placedToday(state: CampaignState): number {
  return state.day ? placedOn(state, state.day.date) : 0;
}

function boundary({ window, day }: CallingTime): number {
  return Math.min(window.closesAt, day.endsAt);
}

function forgetOldDays(state: CampaignState, today: string): void {
  const days = Object.keys(state.placedByDay)
    .filter((day) => day <= today)
    .sort();
  for (const day of days.slice(0, -DAYS_KEPT)) delete state.placedByDay[day];
}
