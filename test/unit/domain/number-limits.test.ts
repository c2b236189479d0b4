import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  DEFAULT_NUMBER_LIMITS,
  limitText,
  numberHold,
  type NumberLimit,
} from '../../../domain/dialling/number-limits.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 2, 18, 12);

/** So many hours before noon. */
const ago = (...hours: number[]): number[] => hours.map((many) => NOON - many * HOUR);
const max = (calls: number, hours: number): NumberLimit => ({ max: calls, hours });

describe('a number', () => {
  test.each<[string, NumberLimit[], number[], number | null, NumberLimit | null]>([
    ['that was never called is free', [max(1, 24)], [], null, null],
    ['without limits is free, however often it was called', [], ago(0, 0, 0, 0), null, null],
    ['with a call left is free', [max(3, 24)], ago(1, 2), null, null],
    ['at its limit waits until its oldest call is so old', [max(3, 24)], ago(1, 2, 5), 19, max(3, 24)],
    ['is free at the very instant', [max(1, 24)], ago(24), null, null],
    ['is not free a millisecond before it', [max(1, 24)], [NOON - 24 * HOUR + 1], 1 / HOUR, max(1, 24)],
    ['counts no call that has left the hours', [max(2, 24)], ago(1, 25, 26), null, null],
    ['beyond a lowered limit waits until enough calls have left', [max(2, 24)], ago(1, 2, 3, 4), 22, max(2, 24)],
    ['counts a call that may still be placed', [max(1, 24)], [NOON + HOUR], 25, max(1, 24)],
    ['waits for the limit that ends last', [max(1, 1), max(2, 24)], ago(0.5, 3), 21, max(2, 24)],
    ['waits for that one, wherever it stands', [max(2, 24), max(1, 1)], ago(0.5, 3), 21, max(2, 24)],
    [
      'waits for the shorter limit alone where the longer has calls left',
      [max(1, 1), max(9, 24)],
      ago(0.5),
      0.5,
      max(1, 1),
    ],
  ])('%s', (_, limits, placedAt, hours, limit) => {
    const expected = hours === null ? null : { until: NOON + hours * HOUR, limit: limitText(limit!) };
    expect(numberHold(limits, placedAt, NOON)).toEqual(expected);
    expect(numberHold(limits, placedAt.toReversed(), NOON)).toEqual(expected);
  });

  const someLimits = fc.array(
    fc.record({ max: fc.integer({ min: 1, max: 6 }), hours: fc.integer({ min: 1, max: 48 }) }),
    {
      maxLength: 4,
    },
  );
  const somePlacements = fc.array(fc.integer({ min: -72 * HOUR, max: 0 }), { maxLength: 20 });
  /** Counted one by one. */
  const keeps = (limits: readonly NumberLimit[], placedAt: readonly number[], at: number): boolean =>
    limits.every(({ max: most, hours }) => placedAt.filter((one) => one > at - hours * HOUR).length < most);

  it('may be called at the named instant, and not before', () => {
    fc.assert(
      fc.property(someLimits, somePlacements, fc.double({ min: 0, max: 1, noNaN: true }), (limits, offsets, part) => {
        const placedAt = offsets.map((offset) => NOON + offset);
        const hold = numberHold(limits, placedAt, NOON);
        const from = hold?.until ?? NOON;
        expect(keeps(limits, placedAt, from)).toBe(true);
        if (hold === null) return;
        expect(keeps(limits, placedAt, from - 1)).toBe(false);
        const named = limits.filter((limit) => limitText(limit) === hold.limit);
        expect(keeps(named, placedAt, from - 1)).toBe(false);
        // Time alone gives calls back, so no instant before it was free.
        expect(keeps(limits, placedAt, NOON + Math.floor((from - 1 - NOON) * part))).toBe(false);
      }),
    );
  });

  it('that is called as soon as it may be is never called more often than a limit allows', () => {
    fc.assert(
      fc.property(someLimits, (limits) => {
        const placedAt: number[] = [];
        for (let now = NOON; placedAt.length < 30;) {
          const hold = numberHold(limits, placedAt, now);
          now = hold?.until ?? now;
          placedAt.push(now);
        }
        for (const at of placedAt) {
          for (const { max: most, hours } of limits) {
            expect(placedAt.filter((one) => one <= at && one > at - hours * HOUR).length).toBeLessThanOrEqual(most);
          }
        }
      }),
    );
  });
});

it('is called ten times in 24 hours where nothing else is said', () => {
  expect(DEFAULT_NUMBER_LIMITS.map(limitText)).toEqual(['10 in 24 hours']);
  expect(limitText(max(1, 1))).toBe('1 in 1 hour');
});
