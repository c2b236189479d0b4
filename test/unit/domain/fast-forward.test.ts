/** The quick forecast against the engine's own decisions: whole campaigns on virtual time, without trouble. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineSpec } from '../../../domain/engine/campaign-spec.ts';
import { type Projection, fastForward, type ForecastInput, type Pace } from '../../../domain/forecast/fast-forward.ts';
import { WindowSegments } from '../../../domain/forecast/window-segments.ts';
import { retryDelayMs } from '../../../domain/engine/retry-policy.ts';
import { VirtualCampaign } from '../../simulation/campaign.ts';
import { FAULT_FREE_TURN_MS, faultFree } from '../../simulation/world-model.ts';
import { civilDay, windowAt } from '../../../domain/windows/windows.ts';
import { CHANGES, HOURS } from '../../simulation/arbitrary-scenario.ts';
import { CAMPAIGN_ID, unseen } from '../../simulation/scenario.ts';
import { allSteps } from '../../support/all-steps.ts';
import { ownHours, scheduleOf } from '../../support/factories/schedules.ts';

const HOUR_MS = 3_600_000;
/** The engine settles ended calls within half a minute: a retry that is due at once is known by then. */
const SETTLING_MS = 31_000;
/** How much shorter or longer calls may seem, of their length and of every turn. */
const OFF = 0.01;
const TURN_OFF_MS = 400;

interface Job {
  readonly now: number;
  readonly spec: EngineSpec;
  readonly contacts: number;
  readonly callMs: number;
  readonly retryShare: number;
  readonly dialMarginMs: number;
}

const arbitraryJob: fc.Arbitrary<Job> = fc
  .record({
    contacts: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 800 })),
    change: fc.constantFrom(...CHANGES),
    beforeMs: fc.integer({ min: 0, max: 60 * HOUR_MS }),
    hours: fc.constantFrom(...HOURS),
    working_days: fc.constantFrom<number[]>([1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5], [7]),
    blackoutTomorrow: fc.boolean(),
    limit: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 100 })),
    cap: fc.oneof(fc.constant(null), fc.integer({ min: 20, max: 400 })),
    callMs: fc.constantFrom(5_000, 20_000, 90_000, 240_000, 1_200_000),
    budget: fc.constantFrom(0, 0, 1, 2, 4),
    retryShare: fc.constantFrom(0.1, 0.3, 0.8),
    delayMinutes: fc.constantFrom<number[]>([0], [1], [30, 5], [60], [1_440]),
    startsAfterMs: mostlyNull(fc.integer({ min: 0, max: 48 * HOUR_MS })),
    endsAfterMs: mostlyNull(fc.integer({ min: 48 * HOUR_MS, max: 200 * HOUR_MS })),
    dialMarginMs: fc.constantFrom(2_000, 40_000),
  })
  .map(({ change, beforeMs, hours, working_days, blackoutTomorrow, limit, cap, budget, delayMinutes, ...rest }) => {
    const { startsAfterMs, endsAfterMs, ...job } = rest;
    const now = Date.parse(change[1]) - beforeMs;
    const tomorrow = new Date(now + 24 * HOUR_MS).toISOString().slice(0, 10);
    const spec: EngineSpec = {
      name: 'Forecast',
      agent_id: 'agent-1',
      connection: 'truedy',
      schedule: scheduleOf({
        timezone: change[0],
        start_time: hours[0],
        end_time: hours[1],
        working_days,
        blackout_dates: blackoutTomorrow ? [tomorrow] : [],
      }),
      scheduled_at: startsAfterMs === null ? null : now + startsAfterMs,
      ends_at: endsAfterMs === null ? null : now + endsAfterMs,
      max_concurrent_calls: limit,
      max_calls_per_day: cap,
      retry: { budget, delayMinutes, on: ['no_answer'] },
    };
    return { ...job, now, spec };
  });

function mostlyNull<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

interface VirtualCourse {
  readonly endedAt: number;
  readonly skipped: number;
  readonly days: ReadonlyMap<string, number>;
}

/** The campaign itself. Of each attempt's calls this share is not answered, evenly spread. */
function virtualCampaign(job: Job): { readonly campaign: VirtualCampaign; readonly days: Map<string, number> } {
  const { now, spec, contacts, callMs, retryShare, dialMarginMs } = job;
  const lives: number[] = [];
  const world = faultFree((_seq, attempt) => {
    const life = (lives[attempt] ?? 0) + 1;
    lives[attempt] = life;
    const again = Math.round(life * retryShare) > Math.round((life - 1) * retryShare);
    return { queueMs: 0, lengthMs: callMs, outcome: again ? 'no_answer' : 'completed' };
  });
  const provider = {
    keyTtlMs: 600_000,
    finds: 'by key' as const,
    echoes: true,
    requestTimeoutMs: dialMarginMs,
    queueBoundMs: 0,
    callLifetimeMs: HOUR_MS,
  };
  const days = new Map<string, number>();
  const times = { startsAt: now, lookUpAfterMs: 180_000, graceMs: 60_000 };
  const options = { campaignId: CAMPAIGN_ID, spec, contacts, provider, cancels: false, ...times, world };
  const campaign = new VirtualCampaign(options, {
    ...unseen,
    accepted: ({ dialledAt }) => {
      const { date } = civilDay(spec.schedule.timezone, dialledAt);
      days.set(date, (days.get(date) ?? 0) + 1);
    },
  });
  return { campaign, days };
}

function virtualCourse(job: Job): VirtualCourse {
  const { campaign, days } = virtualCampaign(job);
  campaign.go();
  if (!campaign.result) throw new Error('the campaign does not end');
  return { endedAt: campaign.result.endedAt, skipped: campaign.result.buckets.skipped, days };
}

/** How a campaign stands, as its roster and its record have it. */
function inputOf({ clock: { now }, roster, state }: VirtualCampaign, { spec }: Job): ForecastInput {
  const rows = [...roster.contacts.all()];
  const day = civilDay(spec.schedule.timezone, now).date;
  return {
    now,
    spec,
    pending: [roster.contacts.buckets.pending],
    waiting: rows.flatMap(({ bucket, attempt, dueAt }) =>
      bucket === 'retrying' ? [{ group: 0, attempt, contacts: 1, dueAt: dueAt ?? now }] : [],
    ),
    inFlight: rows.flatMap(({ bucket, attempt }) =>
      bucket === 'in_progress' ? [{ group: 0, attempt, contacts: 1 }] : [],
    ),
    today: { day, placed: state.placedByDay[day] ?? 0 },
    beginsAt: spec.scheduled_at ?? now,
  };
}

interface Change {
  readonly slotMs: number;
  readonly settlingMs: number;
  /** More or fewer first calls. */
  readonly pending?: number;
}

function quickProjection({ spec, retryShare, dialMarginMs }: Job, input: ForecastInput, change: Change): Projection {
  const delayMinutes = spec.retry.delayMinutes.map((minutes) => minutes + change.settlingMs / 60_000);
  const changed = {
    ...input,
    spec: { ...spec, retry: { ...spec.retry, delayMinutes } },
    pending: input.pending.map((contacts) => Math.max(0, contacts + (change.pending ?? 0))),
  };
  const pace: Pace = { slotMs: change.slotMs, retryShare };
  const segments = new WindowSegments(ownHours(spec.schedule, dialMarginMs), input.now);
  return allSteps(fastForward(changed, pace, segments));
}

function beginning({ now, spec, contacts }: Job): ForecastInput {
  const today = { day: civilDay(spec.schedule.timezone, now).date, placed: 0 };
  return { now, spec, pending: [contacts], waiting: [], inFlight: [], today, beginsAt: spec.scheduled_at ?? now };
}

/**
 * Which contact is the last one hangs on a moment, and with it how often that one is tried again: the end may come as
 * much later as all the tries of one contact take.
 */
function oneContactLater({ spec, callMs }: Job, endsAt: number): number {
  let at = endsAt + callMs + SETTLING_MS;
  for (let attempt = 1; attempt <= spec.retry.budget; attempt++) {
    const due = at + retryDelayMs(spec.retry, attempt);
    at = Math.max(due, windowAt(spec.schedule, due)?.window.opensAt ?? due) + callMs + SETTLING_MS;
  }
  return at;
}

/** By the end of each of these days, how many calls were placed. */
function upTo(days: ReadonlyMap<string, number>, dates: readonly string[]): number[] {
  return dates.map((date) => [...days].reduce((sum, [day, calls]) => (day <= date ? sum + calls : sum), 0));
}

describe('the quick forecast', () => {
  test.each([1, 2, 3, 4])('takes the projection of the campaign itself: seed %i', (seed) => {
    let exact = 0;
    let jobs = 0;
    fc.assert(
      fc.property(arbitraryJob, (job) => {
        const { spec, callMs } = job;
        const slotMs = callMs + FAULT_FREE_TURN_MS;
        const projection = quickProjection(job, beginning(job), { slotMs, settlingMs: 0 });
        const real = virtualCourse(job);
        const fast = quickProjection(job, beginning(job), {
          slotMs: slotMs * (1 - OFF) - TURN_OFF_MS / 4,
          settlingMs: 0,
        });
        const slow = quickProjection(job, beginning(job), {
          slotMs: slotMs * (1 + OFF) + TURN_OFF_MS,
          settlingMs: SETTLING_MS,
        });

        fc.pre(projection.end !== 'out_of_sight');
        expect(projection.end).toMatch(/finished|expired/);
        const dates = [...new Set([...real.days.keys(), ...fast.days.keys(), ...slow.days.keys()])].sort();
        // A moment's difference decides whether a round of calls begins before a midnight, a close or the campaign's end,
        // and, of those who are called again and again, in which order and on which day.
        const again = spec.retry.budget > 0 ? projection.calls / 20 : 0;
        const round = spec.max_concurrent_calls + 1 + again;
        const least = upTo(slow.days, dates).map((calls) => calls - round);
        const most = upTo(fast.days, dates).map((calls) => calls + round);
        for (const [index, calls] of upTo(real.days, dates).entries()) {
          expect(calls).toBeGreaterThanOrEqual(least[index]!);
          expect(calls).toBeLessThanOrEqual(most[index]!);
        }
        expect(real.endedAt).toBeLessThanOrEqual(oneContactLater(job, slow.endsAt!));
        expect(oneContactLater(job, real.endedAt)).toBeGreaterThanOrEqual(fast.endsAt!);
        expect(Math.abs(real.skipped - projection.expired)).toBeLessThanOrEqual(2 * round);

        jobs += 1;
        const sameDays = JSON.stringify([...real.days]) === JSON.stringify([...projection.days]);
        if (sameDays && Math.abs(real.endedAt - projection.endsAt!) <= callMs + SETTLING_MS) exact += 1;
      }),
      { seed, numRuns: 25 },
    );
    // Where no moment decides, the two agree in every day's calls.
    expect(exact / jobs).toBeGreaterThan(0.75);
  });

  test('goes on from the middle: from what the roster says at that moment', () => {
    const fraction = fc.double({ min: 0.05, max: 0.95, noNaN: true });
    fc.assert(
      fc.property(arbitraryJob, fraction, (job, fraction) => {
        const { spec, callMs, now } = job;
        fc.pre(spec.ends_at === null);
        const slotMs = callMs + FAULT_FREE_TURN_MS;
        fc.pre(quickProjection(job, beginning(job), { slotMs, settlingMs: 0 }).end !== 'out_of_sight');
        const { endedAt } = virtualCourse(job);
        const { campaign } = virtualCampaign(job);
        campaign.go(now + fraction * (endedAt - now));
        fc.pre(!campaign.result);
        const input = inputOf(campaign, job);
        // What was placed or has ended within the last half minute is not recorded, and calls under way count again.
        const unsynced = 2 * spec.max_concurrent_calls + 20;
        const fast = { slotMs: slotMs * (1 - OFF) - TURN_OFF_MS / 4, settlingMs: 0, pending: -unsynced };
        const slow = { slotMs: slotMs * (1 + OFF) + TURN_OFF_MS, settlingMs: SETTLING_MS, pending: unsynced };
        const latest = quickProjection(job, input, slow);
        expect(latest.end).toBe('finished');
        expect(endedAt).toBeLessThanOrEqual(oneContactLater(job, latest.endsAt!));
        expect(oneContactLater(job, endedAt)).toBeGreaterThanOrEqual(quickProjection(job, input, fast).endsAt!);
      }),
      { seed: 1, numRuns: 40 },
    );
  });
});
