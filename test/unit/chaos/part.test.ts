import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Part } from '../../chaos/part.ts';
import { processTree } from '../../chaos/process-tree.ts';
import { type Child, startChild } from '../../../scripts/child.ts';

/** A process that starts another one and waits, as PostgreSQL does for its sessions. */
const PARENT =
  "require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); setInterval(() => {}, 1000)";
const PATIENT = { interval: 20 };

let directory: string;
let children: Child[];
let part: Part;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ringfence-part-'));
  children = [];
  const start = async () => {
    const child = await startChild({
      command: process.execPath,
      args: ['-e', PARENT],
      logFile: join(directory, 'part.log'),
    });
    children.push(child);
    return child;
  };
  part = new Part('part', start, () => {});
});
afterEach(async () => {
  for (const { pid } of children) {
    for (const descendant of processTree(pid).slice(1)) process.kill(descendant, 'SIGKILL');
  }
  await part.stop();
  await rm(directory, { recursive: true, force: true });
});

/** What the system says of these processes: T for one that is stopped. */
function statesOf(pids: readonly number[]): string[] {
  const states = execFileSync('ps', ['-o', 'state=', '-p', pids.join(',')], { encoding: 'utf8' });
  return states
    .trim()
    .split('\n')
    .map((state) => state.trim()[0]!);
}

test('a frozen part stands still with all that it has started, and goes on afterwards', async () => {
  await part.run();
  const { pid } = children[0]!;
  const tree = await vi.waitFor(() => {
    const pids = processTree(pid);
    expect(pids).toHaveLength(2);
    return pids;
  }, PATIENT);
  const thaw = new AbortController();
  const frozen = part.freezeFor(600_000, thaw.signal);
  await vi.waitFor(() => expect(statesOf(tree)).toEqual(['T', 'T']), PATIENT);
  thaw.abort();
  await frozen;
  await vi.waitFor(() => expect(statesOf(tree)).not.toContain('T'), PATIENT);
  expect(part).toMatchObject({ freezes: 1, kills: 0, crashes: 0, hung: [] });
  expect(children).toHaveLength(1);
});

test('a part that was killed comes back; one that ends by itself does so, too, and is counted as a crash', async () => {
  await part.run();
  for (const descendant of processTree(children[0]!.pid).slice(1)) process.kill(descendant, 'SIGKILL');
  await part.killFor(0);
  expect(children).toHaveLength(2);
  expect(part).toMatchObject({ kills: 1, crashes: 0 });
  for (const descendant of processTree(children[1]!.pid).toReversed()) process.kill(descendant, 'SIGKILL');
  await vi.waitFor(() => expect(children).toHaveLength(3), PATIENT);
  expect(part).toMatchObject({ kills: 1, crashes: 1 });
});
