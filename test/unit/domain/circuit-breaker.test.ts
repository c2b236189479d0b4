/** How a campaign answers trouble at the provider, by examples: a circuit breaker with slow start. */
import { describe, expect, test } from 'vitest';
import { applyWindow } from '../../../domain/engine/calling-day.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import {
  isBreakerOpen,
  probeAtOnce,
  recordFailure,
  recordSuccess,
  troubleOf,
  trip,
} from '../../../domain/engine/circuit-breaker.ts';
import {
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  pacingFacts,
  recordedDay,
  recordedWindow,
  SECOND,
} from '../../support/factories/campaign-state.ts';

/** In the middle of the range by which pauses are spread. */
const MIDDLE = 0.5;
/** Far more calls at a time than the examples let a slow start reach. */
const LIMIT = 100;

interface Failure {
  readonly reason?: string;
  readonly retryAfterMs?: number | null;
  readonly random?: number;
}

function fail(state: CampaignState, now: number, failure: Failure = {}): void {
  const { reason = 'unavailable:ECONNREFUSED', retryAfterMs = null, random = MIDDLE } = failure;
  recordFailure(state, reason, now, random, retryAfterMs);
}

/** How long each pause lasts where every try after a pause fails again. */
function pauses(failures: readonly Failure[]): number[] {
  const state = campaignState();
  let now = NOON;
  return failures.map((failure) => {
    fail(state, now, failure);
    const { openUntil } = state.breaker!;
    const pauseMs = openUntil - now;
    now = openUntil;
    return pauseMs;
  });
}

describe('a failure', () => {
  test.each<[string, Failure[], number[]]>([
    ['pauses the campaign for half a second', [{}], [500]],
    [
      'pauses it for twice as long each time, for a minute at most',
      [{}, {}, {}, {}, {}, {}, {}, {}, {}],
      [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, MINUTE, MINUTE],
    ],
    [
      'pauses it for minutes where the account is blocked, which takes people to resolve',
      [
        { reason: 'blocked:http_402' },
        { reason: 'blocked:http_402' },
        { reason: 'blocked:http_402' },
        { reason: 'blocked:http_402' },
      ],
      [MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE],
    ],
    ['pauses it for exactly as long as the provider asks', [{ reason: 'throttled', retryAfterMs: 5_000 }], [5_000]],
    ['obeys no wish for more than an hour', [{ retryAfterMs: 365 * 24 * HOUR }], [HOUR]],
    ['takes a wish for less than half a second as none', [{ retryAfterMs: 100 }], [500]],
    ['pauses it for a quarter less at the least', [{ random: 0 }], [375]],
    ['pauses it for a quarter more at the most', [{ random: 1 }], [625]],
  ])('%s', (_, failures, expected) => {
    expect(pauses(failures)).toEqual(expected);
  });

  test('of placements that were under way together counts once', () => {
    const state = campaignState();
    for (const late of [0, 100, 200]) fail(state, NOON + late);
    expect(state.breaker).toMatchObject({ failures: 1, openUntil: NOON + 500 });
  });

  test('prolongs the pause where the provider asks for a longer one meanwhile, and never shortens it', () => {
    const state = campaignState();
    fail(state, NOON);
    fail(state, NOON + 100, { reason: 'throttled', retryAfterMs: 10 * SECOND });
    fail(state, NOON + 200, { reason: 'throttled', retryAfterMs: 2 * SECOND });
    expect(state.breaker).toMatchObject({ failures: 1, openUntil: NOON + 100 + 10 * SECOND });
  });
});

/** After a failure at noon, and so many good answers since its pause ended. */
function afterSuccesses(count: number, limit: number): CampaignState {
  const state = campaignState({ spec: { max_concurrent_calls: limit } });
  fail(state, NOON);
  for (let success = 0; success < count; success += 1) recordSuccess(state, NOON + SECOND);
  return state;
}

describe('after a pause', () => {
  test.each<[string, number, number, number | null]>([
    ['one call tries the provider', 0, LIMIT, 1],
    ['two placements run at a time after a success', 1, LIMIT, 2],
    ['then twice as many each time', 4, LIMIT, 16],
    ['the breaker closes once the limit is reached', 7, LIMIT, null],
    ['the breaker closes at once where the limit is one or two', 1, 2, null],
  ])('%s', (_, successes, limit, slowStart) => {
    const state = afterSuccesses(successes, limit);
    expect(state.slowStart).toBe(slowStart);
    expect(state.breaker === null).toBe(slowStart === null);
  });

  test('another failure pauses for longer, while nothing has succeeded', () => {
    const state = afterSuccesses(0, LIMIT);
    fail(state, NOON + SECOND);
    expect(state).toMatchObject({ slowStart: 1, breaker: { openUntil: NOON + 2 * SECOND, failures: 2 } });
  });

  test('another failure pauses for half a second again, once something has', () => {
    const state = afterSuccesses(3, LIMIT);
    fail(state, NOON + SECOND);
    expect(state).toMatchObject({ slowStart: 1, breaker: { openUntil: NOON + 1_500, failures: 1 } });
  });
});

describe('a success', () => {
  test('during a pause belongs to a placement from before, and says nothing about now', () => {
    const state = campaignState();
    fail(state, NOON);
    recordSuccess(state, NOON + 499);
    expect(state).toMatchObject({ slowStart: 1, breaker: { failures: 1 } });
    expect(isBreakerOpen(state, NOON + 499)).toBe(true);
    expect(isBreakerOpen(state, NOON + 500)).toBe(false);
  });

  test('changes nothing where all is well', () => {
    const state = campaignState();
    recordSuccess(state, NOON);
    expect(state).toEqual(campaignState());
  });
});

describe('a campaign', () => {
  const opens = { groups: [{ group: 0, window: recordedWindow() }], day: recordedDay(), facts: pacingFacts() };

  test('begins each window with eight placements at a time', () => {
    const state = campaignState({ group: { window: null }, day: null });
    applyWindow(state, opens, NOON);
    expect(state).toMatchObject({ slowStart: 8, breaker: null });
  });

  test('begins it with fewer where it was feeling out a provider in trouble', () => {
    const state = afterSuccesses(1, LIMIT);
    applyWindow(state, opens, NOON + SECOND);
    expect(state.slowStart).toBe(2);
  });

  test('tries the provider at once when it is resumed, with one call', () => {
    const state = campaignState();
    fail(state, NOON, { reason: 'throttled', retryAfterMs: HOUR });
    probeAtOnce(state, NOON + MINUTE);
    expect(isBreakerOpen(state, NOON + MINUTE)).toBe(false);
    expect(state.slowStart).toBe(1);
  });
});

describe('people are told of trouble', () => {
  const reason = 'unavailable:ECONNREFUSED';

  test.each<[string, (state: CampaignState) => void, { since: number; times: number; reason: string } | null]>([
    ['not after a single short pause', (state) => fail(state, NOON), null],
    [
      'when a try fails again',
      (state) => [NOON, NOON + SECOND].forEach((at) => fail(state, at)),
      { reason, since: NOON, times: 2 },
    ],
    [
      'at once when the account is blocked',
      (state) => fail(state, NOON, { reason: 'blocked:http_402' }),
      { reason: 'blocked:http_402', since: NOON, times: 1 },
    ],
    [
      'at once when the provider asks for a long pause',
      (state) => fail(state, NOON, { reason: 'throttled', retryAfterMs: MINUTE }),
      { reason: 'throttled', since: NOON, times: 1 },
    ],
    [
      'at once when calls end by a fault of the account',
      (state) => trip(state, 'blocked:payment_required', 1, NOON),
      { reason: 'blocked:payment_required', since: NOON, times: 1 },
    ],
    [
      'with the latest reason, and since its beginning, although a try succeeded in between',
      (state) => {
        for (const at of [NOON, NOON + SECOND]) fail(state, at);
        recordSuccess(state, NOON + MINUTE);
        fail(state, NOON + MINUTE + SECOND, { reason: 'throttled' });
      },
      { reason: 'throttled', since: NOON, times: 3 },
    ],
    [
      'no more when calls are placed as usual',
      (state) => {
        for (const at of [NOON, NOON + SECOND]) fail(state, at);
        for (let success = 0; success < 7; success += 1) recordSuccess(state, NOON + MINUTE);
      },
      null,
    ],
  ])('%s', (_, happens, expected) => {
    const state = campaignState({ spec: { max_concurrent_calls: LIMIT } });
    happens(state);
    expect(troubleOf(state)).toEqual(expected);
  });
});
