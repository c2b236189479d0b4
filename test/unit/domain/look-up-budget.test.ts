import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LookUpUsage, reserveRequests } from '../../../domain/dialling/look-up-budget.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const SECOND = 1_000;

/** Reserves in turn: seconds after the beginning, urgent and routine requests. Returns what each was granted. */
function reserve(
  perMinute: number,
  questions: readonly (readonly [seconds: number, urgent: number, routine: number])[],
) {
  let usage: LookUpUsage | null = null;
  return questions.map(([seconds, urgent, routine]) => {
    const reservation = reserveRequests(usage, perMinute, { urgent, routine }, NOW + seconds * SECOND);
    usage = reservation.usage;
    const { granted, retryAfterMs } = reservation;
    return { urgent: granted.urgent, routine: granted.routine, retryAfterS: retryAfterMs / SECOND };
  });
}

describe('the budget of look-ups', () => {
  test('grants routine questions three quarters of it, and urgent ones what is left', () => {
    expect(
      reserve(60, [
        [0, 0, 100],
        [1, 0, 1],
        [1, 100, 0],
        [2, 1, 0],
      ]),
    ).toMatchObject([{ routine: 45 }, { routine: 0 }, { urgent: 15 }, { urgent: 0 }]);
  });

  test('grants the urgent ones first', () => {
    expect(reserve(20, [[0, 12, 12]])).toMatchObject([{ urgent: 12, routine: 3 }]);
  });

  test('is full again when a minute has passed, and says when', () => {
    const [first, second, third] = reserve(20, [
      [2, 20, 0],
      [30, 5, 0],
      [65, 5, 0],
    ]);
    expect([first?.urgent, second?.urgent, third?.urgent]).toEqual([20, 0, 5]);
    expect(second?.retryAfterS).toBe(35);
  });

  test('begins again after the clock was set back for long', () => {
    expect(
      reserve(20, [
        [3_600, 20, 0],
        [3_599, 1, 0],
        [0, 1, 0],
      ]),
    ).toMatchObject([{ urgent: 20 }, { urgent: 0 }, { urgent: 1 }]);
  });

  test('is kept in any minute, however much is asked for and when, and something is free again after a minute', () => {
    const question = fc.record({
      afterMs: fc.integer({ min: 0, max: 90_000 }),
      urgent: fc.integer({ min: 0, max: 40 }),
      routine: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 120 }), fc.array(question, { maxLength: 60 }), (perMinute, questions) => {
        let usage: LookUpUsage | null = null;
        let now = NOW;
        const sent: { readonly at: number; readonly count: number; readonly routine: number }[] = [];
        for (const { afterMs, ...wanted } of questions) {
          now += afterMs;
          const { granted, retryAfterMs, ...reservation } = reserveRequests(usage, perMinute, wanted, now);
          usage = reservation.usage;
          sent.push({ at: now, count: granted.urgent + granted.routine, routine: granted.routine });
          const minute = sent.filter(({ at }) => at > now - 60_000);
          const total = minute.reduce((sum, { count }) => sum + count, 0);
          expect(total).toBeLessThanOrEqual(perMinute);
          if (granted.urgent < wanted.urgent) {
            expect(retryAfterMs).toBeLessThanOrEqual(65_000);
            expect(
              reserveRequests(usage, perMinute, { urgent: 1, routine: 0 }, now + retryAfterMs).granted.urgent,
            ).toBe(1);
          }
        }
      }),
    );
  });
});
