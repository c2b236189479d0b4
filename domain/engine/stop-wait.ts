/**
 * How a campaign reacts to a stop by an administrator. The stop is a row in the database. Every dial reads it, and a dial under a
 * stop sends nothing and says so. The campaign then places nothing, whatever its status is. An exchange tells whether the stop is
 * still there: at once when the campaign is told that stops have changed, otherwise after pauses that grow.
 */
import type { CampaignState } from './campaign-state.ts';

/** Short, because a stop may end before its last answers have arrived. */
const FIRST_PAUSE_MS = 5_000;
/** A campaign that was not told of the end of a stop learns of it within this time. A week of looking is 700 exchanges. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/** A dial was refused because of a stop. */
export function holdForStop(state: CampaignState, now: number): void {
  state.stop ??= { askAt: now + FIRST_PAUSE_MS, asked: 0 };
}

/** Stops have begun or ended. The next exchange tells whether one covers this campaign. Nothing is placed until then. */
export function askAboutStops(state: CampaignState, now: number): void {
  state.stop = { askAt: now, asked: 0 };
}

/** Applies what an exchange says that began at `askedAt`. One that began before the question was due does not answer it. */
export function noteStop(state: CampaignState, isStopped: boolean, askedAt: number, now: number): void {
  if (!isStopped) {
    state.stop = null;
    return;
  }
  const { askAt, asked } = state.stop ?? { askAt: now, asked: 0 };
  if (state.stop !== null && askedAt < askAt) return;
  state.stop = { askAt: now + Math.min(FIRST_PAUSE_MS * 2 ** asked, LONGEST_PAUSE_MS), asked: asked + 1 };
}

/** When the campaign asks again whether it is stopped. Null: it is not, or would place nothing anyway. */
export function askAboutStopsAt({ stop, status, ending }: CampaignState): number | null {
  return (status === 'active' || status === 'scheduled') && !ending ? (stop?.askAt ?? null) : null;
}
