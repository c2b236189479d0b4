/**
 * Runs the engine's core by the million on virtual time, with faults by seed, and holds every promise against the
 * ledger of a virtual provider. A broken promise is brought down to campaigns of a few contacts and shown step by step.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import fc from 'fast-check';
import { counted } from '../../domain/engine/counted.ts';
import { wholeNumber } from '../../cli/options.ts';
import { arbitraryScenario, arbitrarySharing, SMALL, SMALL_SHARED } from './arbitrary-scenario.ts';
import { alone, runShared, type Scenario, type SharedScenario } from './scenario.ts';
import { isShared, NOTHING, scenarioOf, type Share, type ShareResult, type Tally } from './course.ts';

const TRACE_LINES = 60;
const SHRINK_RUNS = 20_000;
const SHRINK_MS = 60_000;

interface Options {
  readonly seed: number;
  readonly calls: number;
  readonly json: boolean;
  readonly ownHours: boolean;
  readonly campaign?: number;
  readonly scenario?: string;
}

async function main({ seed, calls, json, ownHours, campaign, scenario }: Options): Promise<number> {
  if (scenario !== undefined) return show(readScenario(await readFile(scenario, 'utf8')));
  if (campaign !== undefined) return show(scenarioOf(seed, campaign, ownHours));
  const startedAt = performance.now();
  const processes = Math.max(1, availableParallelism());
  const shares = Array.from({ length: processes }, (_, first) =>
    inProcess({ seed, first, step: processes, calls: Math.ceil(calls / processes), ownHours }),
  );
  const results = await Promise.all(shares);
  const seconds = (performance.now() - startedAt) / 1000;
  for (const result of results) if (result.kind === 'broken') return explain(seed, result);
  const tally = results.reduce((sum, result) => (result.kind === 'kept' ? add(sum, result.tally) : sum), NOTHING);
  const report = {
    seed,
    ...tally,
    seconds: Number(seconds.toFixed(1)),
    callsPerSecond: Math.round(tally.calls / seconds),
  };
  console.log(json ? JSON.stringify(report) : inWords(report));
  return 0;
}

/** The runtime's flags go along with a forked process: it reads TypeScript as this one does. */
async function inProcess(share: Share): Promise<ShareResult> {
  const child = fork(fileURLToPath(new URL('./share.ts', import.meta.url)), [JSON.stringify(share)]);
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`A share ended with ${String(code)}.`)));
  const [result] = (await Promise.race([once(child, 'message'), failed])) as [ShareResult];
  failed.catch(() => {});
  return result;
}

function add(a: Tally, b: Tally): Tally {
  return {
    scenarios: a.scenarios + b.scenarios,
    campaigns: a.campaigns + b.campaigns,
    contacts: a.contacts + b.contacts,
    calls: a.calls + b.calls,
    decisions: a.decisions + b.decisions,
    peakInFlight: Math.max(a.peakInFlight, b.peakInFlight),
    lost: a.lost + b.lost,
    pauses: a.pauses + b.pauses,
  };
}

function inWords(report: Tally & { seed: number; seconds: number; callsPerSecond: number }): string {
  return [
    `Every promise was kept in ${counted(report.calls, 'call')} to ${counted(report.contacts, 'contact')} of ${counted(report.campaigns, 'campaign')}`,
    `(${report.seconds} s, ${counted(report.callsPerSecond, 'call')} a second, ${counted(report.decisions, 'decision')}).`,
    `${counted(report.pauses, 'pause was', 'pauses were')} acknowledged; ${counted(report.lost, 'outcome was', 'outcomes were')} lost with the provider's silence.`,
    `Seed ${report.seed}: npm run simulate -- --seed ${report.seed}`,
  ].join('\n');
}

/** A scenario of one campaign, or of several that share a connection. */
function readScenario(text: string): SharedScenario {
  const scenario = JSON.parse(text) as Scenario | SharedScenario;
  return 'campaigns' in scenario ? scenario : alone(scenario);
}

/** Runs one scenario and shows the end of its course. */
function show(scenario: SharedScenario): number {
  const lines: string[] = [];
  const trace = (line: string): void => {
    lines.push(line);
    if (lines.length > 2 * TRACE_LINES) lines.splice(0, TRACE_LINES);
  };
  let code = 0;
  try {
    const { campaigns, sharedLimits } = runShared(scenario, { trace });
    for (const { counts } of campaigns) trace(JSON.stringify(counts));
    for (const [id, { counts }] of sharedLimits) trace(`${id} ${JSON.stringify(counts)}`);
    trace('every promise was kept');
  } catch (error) {
    trace(String(error));
    code = 1;
  }
  console.log(lines.slice(-TRACE_LINES).join('\n'));
  return code;
}

/** Looks for a small scenario that breaks a promise, because a large one tells nobody why. */
function explain(seed: number, { scenario, message }: Extract<ShareResult, { kind: 'broken' }>): number {
  console.log(`Scenario ${scenario} of seed ${seed}: ${message}`);
  console.log(`Again, with its last steps: npm run simulate -- --seed ${seed} --campaign ${scenario}`);
  const small = isShared(scenario) ? arbitrarySharing(SMALL_SHARED) : arbitraryScenario(SMALL).map(alone);
  const property = fc.property(small, (found) => void runShared(found));
  const found = fc.check(property, { seed, numRuns: SHRINK_RUNS, interruptAfterTimeLimit: SHRINK_MS });
  const [smallest] = found.counterexample ?? [];
  if (smallest === undefined) {
    console.log(`${found.numRuns} small scenarios kept every promise; the fault needs a larger one.`);
    return 1;
  }
  console.log('The smallest scenario found that breaks a promise:');
  show(smallest);
  console.log(
    `Again: write this into a file and run npm run simulate -- --scenario <file>\n${JSON.stringify(smallest)}`,
  );
  return 1;
}

const program = new Command('simulate')
  .description('Runs campaigns on virtual time, with faults, and checks every promise at every step.')
  .option('--seed <number>', 'what is drawn follows from it', wholeNumber(0, 2 ** 31), Math.floor(Date.now() / 1000))
  .option('--calls <number>', 'how many calls to place at the least', wholeNumber(1, 1_000_000_000), 1_000_000)
  .option('--own-hours', 'every campaign calls people in forty zones, each in their own hours', false)
  .option('--json', 'print the result as JSON', false)
  .option('--campaign <number>', 'run this one of the seed’s scenarios only', wholeNumber(0, 2 ** 31))
  .option('--scenario <file>', 'run the scenario that is described in this file, and show its steps')
  .parse();
process.exitCode = await main(program.opts<Options>());
