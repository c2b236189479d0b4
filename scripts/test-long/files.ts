import { trouble } from '../test/summary.ts';
import { fetchBrowser, fetchServers, LONG, runVitest } from '../test/vitest.ts';
import type { Step } from './steps.ts';

/** They take about a quarter of this on two cores. */
const LIMIT_MS = 40 * 60_000;

/** The files of tests that cannot be short, by their names: `*.long.test.ts`. */
export function filesStep(): Step {
  return {
    key: 'files',
    title: 'The long files of tests',
    async run() {
      await fetchServers();
      await fetchBrowser();
      const { exitCode, summary } = await runVitest(process.execPath, [`--project=${LONG}`], { limitMs: LIMIT_MS });
      return { summary, reason: trouble(summary, { checks: 0, vitest: exitCode }) };
    },
  };
}
