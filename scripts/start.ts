/**
 * `npm start`: brings up Temporal, PostgreSQL, the simulated provider, a worker and the gateway; imports contacts and
 * starts two campaigns through the HTTP API; shows the first one to its end, and whether the provider's ledger agrees.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Children } from './start/children.ts';
import type { Verdict } from './start/comparison.ts';
import { claimHome } from './start/one-per-home.ts';
import { readOptions, type StartOptions, USAGE } from './start/options.ts';
import { showCampaigns } from './start/show-campaigns.ts';
import { startSystem } from './start/system.ts';

const BINARIES = fileURLToPath(new URL('../.ringfence', import.meta.url));
/** npm passes a Ctrl-C on that has reached us already: what comes so soon is the same one. */
const SAME_CTRL_C_MS = 500;

/** Why a start ends before its work is done. */
class Ended extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

async function start(options: StartOptions): Promise<number> {
  const end = new AbortController();
  const children = new Children((reason) => end.abort(new Ended(reason, 1)));
  obeySignals(end, children, options);
  const leaveHome = await claimHome(options.home);
  let verdict: Verdict | null = null;
  let exitCode = 0;
  try {
    const system = await startSystem(children, options, { binaries: BINARIES, say: console.log });
    verdict = await showCampaigns(system, end.signal);
    if (!options.exit) {
      console.log('Everything stays up until Ctrl-C.');
      if (!end.signal.aborted) await once(end.signal, 'abort');
      end.signal.throwIfAborted();
    }
  } catch (error) {
    const reason: unknown = end.signal.aborted ? end.signal.reason : error;
    console.error(`\n${reason instanceof Error ? reason.message : String(reason)}`);
    exitCode = reason instanceof Ended ? reason.exitCode : 1;
  } finally {
    console.log('Stopping.');
    await children.stop();
    await leaveHome();
  }
  if (!options.exit || exitCode !== 0 || verdict === null) return exitCode;
  console.log(JSON.stringify(verdict));
  return verdict.agree ? 0 : 1;
}

function obeySignals(end: AbortController, children: Children, { exit }: StartOptions): void {
  let firstAt: number | null = null;
  const obey = (signal: NodeJS.Signals) => {
    if (firstAt === null) {
      firstAt = performance.now();
      // Staying up until then is what was asked for; with --exit the work is cut short.
      end.abort(new Ended(`${signal}: everything is stopped in order. Once more ends it at once.`, exit ? 130 : 0));
    } else if (performance.now() - firstAt > SAME_CTRL_C_MS) {
      void children.kill().finally(() => process.exit(130));
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, obey);
}

try {
  const options = readOptions(process.argv.slice(2), join(fileURLToPath(new URL('..', import.meta.url)), '.ringfence'));
  if (options === null) console.log(USAGE);
  else process.exitCode = await start(options);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
