import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairShare } from '../../../db/fair-share.ts';

/** As many as the holder is given. */
function takeAll(share: FairShare, holder: string): number {
  let taken = 0;
  while (share.tryTake(holder)) taken += 1;
  return taken;
}

describe('a fair share', () => {
  it.each([
    [20, [10, 5, 3, 1, 1]],
    [18, [9, 5, 2, 1, 1]],
    [4, [2, 1, 1]],
    [2, [1, 1]],
    [1, [1]],
  ])('of %i goes to greedy holders one after another as %j', (capacity, expected) => {
    const share = new FairShare(capacity);
    expect(share.most).toBe(expected[0]);
    expect(expected.map((_, index) => takeAll(share, `holder ${index}`))).toEqual(expected);
    expect(takeAll(share, 'too late')).toBe(0);
  });

  it('is waited for, and given to the first who may have it', async () => {
    const share = new FairShare(2);
    const first = share.tryTake('greedy')!;
    const other = share.tryTake('other')!;
    const given: string[] = [];
    const greedy = share.take('greedy', 60_000).then((place) => (given.push('greedy'), place!()));
    const modest = share.take('modest', 60_000).then((place) => (given.push('modest'), place!()));
    // Greedy came first, and still has one.
    other();
    await modest;
    first();
    await greedy;
    expect(given).toEqual(['modest', 'greedy']);
  });

  it('that does not come in time is null, and is not handed out afterwards', async () => {
    const share = new FairShare(1);
    const held = share.tryTake('one')!;
    expect(await share.take('other', 1)).toBeNull();
    held();
    expect(share.tryTake('other')).not.toBeNull();
  });

  it('never exceeds the whole, and leaves something to who holds nothing while anything is left', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.record({ holder: fc.integer({ min: 0, max: 5 }), give: fc.boolean() }), { maxLength: 200 }),
        (capacity, steps) => {
          const share = new FairShare(capacity);
          const held: (() => void)[][] = Array.from({ length: 6 }, () => []);
          const all = () => held.reduce((sum, places) => sum + places.length, 0);
          for (const { holder, give } of steps) {
            const places = held[holder]!;
            if (give) places.pop()?.();
            else {
              const free = capacity - all();
              const place = share.tryTake(`${holder}`);
              if (places.length === 0) expect(place !== null).toBe(free > 0);
              if (place) places.push(place);
            }
            expect(all()).toBeLessThanOrEqual(capacity);
          }
        },
      ),
    );
  });
});
