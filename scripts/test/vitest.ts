import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { obtainChromium } from '../chromium.ts';
import { type ObtainOptions, obtainTemporalCli, obtainTestServer } from '../temporal-binaries.ts';
import { type RunOptions, runProgram } from './run-program.ts';
import { NOTHING_RAN, summarise, type TestSummary } from './summary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The project of the tests that cannot be short. */
export const LONG = 'long';

const OBTAIN: ObtainOptions = {
  env: process.env,
  home: join(ROOT, '.ringfence'),
  report: (line) => console.error(line),
};

/** Fetches the servers that the tests run. */
export async function fetchServers(): Promise<void> {
  // One after the other: side by side they would halve each other's line and mix their messages.
  if (!process.env.TEMPORAL_ADDRESS) await obtainTemporalCli(OBTAIN);
  await obtainTestServer(OBTAIN);
}

/** Fetches the browser. Without one, the tests of the Web UI are counted as skipped. */
export async function fetchBrowser(): Promise<void> {
  await obtainChromium(OBTAIN).catch((error: Error) => console.error(error.message));
}

/** Runs the tests under `node`. Without a report of them nothing is counted, and the exit code is not 0. */
export async function runVitest(
  node: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ exitCode: number; summary: TestSummary }> {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-report-'));
  const report = join(directory, 'report.json');
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const exitCode = await runProgram(node, [vitest, 'run', ...reporters, ...args], { cwd: ROOT, ...options });
    return { exitCode, summary: summarise(JSON.parse(readFileSync(report, 'utf8')), ROOT) };
  } catch (error) {
    console.error(`Vitest left no report: ${(error as Error).message}`);
    return { exitCode: 1, summary: NOTHING_RAN };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
