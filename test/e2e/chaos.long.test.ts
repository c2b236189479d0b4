import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { PROMISES } from '../chaos/audit/finding.ts';
import type { ChaosVerdict } from '../chaos/run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('keeps every promise while workers, gateways, database and Temporal are killed, frozen and cut off', async () => {
  const { TEMPORAL_ADDRESS: _temporal, DATABASE_URL: _database, ...env } = process.env;
  const args = ['--import', 'tsx', 'test/chaos/main.ts', '--seed', '1', '--minutes', '0.4'];
  const run = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env }).catch(
    // With a promise broken the exit code is not 0, and what was found stands in what it said.
    (error: { stdout: string; stderr: string }) => error,
  );
  const verdict = JSON.parse(run.stdout.trimEnd().split('\n').at(-1)!) as ChaosVerdict;
  const nothing = Object.fromEntries(PROMISES.map((promise) => [promise, 0]));
  expect(verdict, run.stderr).toMatchObject({ violations: nothing, agree: true });
  expect(verdict.calls).toBeGreaterThan(20);
  for (const kills of Object.values(verdict.kills)) expect(kills).toBeGreaterThanOrEqual(1);
});
