/** Campaigns on virtual time one after another, each made by the seed and its number. */
import fc from 'fast-check';
import { arbitraryScenario, type ScenarioSize } from './arbitrary-scenario.ts';
import { runScenario, type Scenario } from './scenario.ts';

/** Large enough for a roster that is never held whole, small enough that a few dozen kinds of campaign make a million calls. */
const LARGE: ScenarioSize = { contacts: 20_000, limit: 150, interventions: 20, spanMs: 48 * 3_600_000, resets: true };
/** Invariants about each call in flight cost time with their number: every call is checked, these in every so many turns. */
const EVERY_TURNS = 200;

/** What one process is asked for: from its first campaign on, every so many-th, until it has placed its share of calls. */
export interface Share {
  readonly seed: number;
  readonly first: number;
  readonly step: number;
  readonly calls: number;
}

export interface Tally {
  readonly campaigns: number;
  readonly contacts: number;
  readonly calls: number;
  readonly decisions: number;
  readonly peakInFlight: number;
  readonly lost: number;
  readonly pauses: number;
}

export type ShareResult =
  | { readonly kind: 'kept'; readonly tally: Tally }
  | { readonly kind: 'broken'; readonly campaign: number; readonly message: string };

export function campaignOf(seed: number, campaign: number): Scenario {
  return fc.sample(arbitraryScenario(LARGE), { seed: Math.imul(seed, 65_537) + campaign, numRuns: 1 })[0]!;
}

export function runShare({ seed, first, step, calls }: Share): ShareResult {
  const tally = { campaigns: 0, contacts: 0, calls: 0, decisions: 0, peakInFlight: 0, lost: 0, pauses: 0 };
  for (let campaign = first; tally.calls < calls; campaign += step) {
    const scenario = campaignOf(seed, campaign);
    try {
      const { counts } = runScenario(scenario, { everyTurns: EVERY_TURNS });
      tally.campaigns += 1;
      tally.contacts += scenario.contacts;
      tally.calls += counts.accepted;
      tally.decisions += counts.decisions;
      tally.peakInFlight = Math.max(tally.peakInFlight, counts.peak);
      tally.lost += counts.lost;
      tally.pauses += counts.pauses;
    } catch (error) {
      return { kind: 'broken', campaign, message: String(error) };
    }
  }
  return { kind: 'kept', tally };
}
