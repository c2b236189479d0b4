/** Placements that come too late, have no answer, are repeated or are delayed. `calls.test.ts` has every answer. */
import { describe, expect, it } from 'vitest';
import { applyWindow } from '../../../domain/engine/calling-day.ts';
import { applyFinding } from '../../../domain/engine/look-ups.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing, startRepeating } from '../../../domain/engine/starting-calls.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../../domain/api/campaign-request.ts';
import type { CampaignState, InFlightCall, PacingFacts } from '../../../domain/engine/campaign-state.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import { stepOf, workOf } from '../../support/factories/steps.ts';
import type { PlacementResult } from '../../../domain/engine/placement.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const HOUR_MS = 3_600_000;
const ID = 'the call';
const FACTS: PacingFacts = {
  usualCallMs: 30_000,
  callLifetimeMs: 60_000,
  queueBoundMs: 0,
  cancelsQueued: false,
  graceMs: 60_000,
  dialMarginMs: 10_000,
  keyTtlMs: 600_000,
  callsPerSecond: null,
  searchAttributes: false,
};

const DAY = { date: '2026-03-18', endsAt: NOW + 12 * HOUR_MS };

/** A campaign in the middle of its hours that is placing one call, with another contact at hand. */
function placing(): CampaignState {
  const people = [{ phone_number: '+14155550100' }, { phone_number: '+14155550101' }];
  const request = CreateCampaign.parse({ name: 'Reminders', agent_id: 'agent-1', contacts: people });
  const state = newCampaign(engineSpec(campaignTerms(request, 'truedy')), NOW);
  const window = {
    opensAt: NOW - HOUR_MS,
    closesAt: NOW + HOUR_MS,
    nextDayOpensAt: null,
    zoneData: '2026f',
    holidayData: null,
  };
  applyWindow(state, { groups: [{ group: 0, window }], day: DAY, facts: FACTS }, NOW);
  state.ready = [{ seq: 2, attempt: 1 }];
  startPlacing(state, ID, { seq: 1, attempt: 1 }, NOW);
  return state;
}

describe('a placement that was too late for its window', () => {
  const expired: PlacementResult = { kind: 'expired' };
  const next = {
    opensAt: NOW + HOUR_MS,
    closesAt: NOW + 8 * HOUR_MS,
    nextDayOpensAt: null,
    zoneData: '2026f',
    holidayData: null,
  };

  it('ends that window: the next one is asked for', () => {
    const state = placing();
    applyPlacement(state, ID, expired, NOW, 0.5);
    expect(stepOf(state, NOW)).toMatchObject({
      kind: 'ask_window',
      question: { groups: [{ group: 0, from: NOW + HOUR_MS }] },
    });
  });

  it('says nothing about the next one, which has been recorded since', () => {
    const state = placing();
    applyWindow(state, { groups: [{ group: 0, window: next }], day: DAY, facts: FACTS }, NOW + HOUR_MS);
    applyPlacement(state, ID, expired, NOW + HOUR_MS, 0.5);
    const work = workOf(state, NOW + HOUR_MS);
    expect(work.waiting.for).toBeNull();
    expect(work.place).toContainEqual({ seq: 1, attempt: 1 });
  });
});

describe('a placement without an answer', () => {
  const unanswered: PlacementResult = { kind: 'unanswered', error: false, reason: 'no_answer_from_worker' };

  it('is looked up at once, also while the provider is in trouble: our own records have the answer', () => {
    const state = placing();
    state.breaker = { reason: 'throttled', openUntil: NOW + HOUR_MS, failures: 3, since: NOW, times: 3 };
    applyPlacement(state, ID, unanswered, NOW, 0.5);
    expect(workOf(state, NOW).lookUp).toEqual([ID]);
  });

  it('stays in doubt while nobody could be asked, and is confirmed by any other finding', () => {
    const state = placing();
    applyPlacement(state, ID, unanswered, NOW, 0.5);
    applyFinding(state, ID, { kind: 'unasked' }, NOW);
    expect(state.inFlight[ID]?.unconfirmed).toBe(true);
    applyFinding(state, ID, { kind: 'unknown', mayRepeat: false }, NOW);
    expect(state.inFlight[ID]?.unconfirmed).toBe(false);
  });

  it('returns its contact and its unit when it is recorded as not placed', () => {
    const state = placing();
    applyPlacement(state, ID, unanswered, NOW, 0.5);
    applyFinding(state, ID, { kind: 'not_placed', reason: null }, NOW);
    expect(state.ready).toContainEqual({ seq: 1, attempt: 1 });
    expect(state.placedByDay['2026-03-18']).toBe(0);
  });

  it('has a separate number, higher than all before it', () => {
    const state = placing();
    expect(state.inFlight[ID]?.placement).toBe(1);
    startPlacing(state, 'another call', { seq: 2, attempt: 1 }, NOW);
    expect(state.inFlight['another call']?.placement).toBe(2);
  });
});

describe('a request that is repeated', () => {
  const repeated = (change: (state: CampaignState) => void): InFlightCall => {
    const state = placing();
    applyPlacement(state, ID, { kind: 'unknown', reason: 'timeout', retryAfterMs: null }, NOW, 0.5);
    change(state);
    applyFinding(state, ID, { kind: 'unknown', mayRepeat: true }, NOW + 2_000);
    expect(workOf(state, NOW + 2_000).repeat).toEqual([ID]);
    startRepeating(state, ID);
    return state.inFlight[ID]!;
  };
  const closeAt = (closesAt: number) => (state: CampaignState) => {
    const window = { ...state.groups[0]!.window!, closesAt };
    applyWindow(state, { groups: [{ group: 0, window }], day: DAY, facts: FACTS }, NOW + 1_000);
  };

  it('is sent within the hours that hold now, where they end sooner than those of the first', () => {
    expect(repeated(closeAt(NOW + 60_000)).notAfter).toBe(NOW + 60_000 - FACTS.dialMarginMs);
    const endsAt = NOW + 90_000;
    expect(repeated((state) => (state.spec.ends_at = endsAt)).notAfter).toBe(endsAt - FACTS.dialMarginMs);
  });

  it('is sent no later than the first might have been', () => {
    expect(repeated(closeAt(NOW + 5 * HOUR_MS)).notAfter).toBe(NOW + HOUR_MS - FACTS.dialMarginMs);
  });
});

describe('waits for our own system', () => {
  it('are a second at first, doubled to half a minute, and short again after a placement that reached the carrier', () => {
    const state = placing();
    const waits: number[] = [];
    let now = NOW;
    for (let time = 0; time < 7; time += 1) {
      startPlacing(state, ID, { seq: 1, attempt: 1 }, now);
      applyPlacement(state, ID, { kind: 'delayed' }, now, 0.5);
      waits.push(state.systemWait!.until - now);
      now = state.systemWait!.until;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    startPlacing(state, ID, { seq: 1, attempt: 1 }, now);
    applyPlacement(state, ID, { kind: 'accepted', ended: null }, now, 0.5);
    startPlacing(state, 'another call', { seq: 2, attempt: 1 }, now);
    applyPlacement(state, 'another call', { kind: 'delayed' }, now, 0.5);
    expect(state.systemWait!.until - now).toBe(1_000);
  });

  it('count once for all placements that were delayed together', () => {
    const state = placing();
    startPlacing(state, 'another call', { seq: 2, attempt: 1 }, NOW);
    applyPlacement(state, ID, { kind: 'delayed' }, NOW, 0.5);
    applyPlacement(state, 'another call', { kind: 'delayed' }, NOW, 0.5);
    expect(state.systemWait).toMatchObject({ waits: 1 });
  });
});
