import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from './child.ts';

const BETWEEN_TRIES_MS = 50;
const LOG_LINES = 15;

/**
 * Tries `probe` until it resolves.
 *
 * @throws Error with the end of the log when the process ends first or the time is up.
 */
export async function waitUntilReady(
  what: string,
  child: Child,
  options: { readonly probe: () => Promise<unknown>; readonly timeoutMs: number; readonly logFile: string },
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  const end: { how?: string } = {};
  void child.exited.then((how) => (end.how = how));
  let lastError: unknown;
  while (end.how === undefined && performance.now() < deadline) {
    try {
      await options.probe();
      // Another server may have answered on the port that this one could not get.
      if (end.how === undefined) return;
    } catch (error) {
      lastError = error;
      await pause(BETWEEN_TRIES_MS);
    }
  }
  const endedEarly = end.how;
  await child.stop();
  const trouble = endedEarly
    ? `ended while starting (${endedEarly})`
    : `did not answer within ${options.timeoutMs / 1000} s (${(lastError as Error).message})`;
  throw new Error(`${what} ${trouble}. The end of ${options.logFile}:\n${await endOfLog(options.logFile)}`);
}

/** The last lines of a log; empty when there is none. */
export async function endOfLog(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
}
