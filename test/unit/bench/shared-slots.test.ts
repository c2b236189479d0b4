import { describe, expect, test } from 'vitest';
import { farthestFromEqual, fullSpan, peakOf, utilisationIn } from '../../../bench/shared-slots.ts';

const call = (accepted_at: number, ended_at: number | null) => ({ accepted_at, ended_at });

describe('the peak', () => {
  test('counts calls at the same instant, and not one that ends when the next begins', () => {
    expect(peakOf([call(0, 10), call(5, 20), call(10, 30)])).toBe(2);
    expect(peakOf([call(0, null), call(5, 20), call(10, 30)])).toBe(3);
    expect(peakOf([])).toBe(0);
  });
});

describe('the full span', () => {
  test('leads from the first second in which all slots were in use to the last one', () => {
    const calls = [call(200, 9_000), call(2_500, 3_100), call(5_700, 6_200)];
    expect(fullSpan(calls, 2)).toEqual({ from: 2_000, to: 7_000 });
    expect(fullSpan(calls, 3)).toBeNull();
  });
});

describe('in a span', () => {
  const span = { from: 1_000, to: 2_000 };

  test('the utilisation counts what lies in it', () => {
    expect(utilisationIn([call(0, 1_500), call(1_500, null)], 1, span)).toBe(1);
    expect(utilisationIn([call(0, 1_500), call(1_500, null)], 2, span)).toBe(0.5);
    expect(utilisationIn([call(1_750, 1_900), call(0, 900)], 1, span)).toBe(0.15);
  });

  test('the campaign that is farthest off counts, above or below', () => {
    expect(farthestFromEqual([[call(0, 2_000)], [call(0, 2_000)]], span)).toBe(0);
    expect(farthestFromEqual([[call(0, 2_000)], [call(1_000, 1_500)], [call(1_250, 2_000)]], span)).toBeCloseTo(1 / 3);
    expect(farthestFromEqual([[call(0, 2_000)], [call(0, 1_500)], [call(0, 1_500)]], span)).toBeCloseTo(0.5);
  });
});
