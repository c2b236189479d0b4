/**
 * The whole of `npm test`: fetches what the tests run, checks format, lint, types and unused code, runs the tests but the long
 * ones, says how long all of it took, and closes with the count. Arguments go to Vitest: `npm test -- --project unit`.
 */
import { fileURLToPath } from 'node:url';
import { processorSeconds } from './test/processor-time.ts';
import { runProgram } from './test/run-program.ts';
import { closingLine, NOTHING_RAN, trouble } from './test/summary.ts';
import { fetchServers, LONG, runVitest } from './test/vitest.ts';

const cwd = fileURLToPath(new URL('..', import.meta.url));

try {
  await fetchServers();
} catch (error) {
  console.error((error as Error).message);
  console.log(closingLine(NOTHING_RAN));
  process.exit(1);
}
const checks = await runProgram('npm', ['run', '--silent', 'check'], { cwd });
const { exitCode, summary } = await runVitest(process.execPath, [`--project=!${LONG}`, ...process.argv.slice(2)]);
const reason = trouble(summary, { checks, vitest: exitCode });
if (reason) console.log(`\n${reason}`);
const [wall, processor] = [performance.now() / 1000, processorSeconds()];
console.log(`\n${wall.toFixed()} s${processor === null ? '' : `, ${processor.toFixed()} s of processor time`}`);
console.log(closingLine(summary));
process.exitCode = reason ? 1 : 0;
