/** The processor time of processes, from Linux's `/proc`. */
import { readdir, readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second on every platform that Node runs on. */
const MS_PER_TICK = 10;

/** Processor milliseconds of a process so far, with its children, of which those that ended count too. */
export async function cpuMs(pid: number): Promise<number> {
  const all = await Promise.all(
    (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((name) => readStat(Number(name))),
  );
  const alive = all.filter((stat) => stat !== null);
  const own = alive.find((stat) => stat.pid === pid);
  if (!own) return 0;
  const children = alive.filter((stat) => stat.parent === pid);
  return [own, ...children].reduce((sum, { ticks }) => sum + ticks, 0) * MS_PER_TICK;
}

/** Bytes that a process holds in memory now, and held at most. */
export async function memoryOf(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { now: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 };
}

async function readStat(pid: number): Promise<{ pid: number; parent: number; ticks: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name in parentheses may hold anything; the numbers follow it.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0] = fields.slice(1);
  const ticks = fields.slice(11, 15).reduce((sum, count) => sum + count, 0);
  return { pid, parent, ticks };
}
