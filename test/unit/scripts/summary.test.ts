import { expect, test } from 'vitest';
import { closingLine, summarise, trouble } from '../../../scripts/test/summary.ts';

function report(counts: { passed?: number; failed?: number; pending?: number; todo?: number; brokenFiles?: number }) {
  const broken = Array.from({ length: counts.brokenFiles ?? 0 }, () => ({
    name: '/clone/test/broken.test.ts',
    status: 'failed',
    message: '\nSyntaxError: nothing\nat x',
    assertionResults: [],
  }));
  const failed = { status: 'failed', fullName: 'a call ends', failureMessages: ['AssertionError: 1 is not 2\nat y'] };
  const failing = counts.failed
    ? [
        {
          name: '/clone/test/failing.test.ts',
          status: 'failed',
          assertionResults: Array.from({ length: counts.failed }, () => failed),
        },
      ]
    : [];
  return {
    numPassedTests: counts.passed ?? 0,
    numPendingTests: counts.pending ?? 0,
    numTodoTests: counts.todo ?? 0,
    testResults: [
      {
        name: '/clone/test/a.test.ts',
        status: 'passed',
        assertionResults: [{ status: 'passed', fullName: 'a call starts' }],
      },
      ...failing,
      ...broken,
    ],
  };
}

test.each([
  [{ passed: 3 }, '3 passed, 0 failed'],
  [{ passed: 3, failed: 2 }, '3 passed, 2 failed'],
  [{ passed: 3, pending: 1, todo: 1 }, '3 passed, 0 failed, 2 skipped'],
  [{ passed: 3, failed: 1, brokenFiles: 2 }, '3 passed, 3 failed'],
  [{}, '0 passed, 0 failed'],
])('%o closes with "%s"', (counts, line) => {
  expect(closingLine(summarise(report(counts), '/clone'))).toBe(line);
});

test.each([
  ['all is well', { passed: 1 }, { checks: 0, vitest: 0 }, null],
  ['a check failed', { passed: 1 }, { checks: 1, vitest: 0 }, /checks failed/],
  ['a test failed', { passed: 1, failed: 1 }, { checks: 0, vitest: 1 }, /Tests failed/],
  ['no test ran', {}, { checks: 0, vitest: 0 }, /No test ran/],
  ['all were skipped', { pending: 2 }, { checks: 0, vitest: 0 }, /No test ran/],
  ['an error outside of the tests', { passed: 1 }, { checks: 0, vitest: 1 }, /beside its tests/],
])('%s', (_, counts, exitCodes, reason) => {
  const found = trouble(summarise(report(counts), '/clone'), exitCodes);
  if (reason) expect(found).toMatch(reason);
  else expect(found).toBeNull();
});

test('names each test that failed, and why in a line', () => {
  expect(trouble(summarise(report({ passed: 3, failed: 1, brokenFiles: 1 }), '/clone'), { checks: 0, vitest: 1 })).toBe(
    [
      'Tests failed.',
      'FAILED  test/failing.test.ts > a call ends: AssertionError: 1 is not 2',
      'FAILED  test/broken.test.ts > the whole file: SyntaxError: nothing',
    ].join('\n'),
  );
});

test('a report of another shape is refused rather than counted as a success', () => {
  expect(() => summarise({ numPassedTests: 3 }, '/clone')).toThrow();
});
