import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answered, drawLife, LifeOutcome, OutcomeWeights } from '../../../simulator/call-life.ts';
import { draw, drawId, logNormal } from '../../../simulator/draw.ts';

const WEIGHTS = OutcomeWeights.parse({});
const LIMITS = { joinTimeoutMs: 30_000, maxDurationMs: 1_800_000 };

describe('draws', () => {
  test('are the same for the same seed and purpose, and spread evenly', () => {
    expect(draw('s', 'a', 1)).toBe(draw('s', 'a', 1));
    expect(draw('s', 'a', 1)).not.toBe(draw('t', 'a', 1));
    expect(draw('s', 'a', 'b')).not.toBe(draw('s', 'ab', ''));
    const draws = Array.from({ length: 2_000 }, (_, index) => draw('spread', index));
    expect(draws.every((value) => value >= 0 && value < 1)).toBe(true);
    const tenths = new Set(draws.map((value) => Math.floor(value * 10)));
    expect(tenths.size).toBe(10);
    expect(draws.reduce((sum, value) => sum + value, 0) / draws.length).toBeCloseTo(0.5, 1);
    expect(drawId('call', 's', 'k', 1)).toMatch(/^call_[0-9a-f]{24}$/);
  });

  test('a log-normal quantity is positive and has the median it was given', () => {
    const talks = Array.from({ length: 2_001 }, (_, index) => logNormal(50, 0.9, draw('a', index), draw('b', index)));
    talks.sort((a, b) => a - b);
    expect(talks[0]).toBeGreaterThan(0);
    expect(talks[1_000]! / 50).toBeCloseTo(1, 0);
  });
});

describe('the course of a call', () => {
  test('depends on seed and key alone', () => {
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    const lives = (order: string[]) => new Map(order.map((key) => [key, drawLife('seed', key, WEIGHTS, LIMITS)]));
    const forward = lives(keys);
    const backward = lives(keys.toReversed());
    for (const key of keys) expect(backward.get(key)).toEqual(forward.get(key));
    expect(lives(keys)).not.toEqual(new Map(keys.map((key) => [key, drawLife('other', key, WEIGHTS, LIMITS)])));
  });

  test('stays within the limits of the call', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 0, max: 60_000 }),
        fc.integer({ min: 0, max: 60_000 }),
        (key, joinTimeoutMs, maxDurationMs) => {
          const life = drawLife('seed', key, WEIGHTS, { joinTimeoutMs, maxDurationMs });
          expect(life.ringMs).toBeLessThanOrEqual(joinTimeoutMs);
          expect(life.talkMs).toBeLessThanOrEqual(maxDurationMs);
          expect(life.queueMs).toBeGreaterThanOrEqual(0);
          if (!answered(life.outcome)) expect(life.talkMs).toBe(0);
        },
      ),
    );
  });

  test('comes out as often as its weights say', () => {
    const outcomes = Array.from({ length: 4_000 }, (_, index) => drawLife('mix', `k${index}`, WEIGHTS, LIMITS).outcome);
    for (const outcome of LifeOutcome.options) {
      const share = outcomes.filter((one) => one === outcome).length / outcomes.length;
      expect(Math.abs(share - WEIGHTS[outcome])).toBeLessThan(0.04);
    }
  });

  test('a weight of 0 never comes, a script always does', () => {
    const none = Object.fromEntries(LifeOutcome.options.map((outcome) => [outcome, 0]));
    const onlyBusy = OutcomeWeights.parse({ ...none, busy: 1 });
    for (let index = 0; index < 50; index += 1) {
      expect(drawLife('s', `k${index}`, onlyBusy, LIMITS).outcome).toBe('busy');
      const scripted = { outcome: 'completed', queueMs: 1, ringMs: 2, talkMs: 3 } as const;
      expect(drawLife('s', `k${index}`, onlyBusy, LIMITS, scripted)).toEqual(scripted);
    }
    expect(OutcomeWeights.safeParse(none).success).toBe(false);
  });
});
