/**
 * `npm start`: brings up Temporal, PostgreSQL, the simulated provider, a worker and the gateway; imports contacts and
 * starts two campaigns through the HTTP API; shows the first one to its end, and whether the provider's ledger agrees.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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
const END_IS_KNOWN_MS = 500;

/** Why a start ends before its work is done; the reader has been told. */
class Ended extends Error {
  constructor(readonly exitCode: number) {
    super('ended');
  }
}

async function start(options: StartOptions): Promise<number> {
  const end = new AbortController();
  const endWith = (message: string, exitCode: number) => {
    if (end.signal.aborted) return;
    console.error(`\n${message}`);
    end.abort(new Ended(exitCode));
  };
  const children = new Children((reason) => endWith(reason, 1));
  // Staying up until Ctrl-C is what was asked for; with --exit the work is cut short.
  obeySignals(
    (signal) => endWith(`${signal}: stopping in order. Once more ends it at once.`, options.exit ? 130 : 0),
    children,
  );
  const leaveHome = await claimHome(options.home);
  let verdict: Verdict | null = null;
  let exitCode = 0;
  try {
    const system = await startSystem(children, options, {
      binaries: BINARIES,
      say: console.log,
      giveUp: end.signal,
      databaseUrl: process.env.DATABASE_URL,
    });
    verdict = await showCampaigns(system, end.signal);
    if (!options.exit) {
      console.log('Everything keeps running until you press Ctrl-C.');
      if (!end.signal.aborted) await once(end.signal, 'abort');
      end.signal.throwIfAborted();
    }
  } catch (error) {
    // A request may fail a moment before the end of the process that it was sent to is known, which tells more.
    if (!end.signal.aborted) await Promise.race([once(end.signal, 'abort'), pause(END_IS_KNOWN_MS)]);
    const reason: unknown = end.signal.aborted ? end.signal.reason : error;
    if (reason instanceof Ended) exitCode = reason.exitCode;
    else {
      console.error(`\n${(reason as Error).message}`);
      exitCode = 1;
    }
  } finally {
    await children.stop();
    await leaveHome();
  }
  if (!options.exit || exitCode !== 0 || verdict === null) return exitCode;
  console.log(JSON.stringify(verdict));
  return verdict.agree ? 0 : 1;
}

function obeySignals(first: (signal: NodeJS.Signals) => void, children: Children): void {
  let firstAt: number | null = null;
  const obey = (signal: NodeJS.Signals) => {
    if (firstAt === null) {
      firstAt = performance.now();
      first(signal);
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
