import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../cli/options.ts';
import { measureCampaigns } from './campaigns.ts';
import { measureCeiling } from './ceiling.ts';
import { MOST_PEOPLE } from './contacts.ts';
import { measureCost } from './cost.ts';
import { measureLarge } from './large.ts';
import { measureRefill } from './refill.ts';
import { measureRequests } from './requests.ts';
import { measureRoster } from './roster.ts';
import { addPeers } from './peers/command.ts';
import { measureShares, SHARES_CARRIER, type SharesOptions } from './shares.ts';
import type { CarrierName } from '../simulator/faults.ts';
import { type MeasuredSystem, onSystem } from './system.ts';

// Measurements look often, and must not be answered with 429.
process.env.RINGFENCE_REQUESTS_PER_MINUTE = '1000000';

interface Common {
  readonly timeScale: number;
  readonly json?: string;
}

const program = new Command('bench').description('Measures the engine on a real server, database and provider.');

measurement('cost', 'what each call of one campaign costs: Temporal actions and events, statements, processor time', 15)
  .option('--calls <n>', 'contacts to call', wholeNumber(1, 100_000), 5_000)
  .option('--concurrency <n>', 'calls at once', wholeNumber(1, 2_000), 20)
  .action((options: Common & { calls: number; concurrency: number }) => run('cost', options, measureCost));

measurement('refill', 'how soon a free slot is taken again, and how full the slots are kept', 1)
  .option('--limits <list>', 'limits of concurrency, with commas', numbers, [1, 20, 100, 500])
  .option('--call-seconds <n>', 'length of each call', wholeNumber(1, 600), 5)
  .action((options: Common & { limits: number[]; callSeconds: number }) => run('refill', options, measureRefill));

measurement('ceiling', 'a bare workflow on the same server, and the real campaign beside it', 1)
  .option('--items <n>', 'items of each', wholeNumber(1, 100_000), 5_000)
  .option('--slots <n>', 'items at once', wholeNumber(1, 2_000), 300)
  .option('--call-seconds <n>', 'how long each keeps its slot', wholeNumber(0, 600), 1)
  .action((options: Common & { items: number; slots: number; callSeconds: number }) =>
    run('ceiling', options, measureCeiling),
  );

measurement('campaigns', 'many campaigns at once: calls per second, fairness, memory of those that sleep', 1)
  .option('--campaigns <n>', 'how many', wholeNumber(1, 1_000), 100)
  .option('--contacts-each <n>', 'contacts of each', wholeNumber(1, 10_000), 20)
  .option('--large <n>', 'contacts of the large campaign', wholeNumber(1_000, MOST_PEOPLE / 2), 100_000)
  .option('--call-seconds <n>', 'length of each call', wholeNumber(1, 600), 2)
  .action((options: Common & { campaigns: number; contactsEach: number; large: number; callSeconds: number }) =>
    run('campaigns', options, measureCampaigns),
  );

measurement('roster', 'import, enrolment, and exchanges of a large roster beside a small one', 1)
  .option('--contacts <n>', 'contacts of the large roster', wholeNumber(10_000, MOST_PEOPLE / 2), 1_000_000)
  .action((options: Common & { contacts: number }) => run('roster', options, measureRoster));

measurement('large', 'one campaign with thousands of calls in flight', 1)
  .option('--contacts <n>', 'contacts', wholeNumber(1, MOST_PEOPLE), 100_000)
  .option('--slots <n>', 'calls at once', wholeNumber(1, 10_000), 2_000)
  .option('--call-seconds <n>', 'length of a call on the average', wholeNumber(1, 600), 60)
  .option('--seconds <n>', 'how long to look on once the slots are full', wholeNumber(1, 36_000), 180)
  .action((options: Common & { contacts: number; slots: number; callSeconds: number; seconds: number }) =>
    run('large', options, measureLarge),
  );

measurement('shares', 'campaigns that share the limit of a connection: how full it is kept, how fair, at what cost', 1)
  .option('--campaigns <n>', 'how many', wholeNumber(2, 100), 10)
  .option('--contacts-each <n>', 'contacts of each', wholeNumber(1, 10_000), 600)
  .option('--slots-each <n>', 'the own limit of each', wholeNumber(1, 2_000), 20)
  .option('--limit <n>', 'the limit of the connection, above which the carrier refuses', wholeNumber(1, 2_000), 30)
  .option('--call-seconds <n>', 'length of a call on the average', wholeNumber(1, 600), 10)
  .action((options: Common & SharesOptions) => run('shares', options, measureShares, SHARES_CARRIER));

measurement('requests', 'how long the worst requests keep everybody else waiting', 1)
  .option('--rounds <n>', 'how often each is sent', wholeNumber(1, 100), 3)
  .option('--only <text>', 'those whose route and name hold this', '')
  .action((options: Common & { rounds: number; only: string }) => run('requests', options, measureRequests));

addPeers(program, report);

await program.parseAsync();

function measurement(name: string, description: string, timeScale: number): Command {
  return program
    .command(name)
    .description(description)
    .option(
      '--time-scale <n>',
      "how many times faster than real ones the provider's calls run",
      wholeNumber(1, 1_000),
      timeScale,
    )
    .option('--json <file>', 'also write the result there, with the machine and the date');
}

async function run<O extends Common>(
  name: string,
  options: O,
  measure: (system: MeasuredSystem, options: O) => Promise<object>,
  provider: CarrierName = 'truedy',
): Promise<void> {
  await report(
    name,
    await onSystem({ timeScale: options.timeScale, provider }, (system) => measure(system, options)),
    options.json,
  );
}

async function report(name: string, result: object, json: string | undefined): Promise<void> {
  console.log(JSON.stringify(result, null, 2));
  if (json === undefined) return;
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model ?? 'unknown', cores: cpus().length, node: process.version };
  const written = { bench: name, date: new Date().toISOString().slice(0, 10), machine, ...result };
  await writeFile(json, `${JSON.stringify(written, null, 2)}\n`);
}

function numbers(text: string): number[] {
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isInteger(value) && value > 0)) return values;
  throw new InvalidArgumentError('must be whole numbers with commas, such as 1,20,100.');
}
