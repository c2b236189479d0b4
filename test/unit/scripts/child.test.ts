import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startChild } from '../../../scripts/child.ts';
import { waitUntilReady } from '../../../scripts/wait-until-ready.ts';
import { isRunning } from '../../support/probes/processes.ts';

let directory: string;
let logFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringfence-child-'));
  logFile = join(directory, 'logs', 'child.log');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs until it is ended. */
const ENDLESS = { command: 'sleep', args: ['1000'] };

test('stop asks for an orderly end, kill does not; both are harmless afterwards', async () => {
  const asked = await startChild({ ...ENDLESS, logFile, stopSignal: 'SIGINT' });
  await asked.stop();
  expect(await asked.exited).toBe('signal SIGINT');
  const killed = await startChild({ ...ENDLESS, logFile });
  await killed.kill();
  expect(await killed.exited).toBe('signal SIGKILL');
  expect([asked.pid, killed.pid].filter(isRunning)).toEqual([]);
  await killed.stop();
  await killed.kill();
});

test('what it says is in the log file', async () => {
  const child = await startChild({ command: 'sh', args: ['-c', 'echo out; echo err >&2'], logFile });
  expect(await child.exited).toBe('exit code 0');
  expect(readFileSync(logFile, 'utf8')).toBe('out\nerr\n');
});

test('a program that is not there is an error, not a child', async () => {
  const command = join(directory, 'missing');
  await expect(startChild({ command, args: [], logFile })).rejects.toThrow(`${command} cannot be run`);
});

test('a child that ends while it should become ready is reported with the end of its log', async () => {
  const child = await startChild({ command: 'sh', args: ['-c', 'echo no room; exit 3'], logFile });
  const never = () => Promise.reject(new Error('not yet'));
  await expect(waitUntilReady('The server', child, { probe: never, timeoutMs: 60_000, logFile })).rejects.toThrow(
    /ended while starting \(exit code 3\).*\nno room$/,
  );
});

test('a child that does not become ready in time is ended', async () => {
  const child = await startChild({ ...ENDLESS, logFile });
  const never = () => Promise.reject(new Error('not yet'));
  await expect(waitUntilReady('The server', child, { probe: never, timeoutMs: 1, logFile })).rejects.toThrow(
    /did not answer .*not yet/,
  );
  expect(isRunning(child.pid)).toBe(false);
});

test('it does not outlive a parent that is killed', async () => {
  const module = fileURLToPath(new URL('../../../scripts/child.ts', import.meta.url));
  const program = `
    const { startChild } = await import(${JSON.stringify(module)});
    const child = await startChild({ command: 'sleep', args: ['1000'], logFile: ${JSON.stringify(logFile)} });
    process.stdout.write(String(child.pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await Promise.all([text(parent.stdout), once(parent, 'exit')]);
  expect(Number(pid)).toBeGreaterThan(0);
  await vi.waitFor(() => expect(isRunning(Number(pid))).toBe(false));
});
