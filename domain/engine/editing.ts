/** Changes of a running campaign's terms. A change is taken whole or not at all. */
import { z } from 'zod';
import { forgetWindow } from './calling-day.ts';
import { EngineSpec } from './campaign-spec.ts';
import type { CampaignState } from './campaign-state.ts';
import { isOver } from './commands.ts';
import { RingfenceError } from './errors.ts';
import { endRetries } from './retries-to-end.ts';
import { grantsLess } from './retry-policy.ts';
import { retryTermsOf } from './retry-terms.ts';
import { mergeSpec, SpecChange } from './spec-change.ts';

/**
 * What changes, as the engine takes it, and the changed fields of the request as they are recorded and read. An edit that
 * is made once more on adopted records brings its terms whole, as edits of older clients did.
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

/** Calls placed per civil day as the dial records say, for the days around now in the new time zone. */
export interface Recount {
  readonly days: readonly {
    readonly date: string;
    readonly startsAt: number;
    readonly endsAt: number;
    readonly placed: number;
  }[];
  /** Those of the calls in flight that the counts include. */
  readonly counted: readonly string[];
}

/** Instead of the counts: why the time zone is not taken. */
export interface ZoneRefusal {
  readonly refused: string;
}

/**
 * The terms after the edit.
 * @throws RingfenceError `validation_error` when it does not go with those that hold
 */
export function editedSpec(spec: EngineSpec, edit: CampaignEdit): EngineSpec {
  return edit.spec ?? mergeSpec(spec, edit.change ?? {});
}

/** What is recorded of an edit that made these terms: its own, with retries as they were decided. */
export function recordedTerms({ change, terms }: CampaignEdit, { retry }: EngineSpec): CampaignEdit['terms'] {
  const touchesRetries = change?.retry?.enabled !== undefined || change?.retry?.budget !== undefined;
  return touchesRetries ? { ...terms, ...retryTermsOf(retry) } : terms;
}

/** Why the edit cannot be taken now: `wrong_state` or `validation_error`. Null when it can. */
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

/** The changes that the records have not been told of, as an edit to be made once more on what they say. */
export function unsyncedEdit({ spec, pendingTerms }: CampaignState): CampaignEdit | null {
  return pendingTerms && { spec, terms: pendingTerms };
}

/** What has to happen before the edit is taken: nothing, a count of calls by the days of another zone, or a refusal. */
export type EditStart =
  | { readonly kind: 'apply' }
  | { readonly kind: 'recount'; readonly timezone: string; /** Ids. */ readonly inFlight: readonly string[] }
  | { readonly kind: 'refuse'; readonly error: RingfenceError };

export function startEdit(state: CampaignState, edit: CampaignEdit, now: number): EditStart {
  const error = editRefusal(state, edit, now);
  if (error !== null) return { kind: 'refuse', error };
  const { timezone } = editedSpec(state.spec, edit).schedule;
  // The same calls fall on other civil days there.
  if (timezone === state.spec.schedule.timezone) return { kind: 'apply' };
  return { kind: 'recount', timezone, inFlight: Object.keys(state.inFlight) };
}

/** Takes the new terms. Nothing may be being placed: a placement carries the hours and the day it was decided under. */
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

function hasBegun(state: CampaignState, now: number): boolean {
  return now >= state.beginsAt;
}

function takeRecount(state: CampaignState, { days, counted }: Recount): void {
  state.placedByDay = Object.fromEntries(days.map(({ date, placed }) => [date, placed]));
  const known = new Set(counted);
  for (const [id, call] of Object.entries(state.inFlight)) {
    const day = days.find(({ startsAt, endsAt }) => call.sentAt >= startsAt && call.sentAt < endsAt);
    call.day = day?.date ?? call.day;
    // A call that is not in the records yet may still turn out to have been placed: its unit stays taken.
    if (!known.has(id)) state.placedByDay[call.day] = (state.placedByDay[call.day] ?? 0) + 1;
  }
}
