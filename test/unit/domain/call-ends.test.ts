/** How a call in flight comes to its end: by which news, and at which time. */
import { describe, expect, test } from 'vitest';
import { applyEnded } from '../../../domain/engine/call-ends.ts';
import { applyPlacement } from '../../../domain/engine/placement-results.ts';
import { startPlacing } from '../../../domain/engine/starting-calls.ts';
import type { CampaignState } from '../../../domain/engine/campaign-state.ts';
import { newCampaign } from '../../../domain/engine/commands.ts';
import type { EndedEvent } from '../../../domain/engine/outcome.ts';
import type { PlacementResult } from '../../../domain/engine/placement.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const NOW = Date.parse('2026-03-02T10:00:00Z');
const MINUTE_MS = 60_000;
const ID = '00000000-0000-4000-8000-000000000001.1.1';

/** A campaign with one call that is being placed. */
function placing(): CampaignState {
  const state = newCampaign(
    {
      name: 'Reminders',
      agent_id: 'agent-1',
      connection: 'truedy',
      schedule: scheduleOf(),
      scheduled_at: null,
      ends_at: null,
      max_concurrent_calls: 2,
      max_calls_per_day: null,
      retry: { budget: 1, delayMinutes: [30], on: ['busy'] },
    },
    NOW,
  );
  const midnight = Date.parse('2026-03-03T00:00:00Z');
  state.groups[0]!.window = {
    opensAt: NOW - MINUTE_MS,
    closesAt: midnight,
    nextDayOpensAt: midnight,
    zoneData: '2026f',
    holidayData: null,
  };
  state.day = { date: '2026-03-02', endsAt: midnight };
  state.facts = {
    dialMarginMs: 40_000,
    usualCallMs: 3 * MINUTE_MS,
    callLifetimeMs: 30 * MINUTE_MS,
    graceMs: MINUTE_MS,
    queueBoundMs: 0,
    cancelsQueued: false,
    keyTtlMs: 10 * MINUTE_MS,
    callsPerSecond: null,
    searchAttributes: false,
  };
  startPlacing(state, ID, { seq: 1, attempt: 1 }, NOW);
  return state;
}

const END: EndedEvent = { event_id: 'end', call_id: ID, outcome: 'busy', ended_at: NOW };
const outcomes = ({ settled }: CampaignState) => settled.map(({ eventId, outcome }) => [eventId, outcome]);

describe('an end that was stored before the reply was on record', () => {
  const early = { ...END, unconfirmed: true };
  const own: EndedEvent = { ...END, event_id: 'own', outcome: 'completed' };

  test.each<[string, PlacementResult, (readonly [string, string])[]]>([
    ['is proved wrong by a reply that brings no end', { kind: 'accepted', ended: null }, []],
    ['is set aside for the end that the reply brings', { kind: 'accepted', ended: own }, [['own', 'completed']]],
    ['stands where no reply comes', { kind: 'unknown', reason: 'timeout', retryAfterMs: null }, [['end', 'busy']]],
    ['stands where the placement was taken back', { kind: 'cancelled' }, [['end', 'busy']]],
    ['stands beside a try that sent nothing', { kind: 'blocked', reason: 'agent_not_found' }, [['end', 'busy']]],
  ])('%s', (_, result, expected) => {
    const state = placing();
    applyEnded(state, early, NOW + 1_000);
    expect(state.inFlight[ID]?.phase).toBe('placing');
    applyPlacement(state, ID, result, NOW + 2_000, 0.5);
    expect(outcomes(state)).toEqual(expected);
    expect(Object.keys(state.inFlight)).toHaveLength(expected.length === 0 ? 1 : 0);
  });

  test('is of another call where the reply came before the signal', () => {
    const state = placing();
    applyPlacement(state, ID, { kind: 'accepted', ended: null }, NOW + 1_000, 0.5);
    applyEnded(state, early, NOW + 2_000);
    expect(state.inFlight[ID]?.phase).toBe('live');
    applyEnded(state, own, NOW + 3_000);
    expect(outcomes(state)).toEqual([['own', 'completed']]);
  });

  test('ends a call of unknown outcome at once', () => {
    const state = placing();
    applyPlacement(state, ID, { kind: 'unknown', reason: 'timeout', retryAfterMs: null }, NOW + 1_000, 0.5);
    applyEnded(state, early, NOW + 2_000);
    expect(outcomes(state)).toEqual([['end', 'busy']]);
  });
});
