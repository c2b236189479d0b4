/** The division of a connection's limit, by examples and properties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyReport,
  fairShares,
  type Shareholder,
  shareOut,
  totalHeld,
  withoutOwner,
} from '../../../domain/engine/shares.ts';

const holder = (fields: Partial<Shareholder> = {}): Shareholder => ({
  campaignId: 'a',
  epoch: 1,
  report: 1,
  need: 0,
  share: 0,
  held: 0,
  revision: 0,
  told: 0,
  ...fields,
});
const shares = (holders: readonly Shareholder[]) => holders.map(({ share }) => share);

describe('a fair division', () => {
  it.each([
    { limit: 30, needs: [20, 20, 20], expected: [10, 10, 10] },
    { limit: 100, needs: [100_000, 100], expected: [50, 50] },
    { limit: 30, needs: [2, 100, 100], expected: [2, 14, 14] },
    { limit: 30, needs: [5, 10], expected: [5, 10] },
    { limit: 10, needs: [10, 10, 10], expected: [4, 3, 3] },
    { limit: 5, needs: [0, 9], expected: [0, 5] },
    { limit: 0, needs: [3, 3], expected: [0, 0] },
    { limit: 3, needs: [], expected: [] },
  ])('of $limit among needs of $needs is $expected', ({ limit, needs, expected }) => {
    expect(fairShares(limit, needs)).toEqual(expected);
  });

  it('lets campaigns take turns if there are more of them than calls', () => {
    const needs = [1, 5, 2, 0, 1];
    const turns = [0, 1, 2, 3].map((turn) => fairShares(1, needs, turn));
    expect(turns.map((shares) => shares.indexOf(1))).toEqual([0, 1, 2, 4]);
  });

  it('gives out all that can be used, and nobody less than another but by one call', () => {
    const needs = fc.array(fc.nat(40), { maxLength: 12 });
    fc.assert(
      fc.property(fc.nat(100), needs, fc.nat(9), (limit, needs, turn) => {
        const shares = fairShares(limit, needs, turn);
        const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
        expect(sum(shares)).toBe(Math.min(limit, sum(needs)));
        const most = Math.max(0, ...shares);
        for (const [index, share] of shares.entries()) {
          expect(share).toBeLessThanOrEqual(needs[index]!);
          if (share < needs[index]!) expect(share).toBeGreaterThanOrEqual(most - 1);
        }
      }),
    );
  });
});

describe('a division among campaigns', () => {
  it('raises a share only by what nobody holds', () => {
    const large = holder({ campaignId: 'large', need: 100, share: 100, held: 100 });
    const small = holder({ campaignId: 'small', need: 100 });
    const [lowered, waiting] = shareOut(100, [large, small], 0);
    expect(lowered).toMatchObject({ share: 50, held: 100, revision: 1 });
    expect(waiting).toEqual(small);
    // As calls end.
    const later = applyReport(lowered!, { ...report(), campaignId: 'large', revision: 1, need: 100, inFlight: 80 });
    expect(shareOut(100, [later, small], 0)).toMatchObject([
      { share: 50, held: 80 },
      { share: 20, held: 20 },
    ]);
  });

  it('leaves shares that are not needed where they are, until somebody needs them', () => {
    const idle = holder({ campaignId: 'idle', need: 1, share: 10, held: 10 });
    expect(shareOut(10, [idle], 0)).toEqual([idle]);
    expect(shares(shareOut(10, [idle, holder({ campaignId: 'new', need: 3 })], 0))).toEqual([7, 0]);
    expect(shares(shareOut(14, [idle, holder({ campaignId: 'new', need: 3 })], 0))).toEqual([10, 3]);
  });

  it('divides what the calls of a paused campaign leave', () => {
    const paused = holder({ campaignId: 'paused', held: 5 });
    const busy = holder({ campaignId: 'busy', need: 10, share: 5, held: 5 });
    const [, lowered, waiting] = shareOut(10, [paused, busy, holder({ campaignId: 'new', need: 10 })], 0);
    expect([lowered!.share, waiting!.share]).toEqual([3, 0]);
  });

  it('gives back what is held from a higher share', () => {
    expect(shareOut(10, [holder({ need: 10, share: 2, held: 9 })], 0)).toMatchObject([{ share: 10, held: 10 }]);
  });

  it('starts nothing after the limit was lowered, until calls have ended down to it', () => {
    const before = [
      holder({ campaignId: 'a', need: 9, share: 5, held: 5 }),
      holder({ campaignId: 'b', need: 9, share: 5, held: 5 }),
    ];
    const lowered = shareOut(4, before, 0);
    expect(lowered).toMatchObject([
      { share: 0, held: 5 },
      { share: 0, held: 5 },
    ]);
    const ended = lowered.map((row, index) => ({ ...row, held: index === 0 ? 1 : 3 }));
    expect(shareOut(4, ended, 0)).toMatchObject([
      { share: 1, held: 1 },
      { share: 2, held: 3 },
    ]);
  });

  it('takes the share of a campaign without a run, and leaves it the calls in flight', () => {
    expect(withoutOwner(holder({ need: 9, share: 8, held: 8 }), 3)).toMatchObject({ need: 0, share: 0, held: 3 });
  });

  const arbitraryHolder = fc
    .record({ need: fc.nat(20), share: fc.nat(12), above: fc.nat(6), revision: fc.nat(3) })
    .map(({ above, ...fields }) => holder({ ...fields, held: fields.share + above }));
  const arbitraryHolders = fc
    .array(arbitraryHolder, { maxLength: 8 })
    .map((holders) => holders.map((row, index) => ({ ...row, campaignId: String(index) })));

  it('never raises what is held above the limit, and says every change by a new revision', () => {
    fc.assert(
      fc.property(fc.nat(40), arbitraryHolders, fc.nat(1_000_000), (limit, before, now) => {
        const after = shareOut(limit, before, now);
        expect(totalHeld(after)).toBeLessThanOrEqual(Math.max(limit, totalHeld(before)));
        for (const [index, row] of after.entries()) {
          expect(row.held).toBeGreaterThanOrEqual(row.share);
          expect(row.held).toBeGreaterThanOrEqual(before[index]!.held);
          expect(row.share === before[index]!.share).toBe(row.revision === before[index]!.revision);
        }
      }),
    );
  });

  it('is settled at once if nothing else changes', () => {
    fc.assert(
      fc.property(fc.nat(40), arbitraryHolders, fc.nat(1_000_000), (limit, holders, now) => {
        const once = shareOut(limit, holders, now);
        fc.pre(totalHeld(once) <= limit);
        const twice = shareOut(limit, once, now);
        expect(shareOut(limit, twice, now)).toEqual(twice);
      }),
    );
  });
});

const report = () => ({ campaignId: 'a', epoch: 1, number: 2, revision: 0, need: 5, inFlight: 0 });

describe('a report', () => {
  const lowered = holder({ need: 9, share: 3, held: 9, revision: 4, told: 4 });

  it.each([
    ['of the present share lowers what is held to the calls in flight', { revision: 4, inFlight: 6 }, { held: 6 }],
    ['lowers it at least to the share', { revision: 4, inFlight: 1 }, { held: 3 }],
    ['of an earlier share lowers nothing', { revision: 3, inFlight: 1 }, { held: 9 }],
    ['that came before is not applied again', { number: 1, need: 1, revision: 4 }, { held: 9, need: 9 }],
    ['of an earlier epoch changes nothing', { epoch: 0, number: 9, revision: 4, need: 1 }, { held: 9, need: 9 }],
    [
      'of a run that took over has no share, and the calls in flight',
      { epoch: 2, number: 1, inFlight: 7 },
      { epoch: 2, report: 1, share: 0, held: 7, revision: 0, told: 0 },
    ],
    ['shows what the campaign knows', { revision: 3 }, { told: 4 }],
  ])('%s', (_, said, expected) => {
    expect(applyReport(lowered, { ...report(), ...said })).toMatchObject(expected);
  });

  it('of a campaign that is not known yet gives it no share', () => {
    expect(applyReport(null, { ...report(), revision: 7, inFlight: 2 })).toMatchObject({
      share: 0,
      held: 2,
      revision: 0,
    });
  });
});
