import { relative } from 'node:path';
import { z } from 'zod';

const jsonReport = z.object({
  numPassedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).default([]) }),
      ),
    }),
  ),
});

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TestSummary extends Summary {
  /** Which tests failed and the first line of why, one line each. */
  readonly failures: readonly string[];
}

/** The summary of a run that reported nothing. */
export const NOTHING_RAN: TestSummary = { passed: 0, failed: 0, skipped: 0, failures: [] };

/**
 * Counts what Vitest's JSON report says. A file that failed as a whole (it could not be loaded, or a hook failed) counts as one
 * failure, where the report counts none.
 *
 * @param root the directory of the clone: files are named from there
 */
export function summarise(reportJson: unknown, root: string): TestSummary {
  const report = jsonReport.parse(reportJson);
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [failure(file, 'the whole file', message)] : [];
    return failed.map(({ fullName, failureMessages }) => failure(file, fullName, failureMessages[0] ?? ''));
  });
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  };
}

/** How a test that failed is named where the output of all tests is long. `.ci/run` gathers these lines. */
function failure(file: string, test: string, message: string): string {
  return `FAILED  ${file} > ${test}: ${message.trimStart().split('\n', 1)[0]!.slice(0, LONGEST_REASON)}`;
}

/** Characters. Some messages hold a whole page in their first line. */
const LONGEST_REASON = 300;

/** The line that closes a run, for people and machines. */
export function closingLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Why the run is not a success, or null when it is one. A run of no tests proves nothing. */
export function trouble(summary: TestSummary, exitCodes: { checks: number; vitest: number }): string | null {
  if (exitCodes.checks !== 0) return 'The checks failed (npm run check): see their output above.';
  if (summary.failed > 0) return ['Tests failed.', ...summary.failures].join('\n');
  if (summary.passed === 0) return 'No test ran.';
  if (exitCodes.vitest !== 0) return 'Vitest failed beside its tests: see its output above.';
  return null;
}
