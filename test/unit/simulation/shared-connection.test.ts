/** Campaigns on virtual time that share the calls per second of a connection. */
import { describe, expect, test } from 'vitest';
import type { EngineSpec } from '../../../domain/engine/campaign-spec.ts';
import { dialsInTenSeconds } from '../../../domain/dialling/dial-spacing.ts';
import { type CampaignWatch, VirtualCampaign } from '../../simulation/campaign.ts';
import { VirtualClock } from '../../simulation/clock.ts';
import { VirtualBreaker } from '../../simulation/connection-breaker.ts';
import { VirtualRate } from '../../simulation/connection-rate.ts';
import { NO_FAULTS, seededFaults } from '../../simulation/faults.ts';
import { seededRandom } from '../../simulation/random.ts';
import { unseen } from '../../simulation/scenario.ts';
import { scheduleOf } from '../../support/factories/schedules.ts';

const STARTS_AT = Date.parse('2026-03-02T10:00:00Z');
const SECOND_MS = 1_000;
const SLOTS = 500;

const spec: EngineSpec = {
  name: 'Shared',
  agent_id: 'agent-1',
  connection: 'truedy',
  schedule: scheduleOf({ working_days: [1, 2, 3, 4, 5, 6, 7] }),
  scheduled_at: null,
  ends_at: null,
  max_concurrent_calls: SLOTS,
  max_calls_per_day: null,
  retry: { budget: 0, delayMinutes: [0], on: ['busy'] },
};

const provider = {
  keyTtlMs: 0,
  finds: 'nothing' as const,
  echoes: true,
  requestTimeoutMs: 10_000,
  queueBoundMs: 0,
  callLifetimeMs: 60_000,
};

/** What campaigns on one connection did. */
interface Shared {
  readonly campaigns: readonly VirtualCampaign[];
  readonly clock: VirtualClock;
  /** Instants at which requests left, in order. */
  readonly sends: number[];
  /** By campaign: placements, and exchanges with the roster. */
  readonly placements: number[];
  readonly exchanges: number[];
  readonly accepted: number[];
  /** The most placements that one campaign had under way. */
  mostPlacing: number;
  pausedAt: number | null;
}

/** Campaigns of so many contacts each, that begin within a second and have free slots at all times. */
function share(campaigns: number, contacts: number, callsPerSecond: number): Shared {
  const clock = new VirtualClock(STARTS_AT);
  const connection = {
    rate: new VirtualRate(callsPerSecond),
    sharedLimits: [],
    numbers: null,
    accountDays: null,
    breaker: new VirtualBreaker(),
  };
  const counts = () => Array.from({ length: campaigns }, () => 0);
  const shared = {
    campaigns: [] as VirtualCampaign[],
    clock,
    sends: [] as number[],
    placements: counts(),
    exchanges: counts(),
    accepted: counts(),
    mostPlacing: 0,
    pausedAt: null as number | null,
  };
  for (let index = 0; index < campaigns; index++) {
    const watch: CampaignWatch = {
      ...unseen,
      sent: () => void shared.sends.push(clock.now),
      accepted: () => void (shared.accepted[index]! += 1),
      decided: ({ state }, step) => {
        if (step.kind !== 'work') return;
        shared.placements[index]! += step.place.length + step.repeat.length;
        if (step.exchange) shared.exchanges[index]! += 1;
        const placing = Object.values(state.inFlight).filter(({ phase }) => phase === 'placing').length;
        shared.mostPlacing = Math.max(shared.mostPlacing, placing + step.place.length);
      },
      pauseAcknowledged: () => (shared.pausedAt = clock.now),
    };
    const lengths = { queueMs: 0, lengthMs: 60_000, usualMs: 30_000 };
    const world = seededFaults(seededRandom(index), NO_FAULTS, lengths, []);
    const campaignId = `00000000-0000-4000-8000-0000000000${10 + index}`;
    const times = { startsAt: STARTS_AT, lookUpAfterMs: 180_000, graceMs: 60_000 };
    const options = { campaignId, spec, contacts, provider, cancels: false, ...times };
    clock.after(index * 100, () =>
      shared.campaigns.push(new VirtualCampaign({ ...options, world, clock, connection }, watch)),
    );
  }
  return shared;
}

function runUntil({ clock }: Shared, isOver: () => boolean): void {
  while (!isOver()) if (!clock.step()) throw new Error('nothing will ever happen again');
}

function toTheEnd(shared: Shared): void {
  const all = shared.placements.length;
  runUntil(shared, () => shared.campaigns.length === all && shared.campaigns.every(({ result }) => result !== null));
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** The most dials in any ten seconds. */
function busiest(sends: readonly number[]): number {
  let first = 0;
  return sends.reduce((most, at, last) => {
    while (sends[first]! <= at - 10 * SECOND_MS) first += 1;
    return Math.max(most, last - first + 1);
  }, 0);
}

describe('campaigns that share a connection', () => {
  test.each([
    { campaigns: 10, contacts: 40, rate: 1, exchanges: 0.5 },
    { campaigns: 10, contacts: 10, rate: 0.2, exchanges: 1.5 },
    { campaigns: 30, contacts: 15, rate: 1, exchanges: 1 },
    { campaigns: 10, contacts: 300, rate: 30, exchanges: 0.2 },
  ])('$campaigns at $rate a second: keep it busy, within its rate, for few activities', (given) => {
    const { campaigns, contacts, rate } = given;
    const shared = share(campaigns, contacts, rate);
    toTheEnd(shared);
    const calls = campaigns * contacts;
    expect(sum(shared.accepted)).toBe(calls);
    expect(busiest(shared.sends)).toBeLessThanOrEqual(dialsInTenSeconds(rate));
    // At most one refused dial per call, beside those with which the campaigns begin.
    expect(sum(shared.placements)).toBeLessThanOrEqual(2 * calls + 3 * campaigns);
    expect(sum(shared.exchanges)).toBeLessThanOrEqual(given.exchanges * calls);
    const lastedMs = shared.sends.at(-1)! - STARTS_AT;
    expect(lastedMs).toBeLessThan(1.1 * ((calls / rate) * SECOND_MS) + 10 * SECOND_MS);
  });

  test('have their turns: none waits until the others are done', () => {
    const shared = share(10, 200, 1);
    runUntil(shared, () => shared.sends.length >= 500);
    expect(Math.min(...shared.accepted)).toBeGreaterThan(25);
  });
});

describe('a campaign alone on a connection', () => {
  test.each([
    [1, 3],
    [5, 11],
  ])(
    'at %d a second has %d placements under way at most, although 500 slots are free, and none is refused',
    (rate, most) => {
      const shared = share(1, 100, rate);
      toTheEnd(shared);
      expect(shared.mostPlacing).toBe(most);
      expect(shared.placements).toEqual([100]);
      expect(shared.sends.at(-1)! - STARTS_AT).toBeLessThan((100 / rate) * SECOND_MS + 2 * SECOND_MS);
    },
  );

  test('acknowledges a pause as soon as the dials that wait for their instants have left', () => {
    const shared = share(1, 100, 1);
    const pausedAt = STARTS_AT + 20_300;
    shared.clock.at(pausedAt, () => shared.campaigns[0]!.command('pause'));
    runUntil(shared, () => shared.pausedAt !== null);
    expect(shared.pausedAt! - pausedAt).toBeLessThan(4 * SECOND_MS);
  });
});
