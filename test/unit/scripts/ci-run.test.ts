/** What stands before the landing of a change: `npm test`, then `npm run test:long`, and one count over both. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const RUN = fileURLToPath(new URL('../../../.ci/run', import.meta.url));

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'ringfence-ci-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

interface Part {
  readonly says: string;
  readonly exitCode: number;
}

/** Runs with an npm that says of each part what it is told to. */
function ciRun(short: Part, long: Part): { exitCode: number | null; lines: string[] } {
  const part = ({ says, exitCode }: Part) => `printf '%b' '${says}'; exit ${exitCode}`;
  writeFileSync(
    join(bin, 'npm'),
    `#!/bin/sh\ncase "$*" in\n'test --silent') ${part(short)};;\n'run test:long --silent') ${part(long)};;\n*) exit 99;;\nesac\n`,
  );
  chmodSync(join(bin, 'npm'), 0o755);
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const { status, stdout } = spawnSync('bash', [RUN], { env, encoding: 'utf8' });
  return { exitCode: status, lines: stdout.trimEnd().split('\n') };
}

const SHORT: Part = { says: 'a test\\n10 passed, 0 failed, 2 skipped\\n', exitCode: 0 };
const LONG: Part = { says: 'a step\\n5 passed, 0 failed\\n', exitCode: 0 };

test.each([
  ['all passed', SHORT, LONG, '15 passed, 0 failed, 2 skipped', 0],
  [
    'tests failed, and the long ones ran all the same',
    { says: '9 passed, 1 failed\\n', exitCode: 1 },
    LONG,
    '14 passed, 1 failed',
    1,
  ],
  ['long tests failed', SHORT, { says: '3 passed, 2 failed\\n', exitCode: 1 }, '13 passed, 2 failed, 2 skipped', 1],
  ['the checks failed beside the tests', { ...SHORT, exitCode: 1 }, LONG, '15 passed, 1 failed, 2 skipped', 1],
  ['a part was killed', { says: 'half a', exitCode: 137 }, LONG, '5 passed, 1 failed', 1],
  ['a part closes with no count', SHORT, { says: '', exitCode: 0 }, '10 passed, 1 failed, 2 skipped', 1],
])('%s', (_, short, long, closing, exitCode) => {
  const run = ciRun(short, long);
  expect([run.lines.at(-1), run.exitCode]).toEqual([closing, exitCode]);
});

test('passes on what the parts say, and no count but the last', () => {
  expect(ciRun(SHORT, { says: 'a step\\n5 passed, 0 failed\\nwithout an end', exitCode: 0 }).lines).toEqual([
    'a test',
    'npm test --silent: 10 passed, 0 failed, 2 skipped',
    'a step',
    'without an end',
    'npm run test:long --silent: 5 passed, 0 failed, 0 skipped',
    '15 passed, 0 failed, 2 skipped',
  ]);
});

test('names what failed once more before the count, each once', () => {
  const short = { says: 'FAILED  a.test.ts > calls\n9 passed, 1 failed\n', exitCode: 1 };
  const long = { says: 'FAILED  chaos\nmore\nFAILED  chaos\n3 passed, 1 failed\n', exitCode: 1 };
  expect(ciRun(short, long).lines.slice(-4)).toEqual([
    '',
    'FAILED  a.test.ts > calls',
    'FAILED  chaos',
    '12 passed, 2 failed',
  ]);
});
