/** When a run continues as new, by examples. */
import { describe, expect, test } from 'vitest';
import { createRun, type CampaignRun } from '../../../domain/engine/campaign-run.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { considerDrain, fitsNewRun, isDrained, wakeInDrain } from '../../../domain/engine/continue-as-new.ts';
import { callInFlight, CAMPAIGN_ID, campaignState, NOON, SECOND } from '../../support/factories/campaign-state.ts';

const LONG = { continueAsNewSuggested: true, events: 5_000 };
const TOO_LONG = { continueAsNewSuggested: true, events: 10_000 };

function runWith(state: CampaignState, stated: Partial<CampaignRun> = {}): CampaignRun {
  const run = createRun({ campaignId: CAMPAIGN_ID, state, handlersFinished: () => true, hasRecords: true });
  return Object.assign(run, stated);
}

function placing(): CampaignState {
  return campaignState({ calls: [callInFlight({ phase: 'placing' })] });
}

describe('a drain', () => {
  test('starts when the server suggests it, and not before', () => {
    const run = runWith(campaignState());
    considerDrain(run, { continueAsNewSuggested: false, events: 4_000 }, NOON);
    expect(run.drain).toBeNull();
    considerDrain(run, LONG, NOON);
    expect(run.drain).toEqual({ until: NOON + 10 * SECOND, quietSince: null });
  });

  test('is given up after ten seconds, and tried again after thirty more', () => {
    const run = runWith(placing());
    considerDrain(run, LONG, NOON);
    considerDrain(run, LONG, NOON + 10 * SECOND);
    expect(run.drain).toBeNull();
    considerDrain(run, LONG, NOON + 39 * SECOND);
    expect(run.drain).toBeNull();
    considerDrain(run, LONG, NOON + 40 * SECOND);
    expect(run.drain).not.toBeNull();
  });

  test('goes on until it succeeds where the history is too long', () => {
    const run = runWith(placing());
    considerDrain(run, TOO_LONG, NOON);
    considerDrain(run, TOO_LONG, NOON + 3_600 * SECOND);
    expect(run.drain).toEqual({ until: Infinity, quietSince: null });
  });

  test.each<[string, CampaignState, Partial<CampaignRun>, boolean]>([
    ['lets the run end where nothing is under way', campaignState(), {}, true],
    ['waits for a placement', placing(), {}, false],
    ['does not wait for a live call', campaignState({ calls: [callInFlight()] }), {}, true],
    ['waits for an exchange', campaignState(), { exchanging: true }, false],
    ['waits for a look-up', campaignState(), { lookingUp: true }, false],
    ['waits for a handler', campaignState(), { handlersFinished: () => false }, false],
    ['waits until the roster knows the run', campaignState(), { continuedFrom: 'the run before' }, false],
    ['waits for the inbox', campaignState(), { inbox: [{ kind: 'malformed' }] }, false],
    ['waits for a change', campaignState(), { changes: [{ kind: 'zone_data', version: '2026g' }] }, false],
    ['waits a moment after events, because more may come', campaignState(), { eventsAt: NOON - 100 }, false],
    [
      'ends in the task that events wake, where nothing was under way before',
      campaignState(),
      { eventsAt: NOON, drain: { until: NOON + SECOND, quietSince: NOON - 50 } },
      true,
    ],
  ])('%s', (_, state, stated, drained) => {
    const run = runWith(state, { drain: { until: NOON + SECOND, quietSince: null }, ...stated });
    expect(isDrained(state, run, NOON)).toBe(drained);
  });
});

describe('a state that is too large for a new run', () => {
  function oversized(): CampaignRun {
    const calls = Array.from({ length: 6_000 }, (_, index) => callInFlight({ seq: index + 1 }));
    const run = runWith(campaignState({ calls, spec: { max_concurrent_calls: 6_000 } }));
    considerDrain(run, LONG, NOON);
    expect(fitsNewRun(run, NOON)).toBe(false);
    return run;
  }

  test('is not passed on: the run goes on without a drain', () => {
    expect(oversized()).toMatchObject({ oversized: true, drain: null });
  });

  test.each([
    ['no message comes', null],
    ['the next time that matters is hours away', NOON + 3_600 * SECOND],
  ])('is measured again after thirty seconds, also where %s', (_, wakeAt) => {
    const run = oversized();
    run.state.inFlight = {};
    const at = wakeInDrain(run, wakeAt, NOON);
    expect(at).toBe(NOON + 30 * SECOND);
    considerDrain(run, LONG, at!);
    expect(isDrained(run.state, run, at!)).toBe(true);
    expect(fitsNewRun(run, at!)).toBe(true);
  });
});
