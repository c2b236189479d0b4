/** Changes of a running campaign's terms. A change takes effect completely or not at all. */
import { z } from 'zod';
import { forgetWindow } from './calling-day.ts';
import { changesHours, decidedHours } from './calling-hours.ts';
import { EngineSpec } from './campaign-spec.ts';
import type { CampaignState } from './campaign-state.ts';
import { isOver } from './commands.ts';
import { RingfenceError } from './errors.ts';
import { endRetries } from './retries-to-end.ts';
import { grantsLess } from './retry-policy.ts';
import { retryTermsOf } from './retry-terms.ts';
import type { EngineSchedule } from './schedule-fields.ts';
import { mergeSpec, SpecChange } from './spec-change.ts';

/**
 * An edit: the change for the engine, and the changed fields of the API request as they are recorded and returned. An edit that is
 * applied again after an adoption contains complete terms, as edits of older clients do.
 */
export const CampaignEdit = z
  .strictObject({
    change: SpecChange.optional(),
    spec: EngineSpec.optional(),
    terms: z.record(z.string(), z.unknown()),
  })
  .refine(({ change, spec }) => (change === undefined) !== (spec === undefined), {
    error: 'an edit has either the change or the whole spec',
    path: ['change'],
  });
export type CampaignEdit = z.infer<typeof CampaignEdit>;

/** Placed calls per civil day from the dial records, for the days around now in the new time zone. */
export interface Recount {
  readonly days: readonly {
    readonly date: string;
    readonly startsAt: number;
    readonly endsAt: number;
    readonly placed: number;
  }[];
  /** The calls in flight that the counts include. */
  readonly counted: readonly string[];
}

/** Why a time zone or the region of the holidays is refused, instead of the counts. */
export interface ScheduleRefusal {
  readonly refused: string;
  /** The field of the edit. */
  readonly field: string;
}

/**
 * The terms after the edit.
 * @throws RingfenceError `validation_error` if the edit contradicts the present terms
 */
export function editedSpec(spec: EngineSpec, edit: CampaignEdit): EngineSpec {
  return edit.spec ?? mergeSpec(spec, edit.change ?? {});
}

/** The recorded fields of an edit that led to these terms, with the decided retries and hours. */
export function recordedTerms({ change, terms }: CampaignEdit, { retry, schedule }: EngineSpec): CampaignEdit['terms'] {
  const touchesRetries = change?.retry?.enabled !== undefined || change?.retry?.budget !== undefined;
  return {
    ...terms,
    ...(touchesRetries ? retryTermsOf(retry) : {}),
    ...(changesHours(change?.schedule ?? {}) ? decidedHours(schedule) : {}),
  };
}

/** Why the edit is refused now: `wrong_state` or `validation_error`. Null if it is allowed. */
export function editRefusal(state: CampaignState, edit: CampaignEdit, now: number): RingfenceError | null {
  if (isOver(state.status)) return wrongState(`The campaign is ${state.status}; its terms can no longer be changed.`);
  if (state.ending) return wrongState('The campaign is ending; its terms can no longer be changed.');
  try {
    const { scheduled_at } = editedSpec(state.spec, edit);
    if (!hasBegun(state, now) || scheduled_at === state.spec.scheduled_at) return null;
    return wrongState('The campaign has begun; scheduled_at can no longer be changed.');
  } catch (error) {
    if (error instanceof RingfenceError) return error;
    throw error;
  }
}

function wrongState(message: string): RingfenceError {
  return new RingfenceError('wrong_state', message);
}

/** The changes that are not recorded yet, as an edit to apply again after an adoption. */
export function unsyncedEdit({ spec, pendingTerms }: CampaignState): CampaignEdit | null {
  return pendingTerms && { spec, terms: pendingTerms };
}

/** The names in a schedule that only an activity can check. */
export type NamedPlaces = Pick<EngineSchedule, 'timezone' | 'day_timezone' | 'holidays'>;

/** What the edit needs first: nothing, a check of its names and a count of calls by the days of its zone, or a refusal. */
export type EditStart =
  | { readonly kind: 'apply' }
  | { readonly kind: 'recount'; readonly places: NamedPlaces; /** Ids. */ readonly inFlight: readonly string[] }
  | { readonly kind: 'refuse'; readonly error: RingfenceError };

export function startEdit(state: CampaignState, edit: CampaignEdit, now: number): EditStart {
  const error = editRefusal(state, edit, now);
  if (error !== null) return { kind: 'refuse', error };
  const places = namedPlaces(editedSpec(state.spec, edit).schedule);
  // The same calls fall on other civil days in another zone.
  if (JSON.stringify(places) === JSON.stringify(namedPlaces(state.spec.schedule))) return { kind: 'apply' };
  return { kind: 'recount', places, inFlight: Object.keys(state.inFlight) };
}

/** Applies the new terms. No placement may be under way, because it carries the hours and the day of its decision. */
export function applyEdit(state: CampaignState, edit: CampaignEdit, recount: Recount | null, now: number): void {
  const spec = editedSpec(state.spec, edit);
  const hoursChanged = JSON.stringify(spec.schedule) !== JSON.stringify(state.spec.schedule);
  if (!hasBegun(state, now) && spec.scheduled_at !== state.spec.scheduled_at) {
    state.beginsAt = spec.scheduled_at ?? now;
  }
  const fewerRetries = grantsLess(spec.retry, state.spec.retry);
  state.spec = spec;
  state.pendingTerms = { ...state.pendingTerms, ...recordedTerms(edit, spec) };
  if (fewerRetries) endRetries(state);
  if (hoursChanged) forgetWindow(state);
  if (recount) takeRecount(state, recount);
}

function namedPlaces({ timezone, day_timezone, holidays }: EngineSchedule): NamedPlaces {
  return { timezone, day_timezone, holidays };
}

function hasBegun(state: CampaignState, now: number): boolean {
  return now >= state.beginsAt;
}

function takeRecount(state: CampaignState, { days, counted }: Recount): void {
  state.placedByDay = Object.fromEntries(days.map(({ date, placed }) => [date, placed]));
  const known = new Set(counted);
  for (const [id, call] of Object.entries(state.inFlight)) {
    const day = days.find(({ startsAt, endsAt }) => call.sentAt >= startsAt && call.sentAt < endsAt);
    call.day = day?.date ?? call.day;
    // A call that is not recorded yet may have been placed: its unit stays in use.
    if (!known.has(id)) state.placedByDay[call.day] = (state.placedByDay[call.day] ?? 0) + 1;
  }
}
