/** Which call of ours an event is of that names only the provider's own id. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certainMatches, type PossibleMatch } from '../../../domain/dialling/orphan-match.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const MINUTE_MS = 60_000;

/** Orphan and call with the minute at which each was placed; null: the provider does not say. */
const pair = (
  orphan: string,
  call: string,
  sentAt = 0,
  placedAt: number | null = null,
  heardAt = 120,
): PossibleMatch => ({
  providerCallId: orphan,
  callId: call,
  sentAt: NOW + sentAt * MINUTE_MS,
  placedAt: placedAt === null ? null : NOW + placedAt * MINUTE_MS,
  heardAt: NOW + heardAt * MINUTE_MS,
});
const names = (matches: readonly PossibleMatch[]) =>
  matches.map(({ providerCallId, callId }) => providerCallId + callId);

describe('an orphan', () => {
  it.each<[string, readonly PossibleMatch[], readonly string[]]>([
    ['fits nothing', [], []],
    ['fits one call', [pair('A', '1')], ['A1']],
    ['fits one call, and the provider’s clock is a year behind', [pair('A', '1', 0, -525_600)], ['A1']],
    ['fits one call, whose request was repeated', [pair('A', '1', 0, 10)], ['A1']],
    ['fits one call, and was placed an hour after it by somebody else', [pair('A', '1', 0, 60)], []],
    ['fits one call, and was placed an hour before it', [pair('A', '1', 0, -60)], []],
    ['fits one call, and is told to be placed after it was heard of', [pair('A', '1', 0, 600)], ['A1']],
    ['fits two calls', [pair('A', '1'), pair('A', '2')], []],
    ['is one of two that fit one call', [pair('A', '1'), pair('B', '1')], []],
    ['fits two calls, one of them by the time', [pair('A', '1', 0, 30), pair('A', '2', 30, 30)], ['A2']],
    ['fits two calls by the time', [pair('A', '1', 0, 0), pair('A', '2', 1, 0)], []],
    [
      'and another fit two calls crosswise, told apart by the time',
      [pair('A', '1', 0, 0), pair('A', '2', 30, 0), pair('B', '1', 0, 30), pair('B', '2', 30, 30)],
      ['A1', 'B2'],
    ],
    [
      'and another fit two calls crosswise, not told apart',
      [pair('A', '1'), pair('A', '2'), pair('B', '1'), pair('B', '2')],
      [],
    ],
    ['fits one call beside others in doubt', [pair('A', '1'), pair('B', '2'), pair('B', '3')], ['A1']],
  ])('that %s', (_, possible, expected) => {
    expect(names(certainMatches(possible))).toEqual(expected);
  });

  it('has one call at most, and a call one orphan, in whatever order they are read', () => {
    const match = fc.record({
      providerCallId: fc.constantFrom('A', 'B', 'C', 'D'),
      callId: fc.constantFrom('1', '2', '3', '4'),
      sentAt: fc.constantFrom(0, 5, 60).map((minutes) => NOW + minutes * MINUTE_MS),
      placedAt: fc.option(fc.constantFrom(0, 5, 60).map((minutes) => NOW + minutes * MINUTE_MS)),
      heardAt: fc.constantFrom(60, 120).map((minutes) => NOW + minutes * MINUTE_MS),
    });
    const possible = fc.uniqueArray(match, { selector: ({ providerCallId, callId }) => providerCallId + callId });
    fc.assert(
      fc.property(possible, fc.infiniteStream(fc.nat()), (matches, order) => {
        const found = names(certainMatches(matches));
        expect(new Set(found.map(([orphan]) => orphan)).size).toBe(found.length);
        expect(new Set(found.map(([, call]) => call)).size).toBe(found.length);
        const shuffled = matches
          .map((item) => ({ item, key: order.next().value as number }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ item }) => item);
        expect(names(certainMatches(shuffled)).toSorted()).toEqual(found.toSorted());
      }),
    );
  });
});
