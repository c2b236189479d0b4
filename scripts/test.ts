/**
 * The whole of `npm test`: fetches what the tests run, checks format, lint, types and unused code, runs the tests and closes
 * with their count. Arguments go to Vitest: `npm test -- --project unit`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { obtainChromium } from './chromium.ts';
import { type ObtainOptions, obtainTemporalCli, obtainTestServer } from './temporal-binaries.ts';
import { closingLine, type Summary, summarise, trouble } from './test/summary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function fetchBinaries(): Promise<void> {
  const options: ObtainOptions = {
    env: process.env,
    home: join(root, '.ringfence'),
    report: (line) => console.error(line),
  };
  // One after the other: side by side they would halve each other's line and mix their messages.
  if (!process.env.TEMPORAL_ADDRESS) await obtainTemporalCli(options);
  await obtainTestServer(options);
  // Without a browser all but the tests of the Web UI can run, and those are counted as skipped.
  await obtainChromium(options).catch((error: Error) => console.error(error.message));
}

function run(command: string, args: readonly string[]): number {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`${command} cannot be run: ${error.message}`);
  return status ?? 1;
}

function runVitest(args: readonly string[]): { exitCode: number; summary: Summary } {
  const directory = mkdtempSync(join(tmpdir(), 'ringfence-report-'));
  const report = join(directory, 'report.json');
  try {
    const exitCode = run(process.execPath, [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ]);
    return { exitCode, summary: summarise(JSON.parse(readFileSync(report, 'utf8'))) };
  } catch (error) {
    console.error(`Vitest left no report: ${(error as Error).message}`);
    return { exitCode: 1, summary: { passed: 0, failed: 0, skipped: 0 } };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await fetchBinaries();
} catch (error) {
  console.error((error as Error).message);
  console.log(closingLine({ passed: 0, failed: 0, skipped: 0 }));
  process.exit(1);
}
const checks = run('npm', ['run', '--silent', 'check']);
const { exitCode, summary } = runVitest(process.argv.slice(2));
const reason = trouble(summary, { checks, vitest: exitCode });
if (reason) console.log(`\n${reason}`);
console.log(closingLine(summary));
process.exitCode = reason ? 1 : 0;
