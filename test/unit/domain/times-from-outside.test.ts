/** Times that a carrier tells: none of them moves a retry, holds a campaign or keeps a slot for longer than can be right. */
import { admit, afterAnswer, CLOSED, type ConnectionBreaker } from '../../../domain/dialling/connection-breaker.ts';
import { describe, expect, it } from 'vitest';
import { applyEnded } from '../../../domain/engine/call-ends.ts';
import { applyFinding } from '../../../domain/engine/look-ups.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing } from '../../../domain/engine/starting-calls.ts';
import { applyCommand } from '../../../domain/engine/commands.ts';
import { workOf } from '../../support/factories/steps.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { CALL, callingCampaign, FACTS, NOW } from '../../support/factories/calling-campaign.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function live(): CampaignState {
  const state = callingCampaign({ retry_failed: true, max_retry_attempts: 1, retry_delay_minutes: 30 });
  startPlacing(state, CALL, { seq: 1, attempt: 1 }, NOW);
  applyPlacement(state, CALL, { kind: 'accepted', ended: null }, NOW, 0.5);
  return state;
}

describe('an end that is told for', () => {
  it.each<[string, number, number]>([
    ['the moment at which it came', NOW + 5 * MINUTE_MS, NOW + 5 * MINUTE_MS],
    ['a minute after the dial', NOW + MINUTE_MS, NOW + MINUTE_MS],
    ['the year 2099', Date.UTC(2099, 0, 1), NOW + 5 * MINUTE_MS],
    ['the year 1970', 0, NOW],
    ['a second before the dial', NOW - 1_000, NOW],
  ])('%s', (_, told, expected) => {
    const state = live();
    applyEnded(state, { event_id: 'end', call_id: CALL, outcome: 'busy', ended_at: told }, NOW + 5 * MINUTE_MS);
    expect(state.settled).toMatchObject([{ at: expected, retryAt: expected + 30 * MINUTE_MS }]);
  });
});

describe('a call that the provider says is going on', () => {
  it('is given up at the end of its longest time, however often that is said', () => {
    const state = live();
    const { deadlineAt } = state.inFlight[CALL]!;
    expect(deadlineAt).toBe(NOW + FACTS.callLifetimeMs + FACTS.graceMs);
    let asked = 0;
    for (let now = NOW; state.inFlight[CALL]; now = workOf(state, now).wakeAt!) {
      expect(now).toBeLessThanOrEqual(deadlineAt);
      if (!workOf(state, now).lookUp.includes(CALL)) continue;
      applyFinding(state, CALL, { kind: 'live', queued: false }, now);
      asked += 1;
    }
    expect(asked).toBeGreaterThan(1);
    expect(state.settled).toMatchObject([{ outcome: 'lost', to: 'failed', at: deadlineAt }]);
  });

  it('has its whole time from when that is first heard of a call whose reply was lost', () => {
    const state = callingCampaign();
    startPlacing(state, CALL, { seq: 1, attempt: 1 }, NOW);
    applyPlacement(state, CALL, { kind: 'unknown', reason: 'timeout', retryAfterMs: null }, NOW, 0.5);
    applyFinding(state, CALL, { kind: 'live', queued: false }, NOW + MINUTE_MS);
    expect(state.inFlight[CALL]).toMatchObject({
      phase: 'live',
      deadlineAt: NOW + MINUTE_MS + FACTS.callLifetimeMs + FACTS.graceMs,
    });
  });
});

describe('a Retry-After', () => {
  /** The breaker of a connection after a refusal with this wish. */
  const refused = (seconds: number, now = NOW, breaker = CLOSED): ConnectionBreaker => {
    const { opening } = breaker;
    const verdict = { kind: 'fails' as const, reason: 'throttled', retryAfterMs: seconds * 1_000 };
    return afterAnswer(breaker, { callId: CALL, opening, verdict }, now, 0.5);
  };

  it.each([
    [30, 30_000],
    [3_600, HOUR_MS],
    [31_536_000, HOUR_MS],
  ])('of %d s holds the connection for %d ms, and then one call feels its way', (seconds, held) => {
    const breaker = refused(seconds);
    expect(admit(breaker, { callId: CALL }, NOW + held - 1, 0).kind).toBe('held');
    const { kind, breaker: probed } = admit(breaker, { callId: CALL }, NOW + held, 0);
    expect([kind, admit(probed, { callId: 'another' }, NOW + held, 0).kind]).toEqual(['passes', 'held']);
  });

  it('of no time, as a date by a clock behind ours gives it, is no word: each hold is longer than the one before', () => {
    const held: number[] = [];
    let breaker = CLOSED;
    for (let now = NOW; held.length < 8; now = breaker.trouble!.openUntil) {
      breaker = refused(0, now, breaker);
      held.push(breaker.trouble!.openUntil - now);
    }
    expect(held).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
  });

  it('ends early when the campaign is resumed: one probe call is placed immediately', () => {
    const state = callingCampaign();
    startPlacing(state, CALL, { seq: 1, attempt: 1 }, NOW);
    const trouble = { reason: 'throttled', since: NOW, times: 1 };
    applyPlacement(state, CALL, { kind: 'held', afterMs: HOUR_MS, trouble }, NOW, 0.5);
    expect(workOf(state, NOW).waiting).toEqual({ for: 'provider', until: NOW + HOUR_MS });
    applyCommand(state, 'pause', NOW);
    applyCommand(state, 'resume', NOW + MINUTE_MS);
    expect(workOf(state, NOW + MINUTE_MS).place).toHaveLength(1);
  });
});
