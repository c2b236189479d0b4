import type { EngineSpec } from './campaign-spec.ts';
import type { CampaignState, PacingFacts, RecordedWindow } from './campaign-state.ts';
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

/** The first instant at which no call may be dialled any more in the recorded window and on its day. */
export function lastDialAt(
  window: RecordedWindow,
  facts: PacingFacts,
  { ends_at }: Pick<EngineSpec, 'ends_at'>,
): number {
  return Math.min(boundary(window), ends_at ?? Infinity) - facts.dialMarginMs;
}

/** Whether the recorded window permits a dial at `now`. */
export function isOpen(state: CampaignState, now: number): boolean {
  const { window, facts } = state;
  return (
    !!window && !!facts && !state.windowSpent && now >= window.opensAt && now < lastDialAt(window, facts, state.spec)
  );
}

/**
 * Closes the window of a placement that was too late for its `notAfter`. The next window may have been recorded meanwhile; it stays
 * open.
 */
export function spendWindow(state: CampaignState, notAfter: number): void {
  const { window, facts, spec } = state;
  if (window && facts && notAfter >= lastDialAt(window, facts, spec)) state.windowSpent = true;
}

/**
 * The instant from which the next window must be computed. Null while the recorded one is valid. Only an active campaign asks.
 */
export function windowQuestion(state: CampaignState, now: number): number | null {
  if (state.status !== 'active' || state.ending) return null;
  const { window, facts } = state;
  if (!window || !facts) return state.askWindowAgainAt === null || now >= state.askWindowAgainAt ? now : null;
  const last = lastDialAt(window, facts, { ends_at: null });
  if (state.windowSpent || now >= last) return Math.max(now, boundary(window));
  const checkAt = windowCheckAt(state);
  return checkAt !== null && now >= checkAt ? now : null;
}

/** When the recorded window must be computed again, because it was computed long before it opens. Null: not necessary. */
export function windowCheckAt({ window, windowAnsweredAt }: CampaignState): number | null {
  if (!window || windowAnsweredAt === null) return null;
  return windowAnsweredAt < window.opensAt - LONG_AHEAD_MS ? window.opensAt - CHECK_BEFORE_MS : null;
}

/** Records the answer. */
export function applyWindow(
  state: CampaignState,
  answer: { readonly window: RecordedWindow | null; readonly facts: PacingFacts },
  now: number,
): void {
  state.facts = answer.facts;
  state.window = answer.window;
  state.windowAnsweredAt = now;
  state.windowSpent = false;
  state.askWindowAgainAt = answer.window ? null : now + ASK_AGAIN_MS;
  if (!answer.window) return;
  forgetOldDays(state, answer.window.day);
  startSlowly(state);
}

/**
 * Records that no window could be computed. No call is placed until a window can be computed or the hours are changed. The
 * campaign waits for its window until it asks again.
 */
export function waitWithoutWindow(state: CampaignState, now: number): void {
  state.window = null;
  state.windowSpent = false;
  state.askWindowAgainAt = now + ASK_AGAIN_AFTER_FAILURE_MS;
}

/** Discards the recorded window, for example after the hours were changed. A new one is computed before any placement. */
export function forgetWindow(state: CampaignState): void {
  state.window = null;
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

/** The rest of the daily cap on the recorded window's day. */
export function capLeft(state: CampaignState): number {
  const cap = state.spec.max_calls_per_day;
  if (cap === null || !state.window) return Infinity;
  return Math.max(0, cap - placedOn(state, state.window.day));
}

/** The number of calls that were or may have been placed on a civil day. */
export function placedOn(state: CampaignState, day: string): number {
  return state.placedByDay[day] ?? 0;
}

/** The number of calls placed on the recorded window's day. */
export function placedToday(state: CampaignState): number {
  return state.window ? placedOn(state, state.window.day) : 0;
}

function boundary(window: RecordedWindow): number {
  return Math.min(window.closesAt, window.dayEndsAt);
}

function forgetOldDays(state: CampaignState, today: string): void {
  const days = Object.keys(state.placedByDay)
    .filter((day) => day <= today)
    .sort();
  for (const day of days.slice(0, -DAYS_KEPT)) delete state.placedByDay[day];
}
