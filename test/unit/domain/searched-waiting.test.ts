/** What a campaign is found by while it waits, by examples. */
import { describe, expect, test } from 'vitest';
import type { WaitingFor } from '../../../domain/engine/campaign-state.ts';
import { recordFailure, recordSuccess } from '../../../domain/engine/circuit-breaker.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import { searchedWaiting } from '../../../domain/engine/searched-waiting.ts';
import {
  callInFlight,
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  SECOND,
  type StatedCampaign,
  TODAY,
} from '../../support/factories/campaign-state.ts';

const ready = [{ seq: 1, attempt: 1 }];
const breaker = { reason: 'throttled', openUntil: NOON + SECOND, failures: 1, since: NOON, times: 1 };
const TROUBLE = { breaker: { ...breaker, times: 2 } };
const retryIn = (ms: number): StatedCampaign => ({ ready: [], group: { nextDueAt: NOON + ms } });

describe('a campaign is found by what it waits for', () => {
  test.each<[string, StatedCampaign, WaitingFor | null, WaitingFor | null]>([
    ['its start', { status: 'scheduled' }, null, 'start'],
    ['its hours', { group: { windowSpent: true } }, null, 'window'],
    ['the next day', { spec: { max_calls_per_day: 1 }, placedByDay: { [TODAY]: 1 } }, null, 'daily_cap'],
    ['nothing while it calls', {}, 'window', null],
    ['nothing while all slots are in use', { spec: { max_concurrent_calls: 1 }, calls: [callInFlight()] }, null, null],
    [
      'nothing while it shares the calls per second of its connection',
      { connectionWait: { until: NOON + SECOND, dialled: 0 } },
      null,
      null,
    ],
    ['nothing in a single short pause', { breaker }, null, null],
    ['its provider in trouble', TROUBLE, null, 'provider'],
    [
      'its provider also while a probe is under way',
      { breaker: { ...TROUBLE.breaker, openUntil: NOON - SECOND } },
      'provider',
      'provider',
    ],
    ['nothing while it is paused', { ...TROUBLE, status: 'paused' }, 'provider', null],
    ['nothing while it ends', { ...TROUBLE, ending: 'cancelled' }, 'provider', null],
    ['nothing once all have been called', { ...TROUBLE, ready: [] }, 'provider', null],
    ['nothing for a first delay', { systemWait: { until: NOON + SECOND, waits: 1 } }, null, null],
    ['a slow database or machine', { systemWait: { until: NOON + SECOND, waits: 3 } }, null, 'system'],
    ['the same while a dial is under way', { systemWait: { until: NOON - SECOND, waits: 3 } }, 'system', 'system'],
    ['a retry', retryIn(HOUR), null, 'retry'],
    ['nothing while the retry is near', retryIn(MINUTE - 1), null, null],
    ['the same retry until it is due', retryIn(1), 'retry', 'retry'],
  ])('%s', (_, stated, shown, expected) => {
    const state = campaignState({ ready, ...stated });
    expect(searchedWaiting(state, waitingAt(state, NOON), shown, NOON)).toBe(expected);
  });

  test('and that changes twice in an outage, however many probes it takes', () => {
    const state = campaignState({ ready });
    const seen: (string | null)[] = [null];
    const look = (now: number): void => {
      const found = searchedWaiting(state, waitingAt(state, now), seen.at(-1)!, now);
      if (found !== seen.at(-1)) seen.push(found);
    };
    let now = NOON;
    for (let probe = 0; probe < 12; probe += 1) {
      recordFailure(state, 'unavailable:ECONNREFUSED', now, 0.5, null);
      look(now);
      now = state.breaker!.openUntil;
      look(now);
    }
    for (let success = 0; success < 4; success += 1) recordSuccess(state, now);
    look(now);
    expect(seen).toEqual([null, 'provider', null]);
  });
});
