/**
 * `npm run test:long`: what takes too long for `npm test`. Each step runs whatever became of the others, and says how it ended;
 * the last line is their count. Arguments choose steps: `npm run test:long -- chaos`.
 */
import { fileURLToPath } from 'node:url';
import { closingLine } from './test/summary.ts';
import { chaosSteps } from './test-long/chaos.ts';
import { filesStep } from './test-long/files.ts';
import { node24Step } from './test-long/node-24.ts';
import { packageSteps } from './test-long/package.ts';
import { chooseSteps, runSteps } from './test-long/steps.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  const steps = chooseSteps(
    [filesStep(), ...packageSteps(root), ...chaosSteps(root), node24Step(root)],
    process.argv.slice(2),
  );
  const summary = await runSteps(steps, { say: (line) => console.log(line), now: () => performance.now() });
  console.log(closingLine(summary));
  process.exitCode = summary.failed > 0 ? 1 : 0;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
