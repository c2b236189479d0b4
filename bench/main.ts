import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { wholeNumber } from '../client/cli/options.ts';
import { Children } from '../scripts/start/children.ts';
import { startSystem, type System } from '../scripts/start/system.ts';
import { measureCost } from './cost.ts';

const BINARIES = fileURLToPath(new URL('../.ringfence', import.meta.url));

/** Brings a whole system up in a home of its own, measures, and takes it down. */
async function onSystem<T>(timeScale: number, measure: (system: System) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'ringfence-bench-'));
  const failed = new AbortController();
  const failure = once(failed.signal, 'abort').then(() => failed.signal.throwIfAborted());
  const children = new Children((reason) => failed.abort(new Error(reason)));
  try {
    const system = await startSystem(
      children,
      { home, seed: '1', timeScale, exit: true, webUi: null },
      { binaries: BINARIES, say: (line) => console.error(line), giveUp: failed.signal },
    );
    const measured = measure(system);
    await Promise.race([measured, failure]);
    return await measured;
  } finally {
    await children.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function report(result: object, json: string | undefined): Promise<void> {
  console.log(JSON.stringify(result, null, 2));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(result)}\n`);
}

const program = new Command('bench').description('Measures the engine on a real server, database and provider.');
program
  .command('cost')
  .description('Temporal actions and history events per call, read from the histories of one campaign')
  .option('--calls <n>', 'contacts to call', wholeNumber(1, 5_000), 1_000)
  .option('--concurrency <n>', 'calls at once', wholeNumber(1, 2_000), 20)
  .option('--time-scale <n>', 'how many times faster than real ones calls run', wholeNumber(1, 1_000), 15)
  .option('--json <file>', 'also write the result there')
  .action(async (options: { calls: number; concurrency: number; timeScale: number; json?: string }) => {
    await report(await onSystem(options.timeScale, (system) => measureCost(system, options)), options.json);
  });
await program.parseAsync();
