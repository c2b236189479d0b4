/** Runs the command line inside a test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { run } from '../../../cli/run.ts';
import { API_ROOT } from '../../../domain/api/api-root.ts';
import type { GatewayDeps } from '../../../gateway/app.ts';
import { KEYS, openGateway, type TestGateway } from './gateway.ts';

/** What the last run printed on each stream. */
export let out = '';
export let err = '';
/** Run after each test, the last one first. */
export const closing: (() => Promise<unknown>)[] = [];

/** Call it once in a file of tests: it captures the output of each test, and closes after it what it has opened. */
export function captureCli(): void {
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
}

/** Runs a command and returns its exit code; what it printed is in `out` and `err` then. */
export async function runCli(...args: string[]): Promise<number> {
  out = '';
  err = '';
  return run(args, process.env);
}

/** A gateway that listens where the command line looks for one. */
export async function listeningGateway(deps: Partial<GatewayDeps> = {}): Promise<TestGateway> {
  const gateway = await openGateway(deps);
  closing.push(() => gateway.close());
  const address = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  vi.stubEnv('RINGFENCE_API_URL', address + API_ROOT);
  vi.stubEnv('RINGFENCE_API_KEY', KEYS.write);
  return gateway;
}

/** A file that is gone after the test. */
export async function fileOf(name: string, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ringfence-test-'));
  closing.push(() => rm(directory, { recursive: true }));
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}
