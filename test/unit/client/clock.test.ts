import { describe, expect, it } from 'vitest';
import { clockFinding } from '../../../cli/doctor/clock.ts';

describe('two clocks', () => {
  it.each([
    [1_000, 'well', 0],
    // The answer took as long as it took: the other clock may have been read at any moment of it.
    [1_400, 'well', 0],
    [3_400, 'well', 2_000],
    [3_401, 'trouble', 2_001],
    [-1_000, 'well', 2_000],
    [-1_001, 'trouble', 2_001],
  ])('asked from 1000 to 1400, one that shows %d', (theirs, state, apart) => {
    const finding = clockFinding('the gateway', { askedAt: 1_000, theirs, answeredAt: 1_400 });
    expect(finding).toMatchObject({ state, facts: { at_least_ms: apart, uncertain_by_ms: 400 } });
  });

  it('are told apart by which is ahead', () => {
    const say = (theirs: number) => clockFinding('PostgreSQL', { askedAt: 0, theirs, answeredAt: 0 }).found;
    expect(say(90_000)).toBe("the clock of PostgreSQL is 90.0 s ahead of this machine's");
    expect(say(-90_000)).toBe("the clock of PostgreSQL is 90.0 s behind this machine's");
  });
});
