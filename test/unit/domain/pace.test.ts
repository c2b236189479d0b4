/** When a campaign finishes at its present pace, by examples. */
import { describe, expect, test } from 'vitest';
import { estimate, measurePace } from '../../../domain/engine/pace.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import {
  at,
  callInFlight,
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  SECOND,
  type StatedCampaign,
  TODAY,
} from '../../support/factories/campaign-state.ts';

const BUCKETS = { pending: 100, in_progress: 0, retrying: 0, completed: 50, failed: 0, skipped: 10 };

function buckets(changed: Partial<typeof BUCKETS> = {}) {
  return { ...BUCKETS, ...changed };
}

/** Sixty contacts were finished between eleven and noon. A hundred wait. */
function sinceEleven(stated: StatedCampaign = {}): CampaignState {
  return campaignState({
    pace: { since: NOON - HOUR, done: 0 },
    roster: { buckets: buckets() },
    group: { moreToClaim: true },
    ...stated,
  });
}

describe('the estimated finish', () => {
  test.each<[string, StatedCampaign, Parameters<typeof estimate>[1], ReturnType<typeof estimate>]>([
    ['is when all are done', {}, buckets(), { kind: 'finishes', at: NOON + 100 * MINUTE, perHour: 60 }],
    [
      'is not before the next retry',
      { group: { nextDueAt: at('16:00') } },
      buckets({ pending: 1 }),
      { kind: 'finishes', at: at('16:00'), perHour: 60 },
    ],
    [
      'is not today where the hours end before',
      {},
      buckets({ pending: 400 }),
      // Ten seconds before five no further call is placed.
      { kind: 'closes', at: at('16:59:50'), left: 100, perHour: 60 },
    ],
    [
      'is not today under the cap of the day',
      { spec: { max_calls_per_day: 80 }, placedByDay: { [TODAY]: 60 } },
      buckets({ in_progress: 5 }),
      { kind: 'daily_cap', left: 80, perHour: 60 },
    ],
    ['is unknown before a minute has passed', { pace: { since: NOON - 59 * SECOND, done: 0 } }, buckets(), null],
    ['is unknown before ten contacts are done', { pace: { since: NOON - HOUR, done: 51 } }, buckets(), null],
    ['is unknown while no calls are placed', { pace: null }, buckets(), null],
  ])('%s', (_, stated, present, expected) => {
    expect(estimate(sinceEleven(stated), present, NOON)).toEqual(expected);
  });
});

describe('the pace', () => {
  const ready = [{ seq: 1, attempt: 1 }];
  const OPEN_BREAKER = { reason: 'throttled', openUntil: NOON + SECOND, failures: 1, since: NOON, times: 1 };

  test.each<[string, StatedCampaign, CampaignState['pace']]>([
    ['begins when calls are placed', { pace: null }, { since: NOON, done: 60 }],
    ['goes on', {}, { since: NOON - HOUR, done: 0 }],
    [
      'goes on while all slots are in use',
      { spec: { max_concurrent_calls: 1 }, calls: [callInFlight()] },
      { since: NOON - HOUR, done: 0 },
    ],
    ['goes on in a single short pause', { breaker: OPEN_BREAKER }, { since: NOON - HOUR, done: 0 }],
    ['ends with trouble at the provider', { breaker: { ...OPEN_BREAKER, times: 2 } }, null],
    ['ends with a pause', { status: 'paused' }, null],
    ['ends with the calling hours', { group: { windowSpent: true } }, null],
    ['ends with the cap of the day', { spec: { max_calls_per_day: 1 }, placedByDay: { [TODAY]: 1 } }, null],
    ['ends where all wait for a retry', { ready: [], group: { nextDueAt: NOON + HOUR } }, null],
    ['ends with a cancel', { ending: 'cancelled' }, null],
  ])('%s', (_, stated, expected) => {
    const state = sinceEleven({ ready, roster: { buckets: buckets() }, ...stated });
    measurePace(state, waitingAt(state, NOON), NOON);
    expect(state.pace).toEqual(expected);
  });
});
