import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, on every machine. */
const TICKS_PER_S = 100;

/**
 * Seconds of processor time that this process took, with all its descendants that have ended. Null where the system is not
 * Linux, which alone says it of descendants.
 */
export function processorSeconds(): number | null {
  try {
    return secondsIn(readFileSync('/proc/self/stat', 'utf8'));
  } catch {
    return null;
  }
}

/** @param stat the line of /proc/PID/stat, whose second field is a name in parentheses that may hold anything */
export function secondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // The fields 14 to 17 of the line: its own time in user mode and in the system, and that of its descendants.
  const ticks = fields.slice(11, 15).map(Number);
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_S;
}
