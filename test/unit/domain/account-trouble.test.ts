/** Calls that the provider accepts and then ends because of the account: nobody loses an attempt, and the campaign holds. */
import { describe, expect, test } from 'vitest';
import { applyEnded } from '../../../domain/engine/call-ends.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing } from '../../../domain/engine/starting-calls.ts';
import type { CampaignState, InFlightCall, Settlement } from '../../../domain/engine/campaign-state.ts';
import { isBreakerOpen } from '../../../domain/engine/circuit-breaker.ts';
import type { EndedEvent, Outcome } from '../../../domain/engine/outcome.ts';
import { endRetries } from '../../../domain/engine/retries-to-end.ts';
import {
  callIdOf,
  callInFlight,
  campaignState,
  HOUR,
  MINUTE,
  NOON,
  SECOND,
  type StatedCampaign,
} from '../../support/factories/campaign-state.ts';

const FAULT = 'blocked:payment_required';

function end(seq: number, attempt: number, change: Partial<EndedEvent> = {}): EndedEvent {
  const id = callIdOf(seq, attempt);
  return { event_id: `end of ${id}`, call_id: id, outcome: 'failed', ended_at: NOON, account_fault: FAULT, ...change };
}

/** What is written down of a call that ends with a fault of the account after a minute. */
function settled(call: Partial<InFlightCall>, stated: StatedCampaign = {}): Settlement {
  const state = campaignState({ ...stated, calls: [callInFlight(call)] });
  applyEnded(state, end(call.seq ?? 1, call.attempt ?? 1), NOON + MINUTE);
  return state.settled[0]!;
}

/** Places a call and returns its id. */
function place(state: CampaignState, seq: number, now: number): string {
  const id = callIdOf(seq);
  startPlacing(state, id, { seq, attempt: 1 }, now);
  applyPlacement(state, id, { kind: 'accepted', ended: null }, now, 0.5);
  return id;
}

/** A campaign that learnt of a fault at noon, when all of its slots were free, and whose pause is over. */
function inTrouble(): { readonly state: CampaignState; readonly now: number } {
  const state = campaignState({ calls: [callInFlight({ sentAt: NOON - SECOND })] });
  applyEnded(state, end(1, 1), NOON);
  return { state, now: state.breaker!.openUntil };
}

describe('a call that does not take place because of the account', () => {
  const EXCUSED: Partial<Settlement> = {
    to: 'retrying',
    retryAt: NOON + 11 * MINUTE,
    isExcused: true,
    accountFault: FAULT,
  };
  const COUNTS: Partial<Settlement> = { to: 'failed', retryAt: null, accountFault: FAULT };
  const TROUBLE = { accountTrouble: { at: NOON - HOUR, faults: 1, acceptedAt: null } };
  const NO_RETRIES = { retry: { budget: 0, delayMinutes: [0], on: [] } };

  test.each<[string, Partial<InFlightCall>, StatedCampaign, Partial<Settlement>]>([
    ['is excused: the contact is called again in ten minutes', {}, {}, EXCUSED],
    ['is excused also where the campaign has no retries', {}, { spec: NO_RETRIES }, EXCUSED],
    ['is excused also in the last retry', { attempt: 2 }, {}, EXCUSED],
    ['is excused again under the next attempt', { attempt: 3, excused: 2 }, { spec: NO_RETRIES }, EXCUSED],
    ['counts from the fourth time on, while calls to others take place', { attempt: 4, excused: 3 }, {}, COUNTS],
    ['is excused for as long as no call takes place', { attempt: 51, excused: 50 }, TROUBLE, EXCUSED],
    ['counts before the call ids run out of attempts', { attempt: 501, excused: 500 }, TROUBLE, COUNTS],
    ['counts in a campaign that is being cancelled: nobody is called again', {}, { ending: 'cancelled' }, COUNTS],
    ['counts where the terms do not grant this retry any more', { attempt: 2 }, { spec: NO_RETRIES }, COUNTS],
  ])('%s', (_, call, stated, expected) => {
    const settlement = settled(call, stated);
    expect(settlement).toMatchObject({ ...expected, outcome: 'failed' });
    expect(settlement.isExcused ?? false).toBe(expected.isExcused ?? false);
  });

  test('leaves the retries as they were: the attempt after it is the first that counts', () => {
    const state = campaignState({ calls: [callInFlight({ attempt: 2, excused: 1 })] });
    applyEnded(state, end(1, 2, { outcome: 'busy', account_fault: undefined }), NOON + MINUTE);
    expect(state.settled).toMatchObject([{ to: 'retrying', attempt: 2, excused: 1, retryAt: NOON + 30 * MINUTE }]);
  });

  test('keeps its unit of the day: the provider has accepted it', () => {
    const state = campaignState({ calls: [callInFlight()] });
    const before = { ...state.placedByDay };
    applyEnded(state, end(1, 1), NOON + MINUTE);
    expect(state.placedByDay).toEqual(before);
  });

  test.each<[string, Partial<InFlightCall>, Settlement['to']]>([
    ['stays excused where its contact has not been called yet', {}, 'retrying'],
    ['has failed where it was a retry', { attempt: 2 }, 'failed'],
  ])('%s, when retries are turned off before it is written down', (_, call, to) => {
    const state = campaignState({ calls: [callInFlight(call)] });
    applyEnded(state, end(1, call.attempt ?? 1), NOON + MINUTE);
    state.spec = { ...state.spec, ...NO_RETRIES };
    endRetries(state);
    expect(state.settled).toMatchObject([{ to, isExcused: to === 'retrying' }]);
  });
});

describe('account trouble', () => {
  test('opens the breaker for a minute, for longer with each fault of a later call, and slowly starts again', () => {
    const state = campaignState({ slowStart: null });
    let now = NOON;
    const pauses = [1, 2, 3, 4, 5].map((seq) => {
      place(state, seq, now);
      applyEnded(state, end(seq, 1), now + SECOND);
      const pause = state.breaker!.openUntil - (now + SECOND);
      now = state.breaker!.openUntil;
      return pause;
    });
    expect(pauses).toEqual([1, 2, 4, 5, 5].map((minutes) => minutes * MINUTE));
    expect(state).toMatchObject({ breaker: { reason: FAULT }, slowStart: 1 });
  });

  test('counts the faults of calls that were sent together once', () => {
    const calls = [1, 2, 3].map((seq) => callInFlight({ seq }));
    const state = campaignState({ calls });
    for (const { seq } of calls) applyEnded(state, end(seq, 1), NOON + seq * SECOND);
    expect(state.breaker?.openUntil).toBe(NOON + SECOND + MINUTE);
    expect(state.accountTrouble).toEqual({ at: NOON + SECOND, faults: 1, acceptedAt: null });
  });

  test('is not over with an acceptance: the campaign waits for half a minute, and calls on if no fault comes', () => {
    const { state, now } = inTrouble();
    place(state, 2, now);
    expect(isBreakerOpen(state, now + 30 * SECOND - 1)).toBe(true);
    expect(isBreakerOpen(state, now + 30 * SECOND)).toBe(false);
    expect(state).toMatchObject({ slowStart: 1, accountTrouble: { acceptedAt: now } });
    place(state, 3, now + 30 * SECOND);
    expect(state).toMatchObject({ slowStart: 2, accountTrouble: null });
  });

  test('goes on with a fault that comes after the acceptance', () => {
    const { state, now } = inTrouble();
    place(state, 2, now);
    applyEnded(state, end(2, 1), now + 2 * SECOND);
    expect(state.breaker?.openUntil).toBe(now + 2 * SECOND + 2 * MINUTE);
    expect(state.accountTrouble).toEqual({ at: now + 2 * SECOND, faults: 2, acceptedAt: null });
  });

  test.each<[Outcome, boolean]>([
    ['completed', true],
    ['no_answer', true],
    ['busy', true],
    ['voicemail', true],
    ['declined', true],
    ['invalid_number', true],
    ['failed', false],
    ['cancelled', false],
  ])('is over with a later call that ends %s: %s', (outcome, over) => {
    const { state, now } = inTrouble();
    place(state, 2, now);
    applyEnded(state, end(2, 1, { outcome, account_fault: undefined }), now + SECOND);
    expect(state.accountTrouble === null).toBe(over);
  });

  test('is not over with a call that was sent before', () => {
    const { state, now } = inTrouble();
    state.inFlight[callIdOf(9)] = callInFlight({ seq: 9, sentAt: NOON - MINUTE });
    applyEnded(state, end(9, 1, { outcome: 'completed', account_fault: undefined }), now);
    expect(state.accountTrouble).not.toBeNull();
  });

  test('is not over with a refused number', () => {
    const { state, now } = inTrouble();
    startPlacing(state, callIdOf(2), { seq: 2, attempt: 1 }, now);
    applyPlacement(state, callIdOf(2), { kind: 'rejected', reason: 'invalid_number' }, now, 0.5);
    expect(state).toMatchObject({ slowStart: 1, accountTrouble: { faults: 1 } });
  });
});
