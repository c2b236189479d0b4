/** P13 as arithmetic: how far apart the instants of a connection are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialsInTenSeconds, dialSpacingMs } from '../../../domain/dialling/dial-spacing.ts';
import { DIAL } from '../../../domain/engine/dial-budget.ts';

describe('the instants of a connection', () => {
  it.each([
    [30, 1_000 / 30, 330],
    [1, 1_000, 11],
    [0.5, 2_000, 6],
    [0.2, 5_000, 3],
    [0.01, 100_000, 1],
  ])('at %d a second are %d ms apart: at most %d dials in ten seconds', (rate, spacingMs, most) => {
    expect(dialSpacingMs(rate)).toBeCloseTo(spacingMs, 9);
    expect(dialsInTenSeconds(rate)).toBe(most);
  });

  it.each([0.0999, 0.198, 1.175])(
    'are further apart than a second by the rate where one dial more would fit: %d',
    (rate) => {
      expect(dialSpacingMs(rate)).toBeGreaterThan(1_000 / rate);
      expect(dialSpacingMs(rate)).toBeLessThan(1.03 * (1_000 / rate));
    },
  );

  const rates = fc.double({ min: 0.001, max: 1_000, noNaN: true });

  it('keep the promise at every rate, however late each dial leaves', () => {
    fc.assert(
      fc.property(
        rates,
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 40 }),
        (rate, late) => {
          const spacing = dialSpacingMs(rate);
          const most = dialsInTenSeconds(rate);
          expect(most).toBeLessThanOrEqual(10 * rate + Math.max(1, rate));
          const leaves = (n: number) => n * spacing + (late[n % Math.max(1, late.length)] ?? 0) * DIAL.instantLastsMs;
          // The first as late as it can be, and the last of one dial too many on time.
          expect(leaves(most) + DIAL.instantLastsMs - leaves(0)).toBeGreaterThan(10_000);
          expect(most * spacing - DIAL.instantLastsMs).toBeGreaterThanOrEqual(10_000 - 1e-6);
        },
      ),
      { seed: 1 },
    );
  });

  it('are never further apart at a higher rate', () => {
    fc.assert(
      fc.property(rates, rates, (one, other) => {
        const [slow, fast] = [Math.min(one, other), Math.max(one, other)];
        expect(dialSpacingMs(fast)).toBeLessThanOrEqual(dialSpacingMs(slow) + 1e-9);
      }),
      { seed: 1 },
    );
  });
});
