import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { ActiveFaultPlan, findFault, type Matchable } from '../../../simulator/fault-plan.ts';
import { FaultPlan } from '../../../simulator/faults.ts';

function planOf(plan: z.input<typeof FaultPlan>, seed = 'seed'): ActiveFaultPlan {
  return new ActiveFaultPlan(FaultPlan.parse(plan), seed, 1_000);
}

function request(change: Partial<Matchable> = {}): Matchable {
  return { on: 'place', key: 'c.1.1', phoneNumber: '+14155550123', ...change };
}

const THROTTLE = { kind: 'throttle' } as const;

describe('which faults a request meets', () => {
  const met = (plan: ActiveFaultPlan, change?: Partial<Matchable>) => plan.faultsFor(request(change)).request.length;

  test.each<[string, object, Partial<Matchable>, number]>([
    ['any', {}, {}, 1],
    ['key', { key: String.raw`\.1\.1$` }, {}, 1],
    ['another key', { key: String.raw`\.2\.1$` }, {}, 0],
    ['no key', { key: 'c' }, { key: null }, 0],
    ['number', { phone_suffix: '0123' }, {}, 1],
    ['another number', { phone_suffix: '0124' }, {}, 0],
    ['unreadable number', { phone_suffix: '0123' }, { phoneNumber: null }, 0],
    ['another kind of request', { on: 'get' }, {}, 0],
    ['a look-up', { on: 'get' }, { on: 'get', key: null, phoneNumber: null }, 1],
  ])('by %s', (_name, match, change, expected) => {
    expect(met(planOf({ rules: [{ match, fault: THROTTLE }] }), change)).toBe(expected);
  });

  test('by its number among requests of its kind', () => {
    const plan = planOf({ rules: [{ match: { nth: [2, 4] }, fault: THROTTLE }] });
    const seen = [1, 2, 3, 4, 5].map(() => {
      met(plan, { on: 'list', key: null });
      return met(plan);
    });
    expect(seen).toEqual([0, 1, 0, 1, 0]);
  });

  test('so many times and no more', () => {
    const plan = planOf({ rules: [{ times: 2, fault: THROTTLE }] });
    expect([1, 2, 3].map(() => met(plan))).toEqual([1, 1, 0]);
  });

  test('a fault of the call is spent only when a call is accepted', () => {
    const plan = planOf({ rules: [{ times: 1, fault: { kind: 'lost_call' } }] });
    plan.faultsFor(request());
    const due = plan.faultsFor(request());
    expect(due.request).toEqual([]);
    expect(due.takeCallFaults()).toEqual([{ kind: 'lost_call' }]);
    expect(plan.faultsFor(request()).takeCallFaults()).toEqual([]);
  });

  test('by chance: the same for the same seed whatever the order, and new at the next try', () => {
    const rules = [{ probability: 0.5, fault: THROTTLE }];
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    const run = (order: string[], seed: string) => {
      const plan = planOf({ rules }, seed);
      return new Map(order.map((key) => [key, [met(plan, { key }), met(plan, { key })]]));
    };
    const forward = run(keys, 'a');
    const backward = run(keys.toReversed(), 'a');
    for (const key of keys) expect(backward.get(key)).toEqual(forward.get(key));
    expect(run(keys, 'b')).not.toEqual(forward);
    const first = keys.filter((key) => forward.get(key)![0] === 1).length;
    expect(first).toBeGreaterThan(70);
    expect(first).toBeLessThan(130);
    expect([...forward.values()].some(([one, two]) => one === 1 && two === 0)).toBe(true);
  });

  test('an outage has a beginning and an end', () => {
    const plan = planOf({ outages: [{ from_ms: 100, to_ms: 200, how: 'destroy' }, { from_ms: 900 }] });
    expect([1_099, 1_100, 1_199, 1_200, 1_899, 1_900, 99_999].map((at) => plan.outageAt(at))).toEqual([
      null,
      'destroy',
      'destroy',
      null,
      null,
      '503',
      '503',
    ]);
  });

  test('events named by a fault', () => {
    const { rules } = FaultPlan.parse({
      rules: [{ fault: { kind: 'event_drop', events: ['call.ended'] } }, { fault: { kind: 'lost_call' } }],
    });
    const faults = planOf({ rules }).faultsFor(request()).takeCallFaults();
    expect(findFault(faults, 'event_drop', 'call.ended')).toBeDefined();
    expect(findFault(faults, 'event_drop', 'call.joined')).toBeUndefined();
    expect(findFault(faults, 'lost_call', 'call.joined')).toBeDefined();
    expect(findFault(faults, 'event_delay', 'call.ended')).toBeUndefined();
  });
});

describe('a fault plan as it is written', () => {
  test.each<[string, unknown]>([
    ['an unknown kind', { rules: [{ fault: { kind: 'explode' } }] }],
    ['a field that is not known', { rules: [{ fault: THROTTLE, when: 'now' }] }],
    ['a broken expression', { rules: [{ match: { key: '(' }, fault: THROTTLE }] }],
    ['a chance above 1', { rules: [{ probability: 2, fault: THROTTLE }] }],
    ['an outage that ends before it begins', { outages: [{ from_ms: 5, to_ms: 5 }] }],
    ['a status that is none of the account', { rules: [{ fault: { kind: 'account', status: 418 } }] }],
    ['an unknown pose', { poses: { honours: true } }],
  ])('refused: %s', (_name, plan) => {
    expect(FaultPlan.safeParse(plan).success).toBe(false);
  });
});
