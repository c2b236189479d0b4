import { describe, expect, test } from 'vitest';
import { percentiles, refillTimes, type TimedCall, utilisation } from '../../../bench/statistics.ts';

const call = (accepted_at: number, ended_at: number | null): TimedCall => ({ accepted_at, ended_at });

describe('percentiles', () => {
  test('are values that occurred', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(percentiles(values)).toEqual({ p50: 100, p95: 190, p99: 198 });
    expect(percentiles([7])).toEqual({ p50: 7, p95: 7, p99: 7 });
    expect(percentiles([])).toEqual({ p50: 0, p95: 0, p99: 0 });
  });
});

describe('refill times', () => {
  test('lead from each end to the call that took the place', () => {
    const calls = [call(0, 100), call(1, 300), call(110, 210), call(240, 500), call(301, 400)];
    expect(refillTimes(calls, 2)).toEqual([10, 30, 1]);
  });

  test('do not depend on the order in which calls are listed', () => {
    const calls = [call(0, 100), call(1, 300), call(110, 210), call(240, 500)];
    expect(refillTimes(calls.toReversed(), 2)).toEqual(refillTimes(calls, 2));
  });

  test('are below 0 where a call was placed without a free slot', () => {
    expect(refillTimes([call(0, 100), call(50, 150)], 1)).toEqual([-50]);
  });

  test('leave out a call whose predecessor never ended', () => {
    expect(refillTimes([call(0, null), call(50, null)], 1)).toEqual([]);
  });
});

describe('utilisation', () => {
  test('is 1 where every slot is full throughout', () => {
    expect(utilisation([call(0, 100), call(0, 100), call(100, 200), call(100, 200)], 2)).toBe(1);
  });

  test('is the part of the slots that was call', () => {
    expect(utilisation([call(0, 100), call(100, 200), call(100, 200)], 2)).toBe(0.75);
  });

  test('is 0 without calls', () => {
    expect(utilisation([], 2)).toBe(0);
  });
});
