/** The virtual roster gives the answers that db/roster.ts gives. */
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import type { EngineSpec } from '../../../domain/engine/campaign-spec.ts';
import type { ExchangeRequest } from '../../../domain/engine/roster.ts';
import { total } from '../../../domain/engine/tally.ts';
import { Queue } from '../../../domain/forecast/queue.ts';
import { seededRandom } from '../../simulation/random.ts';
import { VirtualRoster } from '../../simulation/roster.ts';
import { CAMPAIGN_ID } from '../../simulation/scenario.ts';
import { exchangeRequest } from '../../support/factories/exchange-request.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const NOW = Date.parse('2026-03-02T10:00:00Z');
const spec: EngineSpec = {
  name: 'Scenario',
  agent_id: 'agent-1',
  connection: 'truedy',
  schedule: scheduleOf({ working_days: [1] }),
  scheduled_at: null,
  ends_at: null,
  max_concurrent_calls: 2,
  max_calls_per_day: null,
  retry: { budget: 1, delayMinutes: [0], on: ['busy'] },
};

function openRoster(contacts: number): VirtualRoster {
  const roster = new VirtualRoster(CAMPAIGN_ID, contacts, spec, {
    settled: () => {},
    closed: () => {},
    moved: () => {},
  });
  roster.adopt('run-1', NOW);
  return roster;
}

const request = (changes: Partial<ExchangeRequest>) =>
  exchangeRequest({ campaignId: CAMPAIGN_ID, now: NOW, ...changes });

const busy = (seq: number, retryAt: number) => ({
  seq,
  attempt: 1,
  to: 'retrying' as const,
  reason: 'busy',
  outcome: 'busy' as const,
  at: NOW,
  retryAt,
});

describe('the virtual roster', () => {
  test('claims first calls in order, and tells whether there are more', () => {
    const roster = openRoster(3);
    expect(roster.exchange(request({ want: 2 }), 'run-1')).toMatchObject({
      claimed: [
        { seq: 1, attempt: 1 },
        { seq: 2, attempt: 1 },
      ],
      groups: [{ more: true }],
    });
    expect(roster.exchange(request({ exchangeNumber: 2, want: 2 }), 'run-1')).toMatchObject({
      claimed: [{ seq: 3, attempt: 1 }],
      groups: [],
    });
  });

  test('answers a repeat with the same claim, as it now stands, and changes nothing', () => {
    const roster = openRoster(3);
    const first = request({ want: 2 });
    roster.exchange(first, 'run-1');
    const again = roster.exchange(first, 'run-1');
    expect(again).toMatchObject({ claimed: [{ seq: 1 }, { seq: 2 }], buckets: { pending: 3 } });
    const second = request({ exchangeNumber: 2, settled: [busy(1, NOW)], started: [{ seq: 2, attempt: 1 }], want: 1 });
    const settled = roster.exchange(second, 'run-1');
    expect(settled).toMatchObject({ claimed: [{ seq: 1, attempt: 2 }], buckets: { pending: 1, retrying: 1 } });
    expect(roster.exchange(second, 'run-1')).toEqual(settled);
  });

  test('claims retries that are due before first calls, the earliest first, and none before its time', () => {
    const roster = openRoster(4);
    roster.exchange(request({ want: 3 }), 'run-1');
    const settled = [busy(1, NOW + 2), busy(2, NOW + 1), busy(3, NOW + 60_000)];
    expect(roster.exchange(request({ exchangeNumber: 2, settled }), 'run-1')).toMatchObject({
      groups: [{ dueAt: NOW + 1 }],
    });
    expect(roster.exchange(request({ exchangeNumber: 3, want: 9, now: NOW + 5 }), 'run-1')).toMatchObject({
      claimed: [
        { seq: 2, attempt: 2 },
        { seq: 1, attempt: 2 },
        { seq: 4, attempt: 1 },
      ],
      groups: [{ dueAt: NOW + 60_000 }],
    });
  });

  test('knows one owner: another run, or one that is behind, must adopt', () => {
    const roster = openRoster(3);
    roster.exchange(request({}), 'run-1');
    expect(roster.exchange(request({ exchangeNumber: 2 }), 'run-2')).toEqual({ kind: 'superseded' });
    expect(roster.exchange(request({ exchangeNumber: 3 }), 'run-1')).toEqual({ kind: 'superseded' });
    expect(roster.exchange(request({ exchangeNumber: 2, continuedFrom: 'run-1' }), 'run-2')).toMatchObject({
      kind: 'exchanged',
    });
    expect(roster.exchange(request({ exchangeNumber: 3 }), 'run-1')).toEqual({ kind: 'superseded' });
  });

  test('releases the claims of an earlier run to the one that adopts', () => {
    const roster = openRoster(3);
    roster.exchange(request({ want: 2 }), 'run-1');
    expect(roster.adopt('run-2', NOW)).toMatchObject({ lastExchange: 1, groups: [{ more: true }] });
    const reply = roster.exchange(request({ epoch: 2, exchangeNumber: 2, want: 3 }), 'run-2');
    expect(reply).toMatchObject({ claimed: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] });
  });

  test('keeps the sum of its buckets when it closes', () => {
    const roster = openRoster(1_000);
    roster.exchange(request({ want: 5 }), 'run-1');
    roster.exchange(request({ exchangeNumber: 2, started: [{ seq: 1, attempt: 1 }] }), 'run-1');
    const buckets = roster.close('cancelled', { id: 'run-1', state: { epoch: 1 } })!;
    expect(buckets).toMatchObject({ in_progress: 1, skipped: 999 });
    expect(total(buckets)).toBe(1_000);
  });
});

test('the queue gives back in order what was put in in any order, equals as they came', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (instants) => {
      const queue = new Queue<number>();
      for (const [order, at] of instants.entries()) queue.push(at, order, order);
      const out = instants.map(() => queue.pop());
      const expected = instants.map((at, order) => ({ at, order })).sort((a, b) => a.at - b.at || a.order - b.order);
      expect(out.map((item) => item?.value)).toEqual(expected.map(({ order }) => order));
      expect(queue.pop()).toBeUndefined();
    }),
  );
});

test('draws are the same for the same seed, differ between seeds, and fill [0, 1) evenly', () => {
  const draws = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 10_000 }, random);
  };
  expect(draws(1)).toEqual(draws(1));
  expect(draws(1).slice(0, 5)).not.toEqual(draws(2).slice(0, 5));
  const tenths = Array.from({ length: 10 }, (_, tenth) => draws(3).filter((draw) => Math.floor(draw * 10) === tenth));
  for (const { length } of tenths) expect(length).toBeGreaterThan(850);
});
