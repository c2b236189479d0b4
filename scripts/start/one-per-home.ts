import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes this process the only one that runs on `home`: two Temporal servers on one database file would spoil it. What a
 * process that was killed left behind does not count.
 *
 * @returns a function that gives `home` up.
 * @throws Error naming the process that has it.
 */
export async function claimHome(home: string): Promise<() => Promise<void>> {
  await mkdir(home, { recursive: true });
  const claim = join(home, 'running.pid');
  const mine = `${claim}.${process.pid}`;
  await writeFile(mine, String(process.pid));
  try {
    for (;;) {
      // A link to a finished file appears together with its content, so nobody reads a claim without an owner.
      const taken = await link(mine, claim).then(
        () => true,
        () => false,
      );
      if (taken) return () => rm(claim, { force: true });
      const owner = Number(await readFile(claim, 'utf8').catch(() => '0'));
      if (owner > 0 && isAlive(owner)) {
        throw new Error(`Another start (process ${owner}) runs on ${home}. Stop it first, or pass another --home.`);
      }
      await rm(claim, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
