import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readProvider } from '../../scripts/start/options.ts';
import type { CarrierName } from '../../simulator/faults.ts';

export interface ChaosOptions {
  /** Whose adapter the calls go through, and whose API the simulated provider speaks. */
  readonly provider: CarrierName;
  /** What every chance of the run is drawn from: disturbances, campaigns, orders, faults of the provider, people. */
  readonly seed: string;
  /** For how long the system is disturbed; bringing everything to its end and the audit come on top. */
  readonly minutes: number;
  /** Only the last line, without the log of what happened. */
  readonly json: boolean;
  /** Where databases and logs are kept; null: a new directory that is removed when nothing was found. */
  readonly home: string | null;
}

export const USAGE = `npm run chaos -- [options]

  --seed TEXT     what everything that befalls the system is drawn from (default 1)
  --provider NAME adapter to use: truedy, twilio or retell (default truedy)
  --minutes N     for how long it is disturbed, 0.3 to 240 (default 5)
  --json          only the last line, one JSON object, without the log of what happened
  --home DIR      keep databases and logs there; otherwise they are kept only when something was found

Runs campaigns on a real Temporal server and a real PostgreSQL against a simulated provider that misbehaves. Kills and
freezes workers, gateways and both servers, spoils the network between them, locks tables, ends and resets workflows, and
gives orders by every door. Holds the record against the provider's ledger, and asks in lulls whether every campaign gets on.
The exit code is 0 only if every promise was kept.`;

/**
 * @returns null when only the usage was asked for.
 * @throws Error that names the option and what it takes.
 */
export function readOptions(args: readonly string[]): ChaosOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      provider: { type: 'string', default: 'truedy' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      home: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const minutes = Number(values.minutes);
  if (values.minutes.trim() === '' || !(minutes >= 0.3 && minutes <= 240)) {
    throw new Error(`--minutes must be a number from 0.3 to 240, not "${values.minutes}".`);
  }
  return {
    provider: readProvider(values.provider),
    seed: values.seed,
    minutes,
    json: values.json,
    home: values.home === undefined ? null : resolve(values.home),
  };
}
