/** Questions to the provider that wait for their turn. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SlotTimeout, limitConcurrency } from '../../../providers/concurrency-limit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const lasting = (ms: number) => () => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms));

describe('work for two places', () => {
  it('is done two at a time, in the order in which it came, also where some of it fails', async () => {
    const withPlace = limitConcurrency(2, 60_000);
    const begun: number[] = [];
    const results = [0, 1, 2, 3, 4].map((nth) =>
      withPlace(async () => {
        begun.push(nth);
        await lasting(100)();
        if (nth === 1) throw new Error('no answer');
        return nth;
      }).catch(() => null),
    );
    await vi.advanceTimersByTimeAsync(99);
    expect(begun).toEqual([0, 1]);
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toEqual([0, 1, 2, 3]);
    await vi.runAllTimersAsync();
    expect(await Promise.all(results)).toEqual([0, null, 2, 3, 4]);
  });

  it('is not begun once it has waited too long, and takes no place then', async () => {
    const withPlace = limitConcurrency(2, 1_000);
    const first = [1, 2].map(() => withPlace(lasting(1_500)));
    const late = vi.fn(lasting(1));
    const waited = expect(withPlace(late)).rejects.toBeInstanceOf(SlotTimeout);
    await vi.advanceTimersByTimeAsync(1_000);
    await waited;
    const next = [3, 4].map((ms) => withPlace(lasting(ms)));
    await vi.runAllTimersAsync();
    expect(await Promise.all([...first, ...next])).toEqual([1_500, 1_500, 3, 4]);
    expect(late).not.toHaveBeenCalled();
  });
});
