/** Scenarios on virtual time one after another, each made by the seed and its number. */
import fc from 'fast-check';
import { arbitraryScenario, arbitrarySharing, type ScenarioSize } from './arbitrary-scenario.ts';
import { alone, runShared, type SharedScenario } from './scenario.ts';

/** Large enough for a roster that is never held whole, small enough that a few dozen kinds of campaign make a million calls. */
const LARGE: ScenarioSize = { contacts: 20_000, limit: 150, interventions: 20, spanMs: 48 * 3_600_000, resets: true };
/** The same for each of up to ten campaigns that share a connection. */
const LARGE_SHARED: ScenarioSize = {
  contacts: 3_000,
  limit: 40,
  interventions: 20,
  spanMs: 12 * 3_600_000,
  resets: true,
};
const MOST_CAMPAIGNS = 10;
/** One in so many scenarios has several campaigns. */
const SHARED_EVERY = 3;
/** Invariants about each call in flight cost time with their number: every call is checked, these in every so many turns. */
const EVERY_TURNS = 200;

/** What one process is asked for: from its first scenario on, every so many-th, until it has placed its share of calls. */
export interface Share {
  readonly seed: number;
  readonly first: number;
  readonly step: number;
  readonly calls: number;
  /** Whether all campaigns call people in forty zones, each in their own hours. */
  readonly ownHours: boolean;
}

export interface Tally {
  readonly scenarios: number;
  readonly campaigns: number;
  readonly contacts: number;
  readonly calls: number;
  readonly decisions: number;
  readonly peakInFlight: number;
  readonly lost: number;
  readonly pauses: number;
}

export const NOTHING: Tally = {
  scenarios: 0,
  campaigns: 0,
  contacts: 0,
  calls: 0,
  decisions: 0,
  peakInFlight: 0,
  lost: 0,
  pauses: 0,
};

export type ShareResult =
  | { readonly kind: 'kept'; readonly tally: Tally }
  | { readonly kind: 'broken'; readonly scenario: number; readonly message: string };

export function isShared(scenario: number): boolean {
  return scenario % SHARED_EVERY === SHARED_EVERY - 1;
}

export function scenarioOf(seed: number, scenario: number, ownHours = false): SharedScenario {
  const scenarios = isShared(scenario)
    ? arbitrarySharing({ ...LARGE_SHARED, ownHours }, MOST_CAMPAIGNS)
    : arbitraryScenario({ ...LARGE, ownHours }).map(alone);
  return fc.sample(scenarios, { seed: Math.imul(seed, 65_537) + scenario, numRuns: 1 })[0]!;
}

export function runShare({ seed, first, step, calls, ownHours }: Share): ShareResult {
  const tally = { ...NOTHING };
  for (let number = first; tally.calls < calls; number += step) {
    const scenario = scenarioOf(seed, number, ownHours);
    try {
      const { campaigns } = runShared(scenario, { everyTurns: EVERY_TURNS });
      tally.scenarios += 1;
      tally.campaigns += campaigns.length;
      for (const { contacts } of scenario.campaigns) tally.contacts += contacts;
      for (const { counts } of campaigns) {
        tally.calls += counts.accepted;
        tally.decisions += counts.decisions;
        tally.peakInFlight = Math.max(tally.peakInFlight, counts.peak);
        tally.lost += counts.lost;
        tally.pauses += counts.pauses;
      }
    } catch (error) {
      return { kind: 'broken', scenario: number, message: String(error) };
    }
  }
  return { kind: 'kept', tally };
}
