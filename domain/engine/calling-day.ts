import type { EngineSpec } from './campaign-spec.ts';
import type { CampaignState, PacingFacts, RecordedWindow } from './campaign-state.ts';
import { startSlowly } from './circuit-breaker.ts';
import { isNewerZoneData } from './zone-data-version.ts';

/** How long to wait before asking again when no window was found to open within the search's horizon. */
const ASK_AGAIN_MS = 24 * 3_600_000;
/** Another worker may be able to compute it, or this one after it was upgraded. */
const ASK_AGAIN_AFTER_FAILURE_MS = 5 * 60_000;
/** Counts are kept for the day that is running and this many before it: a call's unit may be given back a little later. */
const DAYS_KEPT = 3;
/** A window that was computed longer ahead than this is asked for again before it opens: the law may have changed. */
const LONG_AHEAD_MS = 24 * 3_600_000;
/** How long before it opens that is: time enough to notice that nobody answers. */
const CHECK_BEFORE_MS = 2 * 3_600_000;

/** The first instant at which nothing may be dialled any more, in the window and on the day that were recorded. */
export function lastDialAt(
  window: RecordedWindow,
  facts: PacingFacts,
  { ends_at }: Pick<EngineSpec, 'ends_at'>,
): number {
  return Math.min(boundary(window), ends_at ?? Infinity) - facts.dialMarginMs;
}

/** Whether a call may be dialled at `now` as far as the recorded window goes. */
export function isOpen(state: CampaignState, now: number): boolean {
  const { window, facts } = state;
  return (
    !!window && !!facts && !state.windowSpent && now >= window.opensAt && now < lastDialAt(window, facts, state.spec)
  );
}

/**
 * A placement that had to be sent before `notAfter` was too late: its window is over. The next one may have been recorded
 * meanwhile, of which that says nothing.
 */
export function spendWindow(state: CampaignState, notAfter: number): void {
  const { window, facts, spec } = state;
  if (window && facts && notAfter >= lastDialAt(window, facts, spec)) state.windowSpent = true;
}

/**
 * The instant from which the next window must be looked for, or null while the recorded one still answers. Only an
 * active campaign asks.
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

/** When the recorded window must be asked for again, because it was computed long before it opens; null: it need not be. */
export function windowCheckAt({ window, windowAnsweredAt }: CampaignState): number | null {
  if (!window || windowAnsweredAt === null) return null;
  return windowAnsweredAt < window.opensAt - LONG_AHEAD_MS ? window.opensAt - CHECK_BEFORE_MS : null;
}

/** Takes in the answer to the question. */
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
 * Takes note that no window could be computed: until one can, or the hours are changed, nothing is called. The campaign waits
 * for its window until it asks again.
 */
export function waitWithoutWindow(state: CampaignState, now: number): void {
  state.window = null;
  state.windowSpent = false;
  state.askWindowAgainAt = now + ASK_AGAIN_AFTER_FAILURE_MS;
}

/** A recorded window says nothing about other hours: the next one is asked for before anything is placed. */
export function forgetWindow(state: CampaignState): void {
  state.window = null;
  state.windowAnsweredAt = null;
  state.windowSpent = false;
  state.askWindowAgainAt = null;
}

/**
 * Takes in that a release of the IANA data has appeared. A window that an older one gave is forgotten, so that the next
 * step asks for it again; news of the same or an older release changes nothing.
 */
export function applyZoneData(state: CampaignState, version: string): void {
  if (state.window && isNewerZoneData(version, state.window.zoneData)) forgetWindow(state);
}

/** The release of the IANA data that gave the recorded window; null while there is none. */
export function zoneDataOf({ window }: CampaignState): string | null {
  return window?.zoneData ?? null;
}

/** What is left of the daily cap on the recorded window's day. */
export function capLeft(state: CampaignState): number {
  const cap = state.spec.max_calls_per_day;
  if (cap === null || !state.window) return Infinity;
  return Math.max(0, cap - placedOn(state, state.window.day));
}

/** Calls placed, or that may have been placed, on a civil day. */
export function placedOn(state: CampaignState, day: string): number {
  return state.placedByDay[day] ?? 0;
}

/** Calls placed on the recorded window's day. */
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
