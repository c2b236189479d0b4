/**
 * Runs the engine's core by the million on virtual time, with faults by seed, and holds every promise against the
 * ledger of a virtual provider. A broken promise is brought down to a campaign of a few contacts and shown step by step.
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
import { arbitraryScenario, SMALL } from './arbitrary-scenario.ts';
import { runScenario, type Scenario } from './scenario.ts';
import { campaignOf, type Share, type ShareResult, type Tally } from './course.ts';

const TRACE_LINES = 60;
const SHRINK_RUNS = 20_000;
const SHRINK_MS = 60_000;

interface Options {
  readonly seed: number;
  readonly calls: number;
  readonly json: boolean;
  readonly campaign?: number;
  readonly scenario?: string;
}

async function main({ seed, calls, json, campaign, scenario }: Options): Promise<number> {
  if (scenario !== undefined) return show(JSON.parse(await readFile(scenario, 'utf8')) as Scenario);
  if (campaign !== undefined) return show(campaignOf(seed, campaign));
  const startedAt = performance.now();
  const processes = Math.max(1, availableParallelism());
  const shares = Array.from({ length: processes }, (_, first) =>
    inProcess({ seed, first, step: processes, calls: Math.ceil(calls / processes) }),
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

const NOTHING: Tally = { campaigns: 0, contacts: 0, calls: 0, decisions: 0, peakInFlight: 0, lost: 0, pauses: 0 };

function add(a: Tally, b: Tally): Tally {
  return {
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

/** Runs one campaign and shows the end of its course. */
function show(scenario: Scenario): number {
  const lines: string[] = [];
  const trace = (line: string): void => {
    lines.push(line);
    if (lines.length > 2 * TRACE_LINES) lines.splice(0, TRACE_LINES);
  };
  let code = 0;
  try {
    const { counts } = runScenario(scenario, { trace });
    trace(`every promise was kept: ${JSON.stringify(counts)}`);
  } catch (error) {
    trace(String(error));
    code = 1;
  }
  console.log(lines.slice(-TRACE_LINES).join('\n'));
  return code;
}

/** Looks for a small campaign that breaks a promise, because a large one tells nobody why. */
function explain(seed: number, { campaign, message }: Extract<ShareResult, { kind: 'broken' }>): number {
  console.log(`Campaign ${campaign} of seed ${seed}: ${message}`);
  console.log(`Again, with its last steps: npm run simulate -- --seed ${seed} --campaign ${campaign}`);
  const property = fc.property(arbitraryScenario(SMALL), (scenario) => void runScenario(scenario));
  const found = fc.check(property, { seed, numRuns: SHRINK_RUNS, interruptAfterTimeLimit: SHRINK_MS });
  const [small] = found.counterexample ?? [];
  if (small === undefined) {
    console.log(`${found.numRuns} small campaigns kept every promise; the fault needs a larger one.`);
    return 1;
  }
  console.log('The smallest campaign found that breaks a promise:');
  show(small);
  console.log(`Again: write this into a file and run npm run simulate -- --scenario <file>\n${JSON.stringify(small)}`);
  return 1;
}

const program = new Command('simulate')
  .description('Runs campaigns on virtual time, with faults, and checks every promise at every step.')
  .option('--seed <number>', 'what is drawn follows from it', wholeNumber(0, 2 ** 31), Math.floor(Date.now() / 1000))
  .option('--calls <number>', 'how many calls to place at the least', wholeNumber(1, 1_000_000_000), 1_000_000)
  .option('--json', 'print the result as JSON', false)
  .option('--campaign <number>', 'run this one of the seed’s campaigns only', wholeNumber(0, 2 ** 31))
  .option('--scenario <file>', 'run the campaign that is described in this file, and show its steps')
  .parse();
process.exitCode = await main(program.opts<Options>());
