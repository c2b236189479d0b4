/** How a campaign shares the calls per second of its connection, by examples. */
import { describe, expect, test } from 'vitest';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import {
  askConnectionAtOnce,
  dialledThrough,
  holdForConnection,
  mostPlacing,
  placingAllowed,
  waitForConnection,
} from '../../../domain/engine/connection-wait.ts';
import { troubleOf } from '../../../domain/engine/circuit-breaker.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { dialRequest, startPlacing } from '../../../domain/engine/starting-calls.ts';
import { waitingAt } from '../../../domain/engine/gates.ts';
import {
  callInFlight,
  campaignState,
  NOON,
  pacingFacts,
  recordedDay,
  recordedWindow,
  SECOND,
  type StatedCampaign,
} from '../../support/factories/campaign-state.ts';
import { workOf } from '../../support/factories/steps.ts';

const contacts = Array.from({ length: 600 }, (_, index) => ({ seq: 100 + index, attempt: 1 }));

/** A campaign with 500 free slots on a connection of this rate. */
function campaignAt(callsPerSecond: number | null, stated: StatedCampaign = {}): CampaignState {
  return campaignState({
    spec: { max_concurrent_calls: 500 },
    facts: pacingFacts({ callsPerSecond }),
    ready: contacts,
    ...stated,
  });
}

const placedNow = (state: CampaignState, now = NOON) => workOf(state, now).place.length;

describe('placements under way', () => {
  test.each<[string, number | null, number]>([
    ['as many as without a connection wait where there is no rate', null, 40],
    ['three at one a second', 1, 3],
    ['two at one in five seconds', 0.2, 2],
    ['eleven at five a second', 5, 11],
    ['no more than without a rate at thirty a second', 30, 40],
  ])('are %s', (_, rate, most) => {
    expect(placedNow(campaignAt(rate))).toBe(most);
  });

  test('count those that have no answer yet', () => {
    const calls = [1, 2].map((seq) => callInFlight({ seq, phase: 'placing' }));
    expect(placedNow(campaignAt(1, { calls }))).toBe(1);
  });

  test('of repeats too', () => {
    const unknown = [1, 2, 3, 4, 5].map((seq) => callInFlight({ seq, phase: 'unknown', mayRepeat: true }));
    const { place, repeat } = workOf(campaignAt(1, { calls: unknown }), NOON);
    expect([place.length, repeat.length]).toEqual([0, 3]);
  });
});

describe('a campaign whose dial is to come later', () => {
  test('waits for the earliest time that it was told, and is woken then', () => {
    const state = campaignAt(5);
    waitForConnection(state, 4 * SECOND, NOON);
    waitForConnection(state, 6 * SECOND, NOON);
    waitForConnection(state, 2 * SECOND, NOON + SECOND);
    const until = NOON + 3 * SECOND;
    expect(waitingAt(state, NOON + SECOND)).toEqual({ for: 'connection', until });
    const work = workOf(state, NOON + SECOND);
    expect([work.place.length, work.wakeAt]).toEqual([0, until]);
    expect(waitingAt(state, until).for).toBeNull();
  });

  test('places one call then, and as many at a time as have been dialled since, up to what the rate can use', () => {
    const state = campaignAt(1);
    waitForConnection(state, 4 * SECOND, NOON);
    const until = NOON + 4 * SECOND;
    const allowed = [0, 1, 2, 3].map((dialled) => {
      if (dialled > 0) dialledThrough(state, until);
      return placedNow(state, until);
    });
    expect(allowed).toEqual([1, 1, 2, 3]);
    expect(state.connectionWait).toBeNull();
  });

  test('does not take a dial for a sign of room that had its instant before', () => {
    const state = campaignAt(5);
    waitForConnection(state, 4 * SECOND, NOON);
    dialledThrough(state, NOON + SECOND);
    expect(state.connectionWait).toEqual({ until: NOON + 4 * SECOND, dialled: 0 });
  });

  test('waits until a whole millisecond, whatever fraction it was told: the records know no other times', () => {
    const state = campaignAt(5);
    waitForConnection(state, 90_000.25, NOON);
    expect(waitingAt(state, NOON).until).toBe(NOON + 90_001);
    holdForConnection(state, { reason: 'throttled', since: NOON, times: 1 }, 90_000.25, NOON);
    expect(waitingAt(state, NOON).until).toBe(NOON + 90_001);
  });

  test('starts again with one call after each wait', () => {
    const state = campaignAt(5);
    waitForConnection(state, SECOND, NOON);
    for (let dialled = 0; dialled < 4; dialled += 1) dialledThrough(state, NOON + SECOND);
    expect(placingAllowed(state)).toBe(4);
    waitForConnection(state, SECOND, NOON + 2 * SECOND);
    expect(placedNow(state, NOON + 3 * SECOND)).toBe(1);
  });

  test('grows up to its own limit where only another worker knows of a rate', () => {
    const state = campaignAt(null, { spec: { max_concurrent_calls: 2 } });
    expect(mostPlacing(state)).toBe(Infinity);
    waitForConnection(state, SECOND, NOON);
    dialledThrough(state, NOON + SECOND);
    dialledThrough(state, NOON + SECOND);
    expect(state.connectionWait).toBeNull();
  });

  test('tells the database of a long wait, and not of a short one, which would come with every call', () => {
    const exchangeAfter = (waitMs: number) => {
      const state = campaignAt(1);
      waitForConnection(state, waitMs, NOON);
      return workOf(state, NOON).exchange;
    };
    expect(exchangeAfter(20 * SECOND)).toBeNull();
    expect(exchangeAfter(90 * SECOND)).toEqual({ want: 0 });
  });

  test('keeps settlements until the next call during a short wait', () => {
    const settled = {
      seq: 1,
      attempt: 1,
      to: 'completed' as const,
      reason: 'completed',
      outcome: 'completed' as const,
      at: NOON,
      retryAt: null,
      synced: true,
      since: NOON,
      eventId: null,
    };
    const state = campaignAt(1, { settled: [settled] });
    waitForConnection(state, 5 * SECOND, NOON);
    expect(workOf(state, NOON).exchange).toBeNull();
    state.ready = [];
    expect(workOf(state, NOON).exchange).not.toBeNull();
  });
});

describe('a campaign whose connection has trouble', () => {
  const trouble = { reason: 'throttled', since: NOON - SECOND, times: 3 };

  test('waits for the provider until the time that it was told, with the reason of the connection', () => {
    const state = campaignAt(null);
    holdForConnection(state, trouble, 4 * SECOND, NOON);
    expect(waitingAt(state, NOON)).toEqual({ for: 'provider', until: NOON + 4 * SECOND });
    expect(troubleOf(state)).toEqual({ ...trouble, ofConnection: true });
    expect(placedNow(state, NOON + 4 * SECOND)).toBe(1);
  });

  test('uses up no attempt, and its own breaker stays closed', () => {
    const state = campaignAt(null, { window: recordedWindow(), day: recordedDay(), ready: [] });
    startPlacing(state, 'the call', { seq: 1, attempt: 1 }, NOON);
    applyPlacement(state, 'the call', { kind: 'held', afterMs: 5 * SECOND, trouble }, NOON, 0.5);
    expect(state).toMatchObject({ breaker: null, ready: [{ seq: 1, attempt: 1 }], inFlight: {}, settled: [] });
  });

  test('waits for the latest time that its placements were told, and no wait for the calls per second shortens that', () => {
    const state = campaignAt(5);
    for (const seconds of [4, 60, 5]) holdForConnection(state, trouble, seconds * SECOND, NOON);
    waitForConnection(state, SECOND, NOON);
    expect(waitingAt(state, NOON)).toEqual({ for: 'provider', until: NOON + 60 * SECOND });
  });

  test('has none any more when only the calls per second hold its dials, or none is held', () => {
    const state = campaignAt(5);
    holdForConnection(state, trouble, SECOND, NOON);
    waitForConnection(state, SECOND, NOON + SECOND);
    expect([troubleOf(state), waitingAt(state, NOON + SECOND).for]).toEqual([null, 'connection']);

    const small = campaignAt(null, { spec: { max_concurrent_calls: 2 } });
    holdForConnection(small, trouble, SECOND, NOON);
    for (const _ of [1, 2]) dialledThrough(small, NOON + SECOND);
    expect(troubleOf(small)).toBeNull();
  });

  test('asks the connection at once when it is resumed', () => {
    const state = campaignAt(null, { window: recordedWindow(), day: recordedDay() });
    holdForConnection(state, trouble, 60 * SECOND, NOON);
    askConnectionAtOnce(state, NOON + SECOND);
    expect(placedNow(state, NOON + SECOND)).toBe(1);
    startPlacing(state, 'the call', { seq: 1, attempt: 1 }, NOON + SECOND);
    expect(dialRequest(state, 'the campaign', 'the call', NOON + SECOND)).toMatchObject({ probeNow: true });
    dialledThrough(state, NOON + SECOND);
    expect(dialRequest(state, 'the campaign', 'the call', NOON + SECOND)).not.toHaveProperty('probeNow');
  });

  test('looks up only the calls that cannot wait, and then a few', () => {
    const calls = [
      callInFlight({ seq: 1, phase: 'unknown', checkAt: NOON }),
      callInFlight({ seq: 2, phase: 'unknown', checkAt: NOON }),
      callInFlight({ seq: 3, phase: 'unknown', checkAt: NOON, unconfirmed: true }),
    ];
    const state = campaignAt(null, { calls });
    holdForConnection(state, trouble, 60 * SECOND, NOON);
    expect(workOf(state, NOON).lookUp).toHaveLength(1);
    expect(workOf(state, NOON + 60 * SECOND).lookUp).toHaveLength(2);
    state.connectionWait = null;
    expect(workOf(state, NOON).lookUp).toHaveLength(3);
  });
});
