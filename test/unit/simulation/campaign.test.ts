/** Whole campaigns on virtual time, under every promise. A failure shrinks to a few contacts; its scenario runs again by `runScenario`. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultFree } from '../../simulation/world-model.ts';
import { VirtualCampaign } from '../../simulation/campaign.ts';
import { scenarioOf } from '../../simulation/course.ts';
import { arbitraryScenario, CHANGES, HOURS, SMALL } from '../../simulation/arbitrary-scenario.ts';
import { CAMPAIGN_ID, runScenario, type Scenario, unseen } from '../../simulation/scenario.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ALWAYS = scheduleOf({ working_days: [1, 2, 3, 4, 5, 6, 7] });

type Changes = Partial<Omit<Scenario, 'spec'>> & { readonly spec?: Partial<Scenario['spec']> };

/** A campaign that calls at any time and meets no trouble, but for what is given. */
function scenario({ spec, ...changes }: Changes): Scenario {
  return {
    seed: 1,
    contacts: 4,
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
    cancels: false,
    lookUpAfterMs: 180_000,
    graceMs: 60_000,
    usualCallMs: 5_000,
    faults: {},
    outages: [],
    interventions: [],
    ...changes,
    spec: {
      name: 'Scenario',
      agent_id: 'agent-1',
      connection: 'truedy',
      schedule: ALWAYS,
      scheduled_at: null,
      ends_at: null,
      max_concurrent_calls: 2,
      max_calls_per_day: null,
      retry: { budget: 0, delayMinutes: [0], on: ['no_answer', 'busy', 'failed'] },
      ...spec,
    },
  };
}

function faultFreeCampaign(contacts: number, limit: number): VirtualCampaign {
  const { spec, startsAt, ...times } = scenario({ spec: { max_concurrent_calls: limit } });
  const world = faultFree(() => ({ queueMs: 0, lengthMs: 20_000, outcome: 'completed' }));
  return new VirtualCampaign({ ...times, campaignId: CAMPAIGN_ID, spec, contacts, startsAt, world }, unseen);
}

describe('a campaign on virtual time', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'keeps every promise, whatever its terms, faults and interventions: seed %i',
    (seed) => {
      fc.assert(
        fc.property(arbitraryScenario(SMALL), (scenario) => void runScenario(scenario)),
        { seed, numRuns: 250 },
      );
    },
  );

  test('takes the same course when its state goes through JSON and the schema at quiet moments', () => {
    const courseOf = (scenario: Scenario): string[] => {
      const course: string[] = [];
      runScenario(scenario, { trace: (line) => line.includes('round_trip') || course.push(line) });
      return course;
    };
    const size = { ...SMALL, resets: false };
    const instants = fc.array(fc.integer({ min: 0, max: 5 * MINUTE_MS }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(arbitraryScenario(size), instants, (scenario, instants) => {
        const interventions = scenario.interventions.filter(({ kind }) => kind !== 'round_trip');
        const roundTrips = instants.map((afterMs) => ({ afterMs, kind: 'round_trip' as const }));
        const last = Math.max(0, ...interventions.map(({ afterMs }) => afterMs));
        const within = roundTrips.filter(({ afterMs }) => afterMs <= last);
        const plain = courseOf({ ...scenario, interventions });
        expect(courseOf({ ...scenario, interventions: [...interventions, ...within] })).toEqual(plain);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  const days = CHANGES.flatMap(([zone, change]) => HOURS.map(([start, end]) => ({ zone, change, start, end })));
  test.each(days)('keeps window and cap in $zone around $change, $start to $end', ({ zone, change, start, end }) => {
    const { counts } = runScenario(
      scenario({
        contacts: 40,
        startsAt: Date.parse(change) - 26 * HOUR_MS,
        usualCallMs: 15 * MINUTE_MS,
        provider: { ...scenario({}).provider, queueBoundMs: 30_000, callLifetimeMs: 15 * MINUTE_MS },
        spec: {
          schedule: { ...ALWAYS, timezone: zone, start_time: start, end_time: end },
          max_calls_per_day: 7,
        },
      }),
    );
    expect(counts.accepted).toBe(40);
  });

  test('ends in a time that follows from its limits and the length of its calls', () => {
    const campaign = faultFreeCampaign(1_000, 10);
    const startsAt = campaign.clock.now;
    expect(campaign.go()).toBe(true);
    expect(campaign.result?.buckets.completed).toBe(1_000);
    const seconds = ((campaign.result?.endedAt ?? 0) - startsAt) / 1_000;
    // A hundred rounds of twenty seconds, and a moment to notice each end and to place the next call.
    expect(seconds).toBeGreaterThan(2_000);
    expect(seconds).toBeLessThan(2_100);
  });

  test('gives the unit of a refused call back: refusals use up no day', () => {
    const { campaign } = runScenario(
      scenario({ contacts: 5, faults: { rejected: 1 }, spec: { max_calls_per_day: 1 } }),
    );
    expect(campaign.result?.buckets.failed).toBe(5);
    expect(campaign.result?.endedAt).toBeLessThan(Date.parse('2026-03-02T09:00:00Z'));
  });

  test('gives the unit of a placement that was taken back back once, whenever the pause comes', () => {
    for (let afterMs = 60; afterMs < 300; afterMs += 4) {
      runScenario(
        scenario({
          seed: afterMs,
          contacts: 6,
          faults: { slow: 0.3, workerDies: 0.3 },
          spec: { max_calls_per_day: 3 },
          interventions: [
            { afterMs, kind: 'pause' },
            { afterMs: MINUTE_MS, kind: 'resume' },
          ],
        }),
      );
    }
  });

  test.each(['unreachable', 'errors'] as const)(
    'tries a provider that is in trouble for an hour (%s) now and then',
    (kind) => {
      const { counts } = runScenario(
        scenario({
          contacts: 600,
          provider: { ...scenario({}).provider, keyTtlMs: 0 },
          outages: [{ afterMs: 2_000, lastsMs: HOUR_MS, kind }],
          spec: { max_concurrent_calls: 200 },
        }),
        { everyTurns: 10 },
      );
      expect(counts.placements).toBeGreaterThanOrEqual(600);
      // One try a minute, which costs a contact only where nobody can say what became of it; and what was in flight.
      expect(counts.placements - counts.settled).toBeLessThan(100);
      expect(counts.lost).toBeLessThan(200 + 100);
    },
  );

  test('calls now and then while an account places nothing for an hour, and nobody loses an attempt', () => {
    const { counts, campaign } = runScenario(
      scenario({
        contacts: 40,
        outages: [{ afterMs: 0, lastsMs: HOUR_MS, kind: 'account' }],
        spec: { max_concurrent_calls: 20, retry: { budget: 0, delayMinutes: [0], on: [] } },
      }),
    );
    // The first calls, which are placed at once, and then one every minute or few.
    expect(counts.accepted - 40).toBeGreaterThan(20);
    expect(counts.accepted - 40).toBeLessThan(20 + 60);
    const { reasons } = campaign.roster.contacts;
    // One in nine calls fails in this world, whatever the account does.
    expect(reasons.get('failed') ?? 0).toBeLessThan(12);
  });

  describe('of which every webhook is lost', () => {
    const LOST = { eventLost: 1 };

    test.each([1, 2])('keeps every promise, whatever else happens: seed %i', (seed) => {
      fc.assert(
        fc.property(arbitraryScenario(SMALL), (other) => {
          runScenario({ ...other, faults: { ...other.faults, ...LOST } });
        }),
        { seed, numRuns: 150 },
      );
    });

    test('frees every slot by look-ups soon after its call has ended, also within a budget', () => {
      for (const lookUpDeferred of [0, 0.3]) {
        const { campaign, counts } = runScenario(
          scenario({
            contacts: 200,
            provider: { ...scenario({}).provider, keyTtlMs: 0, finds: 'by id', callLifetimeMs: 30 * MINUTE_MS },
            lookUpAfterMs: MINUTE_MS,
            usualCallMs: 50_000,
            faults: { ...LOST, lookUpDeferred },
            spec: { max_concurrent_calls: 10 },
          }),
        );
        expect([counts.accepted, counts.lost]).toEqual([200, 0]);
        // Twenty rounds of a minute or two, where the longest time of a call would make it twenty half hours.
        const hours = ((campaign.result?.endedAt ?? 0) - Date.parse('2026-03-02T08:00:00Z')) / HOUR_MS;
        expect(hours).toBeLessThan(1.5);
      }
    });
  });

  describe('whose provider keeps calls in its queue for longer than it promised', () => {
    const hours = { ...ALWAYS, start_time: '08:00', end_time: '09:00' };
    const queued = (changes: Changes): Scenario =>
      scenario({
        contacts: 60,
        provider: { ...scenario({}).provider, queueBoundMs: 5 * MINUTE_MS, callLifetimeMs: 10 * MINUTE_MS },
        usualCallMs: MINUTE_MS,
        faults: { queuedTooLong: 0.2 },
        ...changes,
        spec: { max_concurrent_calls: 10, schedule: hours },
      });

    test.each([{}, { eventLost: 1 }, { lookUpDeferred: 0.3 }, { slow: 0.05 }])(
      'lets nobody be dialled outside the hours, because it cancels them there: %o',
      (faults) => {
        let placed = 0;
        for (let seed = 1; seed <= 30; seed++) {
          const { counts } = runScenario(
            queued({
              seed,
              cancels: true,
              faults: { queuedTooLong: 0.2, ...faults },
              startsAt: Date.parse('2026-03-02T08:40:00Z'),
            }),
          );
          placed += counts.accepted;
        }
        expect(placed).toBe(30 * 60);
      },
    );

    test('breaks its word where nothing can be cancelled', () => {
      expect(() => runScenario(queued({ startsAt: Date.parse('2026-03-02T08:40:00Z') }))).toThrow(/^P[13]:/);
    });
  });

  test('holds no more of a roster of ten million than is in flight and at hand', () => {
    const campaign = faultFreeCampaign(10_000_000, 50);
    campaign.go(campaign.clock.now + HOUR_MS);
    expect(campaign.roster.contacts.buckets.completed).toBeGreaterThan(8_000);
    expect([...campaign.roster.contacts.all()].length).toBeLessThan(400);
  });
});

test('the campaigns of a million calls are each paused, reset and continued as new', () => {
  const campaigns = Array.from({ length: 20 }, (_, number) => scenarioOf(1, number).campaigns).flat();
  for (const { interventions } of campaigns) {
    const kinds = new Set(interventions.map(({ kind }) => kind));
    const resets = ['reset', 'forgetful_reset'].some((kind) => kinds.has(kind as 'reset'));
    const newRuns = ['new_run', 'long_history'].some((kind) => kinds.has(kind as 'new_run'));
    expect({ pauses: kinds.has('pause'), resumes: kinds.has('resume'), resets, newRuns }).toEqual({
      pauses: true,
      resumes: true,
      resets: true,
      newRuns: true,
    });
  }
});

describe('what virtual campaigns have found', () => {
  test('hours that a reset takes back close the window that was found for them', () => {
    const startsAt = Date.parse('2026-02-28T23:59:00Z');
    const hours = { ...ALWAYS, start_time: '00:00', end_time: '00:15' };
    runScenario(
      scenario({
        startsAt,
        spec: { schedule: hours },
        interventions: [
          { afterMs: 190, kind: 'save' },
          { afterMs: 200, kind: 'schedule', schedule: ALWAYS },
          { afterMs: 200, kind: 'reset' },
        ],
      }),
    );
  });

  test('a reset to before an edit that the records know leaves nothing open that the edit closed', () => {
    const hours = { ...ALWAYS, start_time: '09:00', end_time: '17:00' };
    for (let afterMs = 1_000; afterMs < 5_000; afterMs += 200) {
      const { counts } = runScenario(
        scenario({
          contacts: 20,
          startsAt: Date.parse('2026-03-02T20:00:00Z'),
          interventions: [
            { afterMs, kind: 'save' },
            { afterMs: 6_000, kind: 'schedule', schedule: hours },
            { afterMs: 15_000, kind: 'forgetful_reset' },
          ],
        }),
      );
      expect(counts.accepted).toBe(20);
    }
  });

  test('a reset brings nobody back whom the records know to be called', () => {
    for (let afterMs = 6_000; afterMs < 20_000; afterMs += 500) {
      const { counts } = runScenario(
        scenario({
          contacts: 8,
          interventions: [
            { afterMs: 1_000, kind: 'save' },
            { afterMs: 2_000, kind: 'save' },
            { afterMs, kind: 'forgetful_reset' },
          ],
        }),
      );
      expect(counts.accepted).toBe(8);
    }
  });

  test('a day that a run adopts is counted in the zone that an edit gave it', () => {
    const { counts } = runScenario(
      scenario({
        startsAt: Date.parse('2026-02-28T23:59:00Z'),
        spec: { max_concurrent_calls: 1, max_calls_per_day: 3 },
        interventions: [
          { afterMs: 170, kind: 'schedule', schedule: { ...ALWAYS, timezone: 'Australia/Lord_Howe' } },
          { afterMs: 1_000, kind: 'terminate', downMs: 0 },
        ],
      }),
    );
    expect(counts.accepted).toBe(4);
  });

  test('an unknown call is not asked for again while the limit is below what is in flight', () => {
    for (let seed = 1; seed <= 20; seed++) {
      runScenario(
        scenario({
          seed,
          contacts: 1,
          faults: { unheard: 0.5, lookUpSilent: 1 },
          spec: { max_concurrent_calls: 1 },
          interventions: [{ afterMs: 200, kind: 'limit', limit: 0 }],
        }),
      );
    }
  });

  test('a worker that wakes up after a pause was acknowledged calls nobody', () => {
    let pauses = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const { counts } = runScenario(
        scenario({
          seed,
          faults: { workerFreezes: 0.5 },
          interventions: [
            { afterMs: 150, kind: 'pause' },
            { afterMs: 10 * MINUTE_MS, kind: 'resume' },
          ],
        }),
      );
      pauses += counts.pauses;
    }
    expect(pauses).toBe(100);
  });

  test('a pause is acknowledged though the history is too long and placements have no answer', () => {
    let pauses = 0;
    for (let afterMs = 100; afterMs < 300; afterMs += 4) {
      const { counts } = runScenario(
        scenario({
          seed: afterMs,
          faults: { workerDies: 0.5 },
          interventions: [
            { afterMs, kind: 'pause' },
            { afterMs, kind: 'long_history' },
            { afterMs: 10 * MINUTE_MS, kind: 'resume' },
          ],
        }),
      );
      pauses += counts.pauses;
    }
    expect(pauses).toBe(50);
  });

  test('a contact whose placement was cancelled is skipped though the others were skipped before', () => {
    for (let afterMs = 50; afterMs < 250; afterMs++) {
      const startsAt = Date.parse('2026-03-02T08:00:00Z');
      const spec = { ends_at: startsAt + afterMs };
      runScenario(scenario({ seed: afterMs, contacts: 2, startsAt, faults: { slow: 0.1 }, spec }));
    }
  });

  test('slots whose time is over are freed while the provider is silent and hundreds wait to be looked up', () => {
    const { counts } = runScenario(
      scenario({
        contacts: 1_500,
        provider: { ...scenario({}).provider, keyTtlMs: 0, callLifetimeMs: 120_000, queueBoundMs: 5_000 },
        usualCallMs: 90_000,
        faults: { slow: 0.5 },
        outages: [{ afterMs: MINUTE_MS, lastsMs: HOUR_MS, kind: 'errors' }],
        spec: { max_concurrent_calls: 500 },
      }),
      { everyTurns: 10 },
    );
    expect(counts.lost).toBeGreaterThan(50);
  });
});
