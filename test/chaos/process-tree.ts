import { execFileSync } from 'node:child_process';

/** A process and its descendants, parents before their children. The sessions of PostgreSQL are separate processes. */
export function processTree(root: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found) {
    for (const [pid, of] of rows) if (pid !== undefined && of === parent) found.push(pid);
  }
  return found;
}
