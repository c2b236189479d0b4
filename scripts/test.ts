/**
 * The whole of `npm test`: fetches what the tests run, checks format, lint, types and unused code, runs the tests and closes
 * with their count. Arguments go to Vitest: `npm test -- --project unit`.
 */
import { fileURLToPath } from 'node:url';
import { runProgram } from './test/run-program.ts';
import { closingLine, trouble } from './test/summary.ts';
import { fetchBinaries, runVitest } from './test/vitest.ts';

const cwd = fileURLToPath(new URL('..', import.meta.url));

try {
  await fetchBinaries();
} catch (error) {
  console.error((error as Error).message);
  console.log(closingLine({ passed: 0, failed: 0, skipped: 0 }));
  process.exit(1);
}
const checks = await runProgram('npm', ['run', '--silent', 'check'], { cwd });
const { exitCode, summary } = await runVitest(process.execPath, process.argv.slice(2));
const reason = trouble(summary, { checks, vitest: exitCode });
if (reason) console.log(`\n${reason}`);
console.log(closingLine(summary));
process.exitCode = reason ? 1 : 0;
