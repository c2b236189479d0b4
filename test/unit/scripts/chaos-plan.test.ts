import { describe, expect, test } from 'vitest';
import { planCampaigns } from '../../../scripts/chaos/campaigns.ts';
import { faultPlan } from '../../../scripts/chaos/fault-plan.ts';
import { PARTS, planKills } from '../../../scripts/chaos/kills.ts';
import { readOptions } from '../../../scripts/chaos/options.ts';
import { MOST_PEOPLE, person } from '../../../scripts/chaos/people.ts';
import { isOpenAt, wallTime } from '../../../scripts/chaos/wall-clock.ts';
import { zoneWithMidnight } from '../../../scripts/chaos/zones.ts';
import { ChangeCampaign } from '../../../domain/campaign-change.ts';
import { CreateCampaign } from '../../../domain/campaign-request.ts';
import { parsePhone } from '../../../domain/phone.ts';
import { Schedule } from '../../../domain/schedule.ts';
import { isInside } from '../../../domain/windows.ts';
import { FaultPlan } from '../../../simulator/faults.ts';

const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 2, 18, 11, 58, 20);
const SEEDS = ['1', '2', 'another'];
const DURATIONS = [0.3, 0.5, 5, 60].map((minutes) => minutes * MINUTE);
const RUNS = SEEDS.flatMap((seed) => DURATIONS.map((durationMs) => ({ seed, durationMs, begin: BEGIN })));

describe.each(RUNS)('the plan of seed $seed for $durationMs ms', (run) => {
  const { seed, durationMs } = run;

  test('kills each part at least once, within the run', () => {
    const kills = planKills(seed, durationMs);
    expect(new Set(kills.map(({ part }) => part))).toEqual(new Set(PARTS));
    for (const { at, downMs } of kills) {
      expect(at).toBeGreaterThan(0);
      expect(at).toBeLessThan(durationMs);
      expect(downMs).toBeLessThanOrEqual(3_000);
    }
    expect(planKills(seed, durationMs)).toEqual(kills);
  });

  test('makes campaigns and changes that the API takes, each campaign with orders in order', () => {
    for (const { body, orders } of planCampaigns(run)) {
      expect(CreateCampaign.safeParse(body).error).toBeUndefined();
      expect(orders.map(({ at }) => at)).toEqual(orders.map(({ at }) => at).toSorted((a, b) => a - b));
      for (const order of orders) {
        if (order.kind === 'edit') expect(ChangeCampaign.safeParse(order.change).error).toBeUndefined();
      }
    }
  });

  test('has a campaign whose hours end soon and begin again a minute later', () => {
    const { body } = planCampaigns(run).find(({ label }) => label === 'in hours')!;
    const schedule = Schedule.parse(body);
    const open = Array.from({ length: 6 * 60 }, (_, second) => isOpenAt(schedule, BEGIN + second * 1_000));
    expect(open[0]).toBe(true);
    expect(open.filter((now) => !now)).toHaveLength(60);
    expect(open.at(-1)).toBe(true);
  });

  test('gives the provider a plan that it understands', () => {
    expect(FaultPlan.safeParse(faultPlan(seed, durationMs)).error).toBeUndefined();
  });
});

describe('the people of a run', () => {
  test('have valid numbers, each their own', () => {
    const people = Array.from({ length: MOST_PEOPLE }, (_, index) => person(index));
    expect(new Set(people.map(({ phone_number }) => phone_number)).size).toBe(MOST_PEOPLE);
    const strange = people.filter(({ phone_number }) => {
      const parsed = parsePhone(phone_number, null);
      return !('e164' in parsed) || parsed.e164 !== phone_number;
    });
    expect(strange).toEqual([]);
  });
});

describe("the audit's clock", () => {
  test('agrees with the engine in every zone, hour by hour through both changes of the year', () => {
    const hours = { start_time: '21:30', end_time: '05:15', working_days: [1, 3, 6] };
    for (const timezone of ['UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia']) {
      const schedule = Schedule.parse({ timezone, ...hours });
      for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 47 * MINUTE) {
        if (isOpenAt(schedule, at) !== isInside(schedule, at)) expect.fail(`${timezone} at ${at}`);
      }
    }
  });

  test('finds a zone in which a day ends within a quarter of an hour that has one', () => {
    const from = Date.UTC(2026, 2, 18, 11, 58);
    const zone = zoneWithMidnight(from, from + 5 * MINUTE)!;
    expect(wallTime(zone, from).date).not.toBe(wallTime(zone, from + 5 * MINUTE).date);
    expect(zoneWithMidnight(from + 5 * MINUTE, from + 6 * MINUTE)).toBeNull();
  });
});

describe('the options', () => {
  test('have defaults', () => {
    expect(readOptions([])).toEqual({ seed: '1', minutes: 5, json: false, home: null });
    expect(readOptions(['--help'])).toBeNull();
  });

  test.each(['', '0', '0.1', 'five', '1000'])('refuse --minutes %s and say what is taken', (minutes) => {
    expect(() => readOptions(['--minutes', minutes])).toThrow('--minutes must be a number from 0.3 to 240');
  });
});
