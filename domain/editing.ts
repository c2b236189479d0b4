/** Changes of a running campaign's terms. A change is taken whole or not at all. */
import { z } from 'zod';
import { forgetWindow } from './calling-day.ts';
import { EngineSpec } from './campaign-spec.ts';
import type { CampaignState } from './campaign-state.ts';
import { isOver } from './commands.ts';

/** The new terms as the engine needs them, and the changed fields of the request as they are recorded and read. */
export const CampaignEdit = z.strictObject({ spec: EngineSpec, terms: z.record(z.string(), z.unknown()) });
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

/** Why the edit cannot be taken now; null when it can. */
export function editRefusal(state: CampaignState, edit: CampaignEdit, now: number): string | null {
  if (isOver(state.status)) return `The campaign is ${state.status}; its terms can no longer be changed.`;
  if (state.ending) return 'The campaign is ending; its terms can no longer be changed.';
  if (hasBegun(state, now) && edit.spec.scheduled_at !== state.spec.scheduled_at) {
    return 'The campaign has begun; scheduled_at can no longer be changed.';
  }
  return null;
}

/** The changes that the records have not been told of, as an edit to be made once more on what they say. */
export function untoldEdit({ spec, untold }: CampaignState): CampaignEdit | null {
  return untold && { spec, terms: untold };
}

/** Whether the day's count must be taken again from the dial records: the same calls fall on other days. */
export function needsRecount(state: CampaignState, edit: CampaignEdit): boolean {
  return edit.spec.schedule.timezone !== state.spec.schedule.timezone;
}

/** Takes the new terms. Nothing may be being placed: a placement carries the hours and the day it was decided under. */
export function applyEdit(state: CampaignState, edit: CampaignEdit, recount: Recount | null, now: number): void {
  const hoursChanged = JSON.stringify(edit.spec.schedule) !== JSON.stringify(state.spec.schedule);
  if (!hasBegun(state, now) && edit.spec.scheduled_at !== state.spec.scheduled_at) {
    state.beginsAt = edit.spec.scheduled_at ?? now;
  }
  state.spec = edit.spec;
  state.untold = { ...state.untold, ...edit.terms };
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
