import { describe, expect, test } from 'vitest';
import { planCampaigns } from '../../chaos/campaigns.ts';
import { chanceOf } from '../../chaos/chance.ts';
import { describe as tell, type Disturbance, type Of, planDisturbances } from '../../chaos/disturbances.ts';
import { drawCampaigns } from '../../chaos/drawn-campaigns.ts';
import { faultPlan } from '../../chaos/fault-plan.ts';
import { LINKS, PARTS } from '../../chaos/parts.ts';
import { readOptions } from '../../chaos/options.ts';
import { MOST_PEOPLE, person } from '../../chaos/people.ts';
import { LULL_MS, planPhases } from '../../chaos/phases.ts';
import { isOpenAt, wallTime } from '../../chaos/wall-clock.ts';
import { zoneWithMidnight } from '../../chaos/zones.ts';
import { AddContacts } from '../../../domain/api/added-contacts.ts';
import { ChangeCampaign } from '../../../domain/api/campaign-change.ts';
import { CreateCampaign } from '../../../domain/api/campaign-request.ts';
import { parsePhone } from '../../../domain/contacts/phone.ts';
import { Schedule } from '../../../domain/windows/schedule.ts';
import { isInside } from '../../../domain/windows/windows.ts';
import { CARRIERS } from '../../../simulator/faults.ts';
import { createSimulator } from '../../../simulator/simulator.ts';

const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 2, 18, 11, 58, 20);
const HOURS = { start_time: null, end_time: null, working_days: null };
/** Each length once with one seed, the usual one with others. */
const RUNS = (
  [
    ['1', 0.3],
    ['1', 0.5],
    ['1', 5],
    ['1', 20],
    ['2', 5],
    ['another', 5],
  ] as const
).map(([seed, minutes]) => ({ seed, durationMs: minutes * MINUTE, begin: BEGIN }));

function only<K extends Disturbance['kind']>(disturbances: readonly Disturbance[], kind: K): Of<K>[] {
  return disturbances.filter((one): one is Of<K> => one.kind === kind);
}

describe.each(RUNS)('the plan of seed $seed for $durationMs ms', (run) => {
  const { seed, durationMs } = run;
  const phases = planPhases(durationMs);
  const storms = phases.filter(({ kind }) => kind === 'storm');
  const disturbances = planDisturbances(seed, phases);

  test('goes from storm to lull without a gap', () => {
    expect(phases[0]).toMatchObject({ kind: 'storm', from: 0 });
    expect(phases.at(-1)?.to).toBe(durationMs);
    for (const [index, { kind, from, to }] of phases.entries()) {
      if (index > 0) expect(from).toBe(phases[index - 1]?.to);
      if (kind === 'lull') expect(to - from).toBe(LULL_MS);
      else expect(to).toBeGreaterThan(from);
    }
  });

  test('kills and freezes each process at least once, one misfortune after the other', () => {
    for (const part of PARTS) {
      const of = disturbances.filter((one) => (one.kind === 'kill' || one.kind === 'freeze') && one.part === part);
      expect(new Set(of.map(({ kind }) => kind))).toEqual(new Set(['kill', 'freeze']));
      for (const [index, one] of of.entries()) {
        const next = of[index + 1];
        if (one.kind === 'freeze' && next) expect(one.at + one.forMs).toBeLessThanOrEqual(next.at);
      }
    }
    for (const { downMs } of only(disturbances, 'kill')) expect(downMs).toBeLessThanOrEqual(3_000);
  });

  test('disturbs nothing outside its storms', () => {
    for (const one of disturbances) {
      const storm = storms.find(({ from, to }) => one.at >= from && one.at < to);
      expect(storm, tell(one)).toBeDefined();
      if ('forMs' in one) expect(one.at + one.forMs, tell(one)).toBeLessThanOrEqual(storm!.to);
    }
  });

  test('is the same for the same seed, and another for another', () => {
    expect(planDisturbances(seed, phases)).toEqual(disturbances);
    expect(planDisturbances(`${seed}!`, phases)).not.toEqual(disturbances);
    expect(drawCampaigns(run)).toEqual(drawCampaigns(run));
    expect(drawCampaigns({ ...run, seed: `${seed}!` })).not.toEqual(drawCampaigns(run));
  });

  test('makes campaigns and changes that the API takes, each campaign with orders in order', () => {
    for (const { body, orders, at } of [...planCampaigns(run), ...drawCampaigns(run)]) {
      expect(CreateCampaign.safeParse(body).error).toBeUndefined();
      expect(orders.map(({ at }) => at)).toEqual(orders.map(({ at }) => at).toSorted((a, b) => a - b));
      for (const order of orders) {
        expect(order.at).toBeGreaterThanOrEqual(at);
        if (order.kind === 'add') expect(AddContacts.safeParse({ contacts: order.people }).error).toBeUndefined();
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

  test('has people inside and outside their own hours, and some who come into them, whose campaign changes people', () => {
    const { body, orders } = planCampaigns(run).find(({ label }) => label === 'own hours')!;
    expect(body.timezone).toBe('contact');
    const calling_hours = body.calling_hours ?? [];
    const zones = [...new Set(body.contacts?.map(({ timezone }) => timezone ?? ''))];
    const open = (at: number) => zones.filter((timezone) => isOpenAt({ ...HOURS, calling_hours, timezone }, at)).length;
    expect(open(BEGIN)).toBeGreaterThan(0);
    expect(open(BEGIN)).toBeLessThan(zones.length);
    expect(
      zones.some((timezone) => {
        const hours = { ...HOURS, calling_hours, timezone };
        return !isOpenAt(hours, BEGIN) && isOpenAt(hours, BEGIN + 3 * MINUTE);
      }),
    ).toBe(true);
    expect(new Set(orders.map(({ kind }) => kind))).toEqual(new Set(['add', 'remove', 'call-at']));
  });

  test.each(CARRIERS)('gives %s plans of which it can have every fault, another for each storm', async (carrier) => {
    const plans = [0, 1].map((storm) => faultPlan(carrier, seed, storm, durationMs));
    const simulator = createSimulator({ carrier });
    for (const plan of plans) expect(() => simulator.setFaults(plan)).not.toThrow();
    await simulator.close();
    expect(plans[0]).not.toEqual(plans[1]);
    expect(plans[0]?.poses).toEqual(plans[1]?.poses);
  });
});

describe('the plans of many seeds', () => {
  const phases = planPhases(10 * MINUTE);
  const all = Array.from({ length: 20 }, (_, seed) => planDisturbances(String(seed), phases)).flat();

  test('freeze processes for one to ninety seconds', () => {
    const lasts = only(all, 'freeze').map(({ forMs }) => forMs);
    expect(lasts.filter((ms) => ms < 3_000).length).toBeGreaterThan(20);
    expect(lasts.filter((ms) => ms > 30_000).length).toBeGreaterThan(20);
    expect(Math.max(...lasts)).toBeLessThanOrEqual(90_000);
  });

  test('spoil every link in every way', () => {
    for (const link of LINKS) {
      const ways = only(all, 'network').filter(({ links }) => links.includes(link));
      expect(new Set(ways.map(({ how }) => how)).size, `${link.from} > ${link.to}`).toBe(4);
    }
  });

  test('keep no request under way to the provider for longer than a call can last', () => {
    const before = only(all, 'network').filter(
      ({ how, links }) => how === 'silence' && links.some(({ to }) => to === 'provider'),
    );
    expect(before.length).toBeGreaterThan(5);
    for (const { forMs } of before) expect(forMs).toBeLessThanOrEqual(8_000);
  });

  test('lock every table and do everything to workflows', () => {
    expect(new Set(only(all, 'lock').map(({ table }) => table)).size).toBe(10);
    expect(new Set(only(all, 'lock').map(({ mode }) => mode)).size).toBe(4);
    expect(new Set(only(all, 'workflow').map(({ action }) => action)).size).toBe(5);
    expect(only(all, 'disconnect').length).toBeGreaterThan(0);
  });

  test('give orders of every kind by both doors, once and again', () => {
    const orders = Array.from({ length: 8 }, (_, seed) =>
      drawCampaigns({ seed: String(seed), durationMs: 10 * MINUTE, begin: BEGIN }),
    )
      .flat()
      .flatMap((campaign) => campaign.orders);
    for (const kind of ['pause', 'resume', 'cancel', 'edit', 'add', 'remove', 'call-at']) {
      const ofKind = orders.filter((order) => order.kind === kind);
      expect(new Set(ofKind.map(({ door }) => door)).size).toBe(2);
      expect(ofKind.some(({ times, together }) => times > 1 && together)).toBe(true);
    }
  });
});

describe('chance', () => {
  const chance = chanceOf('1', 'test');
  const draws = Array.from({ length: 2_000 }, (_, index) => index);

  test('is as often below as above the middle of a size', () => {
    const sizes = draws.map((index) => chance.size(1, 10_000, index));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10_000);
    expect(sizes.filter((size) => size < 100).length / sizes.length).toBeCloseTo(0.5, 1);
  });

  test('picks by weight', () => {
    const picked = draws.map((index) =>
      chance.pick(
        [
          [3, 'a'],
          [1, 'b'],
          [0, 'never'],
        ] as const,
        index,
      ),
    );
    expect(picked.filter((value) => value === 'a').length / picked.length).toBeCloseTo(0.75, 1);
    expect(picked).not.toContain('never');
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
    expect(readOptions([])).toEqual({ provider: 'truedy', seed: '1', minutes: 5, json: false, home: null });
    expect(readOptions(['--help'])).toBeNull();
  });

  test('name the adapter', () => {
    expect(readOptions(['--provider', 'retell'])).toMatchObject({ provider: 'retell' });
    expect(() => readOptions(['--provider', 'another'])).toThrow('--provider must be truedy, twilio or retell');
  });

  test.each(['', '0', '0.1', 'five', '1000'])('refuse --minutes %s and say what is taken', (minutes) => {
    expect(() => readOptions(['--minutes', minutes])).toThrow('--minutes must be a number from 0.3 to 240');
  });
});
