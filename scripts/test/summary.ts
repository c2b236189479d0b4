import { z } from 'zod';

const jsonReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts what Vitest's JSON report says. A file that failed as a whole (it could not be loaded, or a hook failed) counts as one
 * failure, where the report counts none.
 */
export function summarise(reportJson: unknown): Summary {
  const report = jsonReport.parse(reportJson);
  const failedAsAWhole = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + failedAsAWhole,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The line that closes a run, for people and machines. */
export function closingLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Why the run is not a success, or null when it is one. A run of no tests proves nothing. */
export function trouble(summary: Summary, exitCodes: { checks: number; vitest: number }): string | null {
  if (exitCodes.checks !== 0) return 'The checks failed (npm run check): see their output above.';
  if (summary.failed > 0) return 'Tests failed.';
  if (summary.passed === 0) return 'No test ran.';
  if (exitCodes.vitest !== 0) return 'Vitest failed beside its tests: see its output above.';
  return null;
}
