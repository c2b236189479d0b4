/** Campaigns on virtual time that share the limit of calls in flight of a connection, under every promise. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitrarySharing, SMALL_SHARED } from '../../simulation/arbitrary-scenario.ts';
import type { ConnectionIntervention, Intervention } from '../../simulation/interventions.ts';
import { runShared, type SharedCourse, type SharedScenario } from '../../simulation/scenario.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

interface Given {
  readonly contacts: number;
  readonly slots?: number;
  readonly startsAfterMs?: number;
  readonly interventions?: readonly Intervention[];
}

/** Campaigns that call at any time and meet no trouble, but for what is given. Their calls last for half a minute at most. */
function sharing(
  limit: number,
  campaigns: readonly Given[],
  changes: Partial<Omit<SharedScenario, 'campaigns'>> = {},
): SharedScenario {
  return {
    seed: 1,
    startsAt: Date.parse('2026-03-02T08:00:00Z'),
    provider: {
      keyTtlMs: 600_000,
      finds: 'by key',
      echoes: true,
      requestTimeoutMs: 2_000,
      queueBoundMs: 0,
      callLifetimeMs: 30_000,
    },
    callsPerSecond: null,
    maxConcurrentCalls: limit,
    accountConcurrentCalls: null,
    numbers: null,
    accountDays: null,
    cancels: false,
    lookUpAfterMs: 180_000,
    graceMs: 60_000,
    usualCallMs: 30_000,
    faults: {},
    outages: [],
    connectionInterventions: [],
    ...changes,
    campaigns: campaigns.map(({ contacts, slots = 100, startsAfterMs = 0, interventions = [] }) => ({
      contacts,
      startsAfterMs,
      interventions,
      spec: {
        name: 'Shared',
        agent_id: 'agent-1',
        connection: 'truedy',
        schedule: scheduleOf({ working_days: [1, 2, 3, 4, 5, 6, 7] }),
        scheduled_at: null,
        ends_at: null,
        max_concurrent_calls: slots,
        max_calls_per_day: null,
        retry: { budget: 0, delayMinutes: [0], on: ['busy'] },
      },
    })),
  };
}

const countsOf = (limits: SharedCourse['sharedLimits']) => limits.get('truedy')!.counts;

describe('campaigns that share a limit of calls in flight', () => {
  test.each([1, 2])('keep every promise, whatever their terms, faults and interventions: seed %i', (seed) => {
    fc.assert(
      fc.property(arbitrarySharing(SMALL_SHARED), (scenario) => void runShared(scenario)),
      { seed, numRuns: 15 },
    );
  });

  test('use all of it, in equal parts', () => {
    const { campaigns, sharedLimits } = runShared(
      sharing(
        30,
        Array.from({ length: 10 }, () => ({ contacts: 150, slots: 20 })),
      ),
      { everyTurns: 50 },
    );
    expect(countsOf(sharedLimits).peak).toBe(30);
    const endings = campaigns.map(({ campaign }) => campaign.result!.endedAt - Date.parse('2026-03-02T08:00:00Z'));
    // Each has three slots and 150 calls of 15 seconds on average.
    expect(Math.min(...endings)).toBeGreaterThan(10 * MINUTE_MS);
    expect(Math.max(...endings)).toBeLessThan(15 * MINUTE_MS);
  });

  test('give a small one half of it as soon as calls of the large one have ended', () => {
    const { campaigns } = runShared(
      sharing(20, [{ contacts: 1_500 }, { contacts: 20, startsAfterMs: 5 * MINUTE_MS }]),
      {
        everyTurns: 50,
      },
    );
    const small = campaigns[1]!.campaign.result!.endedAt - Date.parse('2026-03-02T08:05:00Z');
    // Its twenty calls take two rounds of half a minute in ten slots, which are free within half a minute.
    expect(small).toBeLessThan(2 * MINUTE_MS);
  });

  test('take turns when they are more than the calls', () => {
    const many = Array.from({ length: 6 }, () => ({ contacts: 12 }));
    const { campaigns, sharedLimits } = runShared(sharing(2, many, { usualCallMs: 5_000 }));
    expect(countsOf(sharedLimits).peak).toBe(2);
    expect(campaigns.map(({ counts }) => counts.accepted)).toEqual(many.map(() => 12));
    expect(countsOf(sharedLimits).longestHungerMs).toBeLessThan(6 * MINUTE_MS);
  });

  test('take turns although the one that waits reports at the end of each of its turns', () => {
    const late = { contacts: 20, startsAfterMs: 57_500 };
    const { sharedLimits } = runShared(sharing(1, [{ contacts: 100 }, late], { usualCallMs: 20_000 }));
    // Its turn is every second minute, and the call of the other one ends within it.
    expect(countsOf(sharedLimits).longestHungerMs).toBeLessThan(4 * MINUTE_MS);
  });

  test('keep within it while it is lowered and raised at any moment, and the coordinator is ended', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const edits: ConnectionIntervention[] = [0, 1, 2, 3, 4, 5].flatMap((edit) => [
        { afterMs: edit * 20_000 + seed * 731, kind: 'shared_limit', limit: [3, 12, 1, 6, 0, 9][edit]! },
        { afterMs: edit * 20_000 + seed * 911, kind: edit % 2 === 0 ? 'terminate_coordinator' : 'reset_coordinator' },
      ]);
      const { sharedLimits } = runShared(
        sharing(8, [{ contacts: 60 }, { contacts: 60, slots: 3 }, { contacts: 10, startsAfterMs: 30 * SECOND_MS }], {
          seed,
          faults: { slow: 0.1, workerFreezes: 0.05, exchangeRepeated: 0.1 },
          connectionInterventions: edits,
        }),
      );
      expect(countsOf(sharedLimits).limitChanges).toBeGreaterThan(1);
    }
  });

  test('keep within it while their workflows are terminated and reset, and adopt what is in flight', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const afterMs = 5_000 + seed * 977;
      const interventions: Intervention[] = [
        { afterMs: 4_000, kind: 'save' },
        { afterMs, kind: 'terminate', downMs: seed % 2 === 0 ? 0 : 45_000 },
        { afterMs: afterMs + 60_000, kind: 'reset' },
      ];
      const { sharedLimits } = runShared(
        sharing(5, [{ contacts: 50, interventions }, { contacts: 50 }, { contacts: 20, interventions }], {
          seed,
          faults: { slow: 0.1, workerFreezes: 0.1, eventLost: 0.1 },
        }),
      );
      expect(countsOf(sharedLimits).peak).toBe(5);
    }
  });

  test.each([0, 8 * MINUTE_MS])(
    'count the calls of a run that was terminated, which is followed after %d ms',
    (downMs) => {
      const provider = { ...sharing(1, []).provider, callLifetimeMs: 10 * MINUTE_MS };
      for (let seed = 1; seed <= 10; seed++) {
        const interventions: Intervention[] = [{ afterMs: 20_000, kind: 'terminate', downMs }];
        const { sharedLimits } = runShared(
          sharing(6, [{ contacts: 3, interventions }, { contacts: 40 }], {
            seed,
            provider,
            usualCallMs: 8 * MINUTE_MS,
          }),
        );
        expect(countsOf(sharedLimits).peak).toBe(6);
      }
    },
  );

  test('repeat no unknown call while the share is below what is in flight', () => {
    for (let seed = 1; seed <= 20; seed++) {
      runShared(
        sharing(1, [{ contacts: 1 }, { contacts: 1 }], {
          seed,
          faults: { unheard: 0.5, lookUpSilent: 1 },
          connectionInterventions: [{ afterMs: 190, kind: 'shared_limit', limit: 0 }],
        }),
      );
    }
  });

  test('call no number more often than its limit allows, over all of them, and call everybody in the end', () => {
    const limits = [{ max: 2, hours: 1 }];
    for (let seed = 1; seed <= 10; seed++) {
      const faults = { slow: 0.1, unheard: 0.1, acceptsUnheard: 0.1, workerFreezes: 0.05 };
      const given = [1, 2, 3, 4].map((n) => ({ contacts: 8, startsAfterMs: n * 700 * seed }));
      const { campaigns, connection } = runShared(sharing(6, given, { seed, faults, numbers: { count: 8, limits } }));
      expect(connection.counts.mostToOneNumber).toBe(2);
      for (const { counts } of campaigns) expect(counts.accepted).toBeGreaterThanOrEqual(7);
    }
  });

  test('place no more calls on a day than their account may, over all of them, and call everybody in the end', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const faults = { slow: 0.1, acceptsUnheard: 0.1, workerFreezes: 0.05, throttled: 0.05 };
      const given = [1, 2, 3].map((n) => ({ contacts: 12, startsAfterMs: n * 700 * seed }));
      // The clock of the zone goes forward six days later.
      const accountDays = { limit: 5, timezone: 'America/New_York' };
      const { campaigns, connection } = runShared(sharing(6, given, { seed, faults, accountDays }));
      expect(connection.counts.mostOnOneDay).toBe(5);
      for (const { counts } of campaigns) expect(counts.accepted).toBeGreaterThanOrEqual(11);
    }
  });

  test('try a provider that is in trouble one for all of them', () => {
    const outage = { afterMs: 20_000, lastsMs: 60 * MINUTE_MS, kind: 'unreachable' as const };
    const given = Array.from({ length: 8 }, () => ({ contacts: 40, slots: 5 }));
    const { campaigns, connection } = runShared(sharing(40, given, { outages: [outage] }));
    const accepted = campaigns.reduce((sum, { counts }) => sum + counts.accepted, 0);
    expect(accepted).toBe(8 * 40);
    // One try a minute, and those that were under way when the trouble began.
    expect(connection.counts.sent - accepted).toBeLessThan(60 + 40 + 20);
  });
});
