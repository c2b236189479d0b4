/**
 * When calls may be dialled: for each group the recorded window, and for all of them the recorded day of the daily cap. Both are
 * asked for together. The day is that of the earliest opening. A window reaches beyond the day at most until the day's end is
 * near: then it is asked for again, so that it begins with the next day.
 */
import type { EngineSpec } from './campaign-spec.ts';
import type { CampaignState, GroupState, PacingFacts, RecordedDay, RecordedWindow } from './campaign-state.ts';
import { startSlowly } from './circuit-breaker.ts';
import { groupOf, groupsWithWork } from './groups.ts';
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

/** When calls to a group may be dialled: the recorded window, the day, and the facts that pacing in it depends on. */
export interface CallingTime {
  readonly window: RecordedWindow;
  readonly day: RecordedDay;
  readonly facts: PacingFacts;
}

/** Null until it is recorded. */
export function callingTime({ day, facts }: CampaignState, group: GroupState | undefined): CallingTime | null {
  const window = group?.window ?? null;
  return window && day && facts && { window, day, facts };
}

/** The first instant at which no call may be dialled any more in the recorded window and on its day. */
export function lastDialAt(time: CallingTime, { ends_at }: Pick<EngineSpec, 'ends_at'>): number {
  return Math.min(boundary(time), ends_at ?? Infinity) - time.facts.dialMarginMs;
}

/** Whether the recorded window of the group permits a dial at `now`. */
export function isGroupOpen(state: CampaignState, group: GroupState | undefined, now: number): boolean {
  const time = callingTime(state, group);
  return !!time && !group?.windowSpent && now >= time.window.opensAt && now < lastDialAt(time, state.spec);
}

/** The groups to which a dial is permitted at `now`, whether or not a contact waits in them. */
export function openGroups(state: CampaignState, now: number): GroupState[] {
  return state.groups.filter((group) => isGroupOpen(state, group, now));
}

/** Whether a contact that waits for a call may be dialled at `now`. */
export function isOpen(state: CampaignState, now: number): boolean {
  return groupsWithWork(state).some((group) => isGroupOpen(state, group, now));
}

/** When the next of these groups opens. Null: none opens later, as far as is recorded. */
export function nextOpening(groups: readonly GroupState[], now: number): number | null {
  const ahead = groups.flatMap(({ window, windowSpent }) =>
    window && !windowSpent && window.opensAt > now ? [window.opensAt] : [],
  );
  return ahead.length > 0 ? Math.min(...ahead) : null;
}

/** When calls may be placed again once the daily cap is reached. Null: not known. */
export function nextDayOpening(state: CampaignState): number | null {
  const endsAt = state.day?.endsAt ?? Infinity;
  const openings = groupsWithWork(state).flatMap(({ window }) => {
    if (!window) return [];
    if (window.opensAt >= endsAt) return [window.opensAt];
    return window.nextDayOpensAt === null ? [] : [window.nextDayOpensAt];
  });
  return openings.length > 0 ? Math.min(...openings) : null;
}

/**
 * Closes the window of a placement that was too late for its `notAfter`. The next window may have been recorded meanwhile; it stays
 * open.
 */
export function spendWindow(
  state: CampaignState,
  call: { readonly group?: number | undefined; notAfter: number },
): void {
  const group = groupOf(state, call);
  const time = callingTime(state, group);
  if (group && time && call.notAfter >= lastDialAt(time, state.spec)) group.windowSpent = true;
}

/** The question for windows: of which groups, and from when on each is looked for. */
export interface WindowQuestion {
  readonly groups: readonly { readonly group: number; readonly from: number }[];
  /** The earliest opening of the other groups in which a contact waits. Null: none is recorded. */
  readonly opensAt: number | null;
}

/** The windows that must be computed now. Null while the recorded ones are valid. Only an active campaign asks. */
export function windowQuestion(state: CampaignState, now: number): WindowQuestion | null {
  if (state.status !== 'active' || state.ending) return null;
  const groups: { group: number; from: number }[] = [];
  const others: number[] = [];
  for (const group of groupsWithWork(state)) {
    const from = askedFrom(state, group, now);
    if (from !== null) groups.push({ group: group.no, from });
    else if (group.window) others.push(group.window.opensAt);
  }
  if (groups.length === 0 && !(others.length > 0 && isDayOver(state, now))) return null;
  return { groups, opensAt: others.length > 0 ? Math.min(...others) : null };
}

/** From when on the next window of the group is looked for, if it must be computed now. */
function askedFrom(state: CampaignState, group: GroupState, now: number): number | null {
  const { window, askWindowAgainAt } = group;
  if (!window) return askWindowAgainAt === null || now >= askWindowAgainAt ? now : null;
  const time = callingTime(state, group);
  if (!time) return now;
  // A window after the recorded day is valid: the day is not.
  const ends = window.opensAt >= time.day.endsAt ? window.closesAt : boundary(time);
  if (group.windowSpent || now >= ends - time.facts.dialMarginMs) return Math.max(now, ends);
  const checkAt = checkAtOf(group);
  return checkAt !== null && now >= checkAt ? now : null;
}

function isDayOver({ day, facts }: CampaignState, now: number): boolean {
  return !day || now >= day.endsAt - (facts?.dialMarginMs ?? 0);
}

/** When the next recorded window must be computed again, because it was computed long before it opens. Null: not necessary. */
export function windowCheckAt(state: CampaignState): number | null {
  const checks = groupsWithWork(state).flatMap((group) => checkAtOf(group) ?? []);
  return checks.length > 0 ? Math.min(...checks) : null;
}

function checkAtOf({ window, windowAnsweredAt }: GroupState): number | null {
  if (!window || windowAnsweredAt === null) return null;
  return windowAnsweredAt < window.opensAt - LONG_AHEAD_MS ? window.opensAt - CHECK_BEFORE_MS : null;
}

/** The instants at which time alone changes which groups are open or must be asked for, among groups with a contact that waits. */
export function windowInstants(state: CampaignState, now: number): number[] {
  return groupsWithWork(state).flatMap((group) => {
    const { window, askWindowAgainAt } = group;
    if (!window) return askWindowAgainAt ?? [];
    const time = callingTime(state, group);
    const { day } = state;
    // The close of a window changes nothing under way, only what the campaign waits for.
    const closesAt = time && isGroupOpen(state, group, now) ? lastDialAt(time, state.spec) : null;
    // The day is asked for before a window of the next one opens.
    const dayEndsAt = day && window.opensAt >= day.endsAt ? day.endsAt - (state.facts?.dialMarginMs ?? 0) : null;
    return [window.opensAt, closesAt, checkAtOf(group), dayEndsAt].filter((instant) => instant !== null);
  });
}

/** The answer to the question for windows. */
export interface WindowAnswer {
  /** `window` is null if nothing opens within the search horizon, or, with `failed`, if it could not be computed. */
  readonly groups: readonly {
    readonly group: number;
    readonly window: RecordedWindow | null;
    readonly failed?: true;
  }[];
  /** The day of the earliest opening. Null: nothing opens. */
  readonly day: RecordedDay | null;
  readonly facts: PacingFacts;
}

/** Records the answer. */
export function applyWindow(state: CampaignState, { groups, day, facts }: WindowAnswer, now: number): void {
  const wasClosed = openGroups(state, now).length === 0;
  const endedAt = state.day?.endsAt ?? Infinity;
  state.facts = facts;
  for (const { group: no, window, failed } of groups) {
    const group = groupOf(state, { group: no });
    if (!group) continue;
    group.window = window;
    group.windowAnsweredAt = now;
    group.windowSpent = false;
    if (window) group.askWindowAgainAt = null;
    else group.askWindowAgainAt = now + (failed ? ASK_AGAIN_AFTER_FAILURE_MS : ASK_AGAIN_MS);
  }
  if (day?.date !== state.day?.date) forgetWindowsOf(state, endedAt, groups);
  state.day = day;
  if (!day) return;
  forgetOldDays(state, day.date);
  if (wasClosed) startSlowly(state);
}

/** A group without contacts is not asked for. Its window of an earlier day is not valid any more. */
function forgetWindowsOf({ groups }: CampaignState, endedAt: number, answered: WindowAnswer['groups']): void {
  for (const group of groups) {
    if (!group.window || group.window.opensAt >= endedAt) continue;
    if (!answered.some(({ group: no }) => no === group.no)) Object.assign(group, NO_WINDOW);
  }
}

/**
 * Records that no window could be computed. No call to these groups is placed until one can be computed or the hours are changed.
 * The campaign waits for its window until it asks again.
 */
export function waitWithoutWindow(state: CampaignState, { groups }: WindowQuestion, now: number): void {
  for (const { group: no } of groups) {
    const group = groupOf(state, { group: no });
    if (group) Object.assign(group, NO_WINDOW, { askWindowAgainAt: now + ASK_AGAIN_AFTER_FAILURE_MS });
  }
  if (groups.length > 0) return;
  // Only the day was asked for, and is not known.
  for (const group of state.groups) {
    Object.assign(group, NO_WINDOW, { askWindowAgainAt: now + ASK_AGAIN_AFTER_FAILURE_MS });
  }
}

const NO_WINDOW = { window: null, windowAnsweredAt: null, windowSpent: false, askWindowAgainAt: null };

/** Discards the recorded windows, for example after the hours were changed. New ones are computed before any placement. */
export function forgetWindow(state: CampaignState): void {
  for (const group of state.groups) Object.assign(group, NO_WINDOW);
  state.day = null;
}

/**
 * Applies a new release of the IANA data. Windows from an older release are discarded, so that the next step computes them again. The
 * same or an older release changes nothing.
 */
export function applyZoneData(state: CampaignState, version: string): void {
  for (const group of state.groups) {
    if (group.window && isNewerZoneData(version, group.window.zoneData)) Object.assign(group, NO_WINDOW);
  }
  if (state.groups.every(({ window }) => window === null)) state.day = null;
}

/** The oldest release of the IANA data behind a recorded window. Null while there is none. */
export function zoneDataOf({ groups }: CampaignState): string | null {
  let oldest: string | null = null;
  for (const { window } of groups) {
    if (window && (oldest === null || isNewerZoneData(oldest, window.zoneData))) oldest = window.zoneData;
  }
  return oldest;
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

export interface CountedDay {
  readonly date: string;
  readonly placed: number;
}

/**
 * The latest day with a count of calls. Null: no call was placed. The recorded day may be later: once the hours of a day are over, it is
 * the day of the next window.
 */
export function latestCountedDay(state: CampaignState): CountedDay | null {
  const date = Object.keys(state.placedByDay).sort().at(-1);
  return date === undefined ? null : { date, placed: placedOn(state, date) };
}

/**
 * The day whose calls the page of the campaign shows. A paused campaign whose hours were edited has no recorded day until it is
 * resumed.
 */
export function shownDay(state: CampaignState): CountedDay | null {
  return state.day ? { date: state.day.date, placed: placedToday(state) } : latestCountedDay(state);
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
