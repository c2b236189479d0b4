import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runProgram } from '../test/run-program.ts';
import { oneCheck, type Step } from './steps.ts';

/** Another seed than the short run of `npm test`, and long enough for a storm and a lull. */
const SEED = '2';
const MINUTES = 4;
/** Bringing every campaign to its end and the audit come on top. */
const LIMIT_MS = (MINUTES + 10) * 60_000;
/** A run with fewer calls has disturbed nobody. */
const LEAST_CALLS = 50;

const Verdict = z.object({
  agree: z.boolean(),
  calls: z.int(),
  kills: z.record(z.string(), z.int()),
  violations: z.record(z.string(), z.int()),
});

/** Why a run does not show that the promises hold, or null when it does. */
export function chaosTrouble(lastLine: string): string | null {
  const { agree, calls, kills, violations } = Verdict.parse(JSON.parse(lastLine));
  const broken = Object.entries(violations).filter(([, count]) => count > 0);
  if (!agree) return `Broken: ${broken.map(([promise, count]) => `${promise} (${count})`).join(', ')}.`;
  if (calls < LEAST_CALLS) return `There were only ${calls} calls.`;
  const spared = Object.keys(kills).filter((kind) => kills[kind] === 0);
  return spared.length > 0 ? `Never killed: ${spared.join(', ')}.` : null;
}

/** @param root the directory of the clone */
export function chaosStep(root: string): Step {
  return {
    key: 'chaos',
    title: `Chaos, seed ${SEED}, ${MINUTES} minutes`,
    async run() {
      const directory = await mkdtemp(join(tmpdir(), 'ringfence-chaos-verdict-'));
      const outputFile = join(directory, 'verdict');
      try {
        const args = ['--import', 'tsx', 'test/chaos/main.ts', '--seed', SEED, '--minutes', String(MINUTES)];
        const { TEMPORAL_ADDRESS: _temporal, DATABASE_URL: _database, ...env } = process.env;
        const exitCode = await runProgram(process.execPath, args, { cwd: root, env, limitMs: LIMIT_MS, outputFile });
        const line = (await readFile(outputFile, 'utf8')).trimEnd().split('\n').at(-1)!;
        console.log(line);
        const ended = exitCode === 0 ? null : `The run ended with exit code ${exitCode}: see its output above.`;
        return oneCheck(line === '' ? (ended ?? 'The run left no verdict.') : (chaosTrouble(line) ?? ended));
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}
