import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { counted } from '../../domain/engine/counted.ts';
import { runProgram } from '../test/run-program.ts';
import { oneCheck, type Step } from './steps.ts';

/** Another seed than the shortest run, which is a file of tests. */
const SEED = '2';
/** Bringing every campaign to its end and the audit come on top. */
const AFTERWARDS_MS = 10 * 60_000;
/** A run with fewer calls has disturbed nobody. */
const LEAST_CALLS = 50;
/** As many as tell a fault from a clutter of its consequences, at the end of an output of which only the end may be kept. */
const FINDINGS_TOLD = 5;

const Verdict = z.object({
  agree: z.boolean(),
  calls: z.int(),
  kills: z.record(z.string(), z.int()),
  violations: z.record(z.string(), z.int()),
  findings: z.array(z.object({ promise: z.string(), minute: z.number().nullable(), text: z.string() })),
});

/** Why a run does not show that the promises hold, or null when it does. */
export function chaosTrouble(lastLine: string): string | null {
  const { agree, calls, kills, violations, findings } = Verdict.parse(JSON.parse(lastLine));
  const broken = Object.entries(violations).filter(([, count]) => count > 0);
  if (!agree) {
    const counts = broken.map(([promise, count]) => `${promise} (${count})`).join(', ');
    const told = findings
      .slice(0, FINDINGS_TOLD)
      .map(({ promise, minute, text }) => `${promise} (minute ${minute ?? '-'}) ${text}`);
    return [`Broken: ${counts}.`, ...told].join('\n        ');
  }
  if (calls < LEAST_CALLS) return `There were only ${calls} calls.`;
  const spared = Object.keys(kills).filter((kind) => kills[kind] === 0);
  return spared.length > 0 ? `Never killed: ${spared.join(', ')}.` : null;
}

interface ChaosRun {
  readonly provider: 'truedy' | 'twilio' | 'retell';
  readonly minutes: number;
}

/** Truedy's run is long enough for a storm and a lull. What the others show is how their adapters bear a storm. */
const RUNS: readonly ChaosRun[] = [
  { provider: 'truedy', minutes: 4 },
  { provider: 'twilio', minutes: 1 },
  { provider: 'retell', minutes: 1 },
];

/** @param root the directory of the clone */
export function chaosSteps(root: string): Step[] {
  return RUNS.map((run) => chaosStep(root, run));
}

function chaosStep(root: string, { provider, minutes }: ChaosRun): Step {
  return {
    key: provider === 'truedy' ? 'chaos' : `chaos-${provider}`,
    title: `Chaos with ${provider}, seed ${SEED}, ${counted(minutes, 'minute')}`,
    async run() {
      const directory = await mkdtemp(join(tmpdir(), 'ringfence-chaos-verdict-'));
      const outputFile = join(directory, 'verdict');
      try {
        const options = ['--provider', provider, '--seed', SEED, '--minutes', String(minutes)];
        const args = ['--import', 'tsx', 'test/chaos/main.ts', ...options];
        const limitMs = minutes * 60_000 + AFTERWARDS_MS;
        const { TEMPORAL_ADDRESS: _temporal, DATABASE_URL: _database, ...env } = process.env;
        const exitCode = await runProgram(process.execPath, args, { cwd: root, env, limitMs, outputFile });
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
