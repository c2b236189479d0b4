/** The operators' tool run inside a test. Whoever imports this has its output caught, and what it opens closed after each test. */
import { afterEach, beforeEach, vi } from 'vitest';
import { run } from '../../client/cli/run.ts';

/** What the last run printed on each stream. */
export let out = '';
export let err = '';
/** Run after each test, the last one first. */
export const closing: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void (err += `${text}\n`));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Runs the tool and returns its exit code; what it printed is in `out` and `err` then. */
export async function runTool(...args: string[]): Promise<number> {
  out = '';
  err = '';
  return run(args);
}
