import { describe, expect, test } from 'vitest';
import { termsAt } from '../../chaos/audit/terms.ts';
import type { NotedEdit } from '../../chaos/notes.ts';
import { edit, evidence, NOON } from '../../support/factories/chaos-evidence.ts';

describe('terms that an edit without an answer may have changed', () => {
  const limits = (edits: NotedEdit[], at: number) =>
    termsAt(evidence({}, { edits }).notes, NOON + at)
      .map(({ max_concurrent_calls }) => max_concurrent_calls)
      .toSorted((a, b) => a - b);

  test.each<[string, NotedEdit[], number[]]>([
    ['are those before and after', [edit(0, { max_concurrent_calls: 7 }, 'unknown')], [2, 7]],
    [
      'may still be changed by it after a later edit',
      [edit(0, { max_concurrent_calls: 7 }, 'unknown'), edit(500, { max_concurrent_calls: 3 })],
      [3, 7],
    ],
    ['are those after an edit that was taken', [edit(0, { max_concurrent_calls: 7 })], [7]],
  ])('%s', (_name, edits, expected) => {
    expect(limits(edits, 9_000)).toEqual(expected);
  });
});
