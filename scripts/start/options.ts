import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CARRIERS, type CarrierName } from '../../simulator/faults.ts';

export interface StartOptions {
  /** Leave when the first campaign has ended, instead of staying up until Ctrl-C. */
  readonly exit: boolean;
  /** Whose adapter the calls go through, and whose API the simulated provider speaks. */
  readonly provider: CarrierName;
  /** What the provider draws its chances from. */
  readonly seed: string;
  /** How many times faster than a real one the provider's calls run. */
  readonly timeScale: number;
  /** Where everything that stays between starts is kept. */
  readonly home: string;
  /** Root of the Web UI of a Temporal server that is not started here. */
  readonly webUi: string | null;
}

export const USAGE = `npm start -- [options]

  --exit              exit after the first campaign; exit code 0 only if the provider's ledger agrees
  --provider NAME     adapter to use, against a simulated carrier: truedy, twilio or retell (default truedy)
  --seed TEXT         seed of the simulated provider's random numbers (default 1)
  --time-scale N      speed of its calls as a multiple of real time, 1 to 1000 (default 30)
  --home DIR          directory for state and logs (default .ringfence)
  --web-ui URL        root URL of the Web UI of the Temporal server in TEMPORAL_ADDRESS

Set TEMPORAL_ADDRESS (or any other part of Temporal's environment configuration) and DATABASE_URL to use your
servers. Without them, npm start starts its servers.`;

const DEFAULT_TIME_SCALE = 30;

/**
 * @returns null when only the usage was asked for.
 * @throws Error that names the option and what it takes.
 */
export function readOptions(args: readonly string[], defaultHome: string): StartOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      exit: { type: 'boolean', default: false },
      provider: { type: 'string', default: 'truedy' },
      seed: { type: 'string', default: '1' },
      'time-scale': { type: 'string' },
      home: { type: 'string' },
      'web-ui': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  return {
    exit: values.exit,
    provider: readProvider(values.provider),
    seed: values.seed,
    timeScale: values['time-scale'] === undefined ? DEFAULT_TIME_SCALE : readTimeScale(values['time-scale']),
    home: resolve(values.home ?? defaultHome),
    webUi: values['web-ui'] === undefined ? null : readUrl(values['web-ui']),
  };
}

/** @throws Error that names the option and what it takes */
export function readProvider(text: string): CarrierName {
  const carrier = CARRIERS.find((name) => name === text);
  if (carrier) return carrier;
  throw new Error(`--provider must be ${CARRIERS.slice(0, -1).join(', ')} or ${CARRIERS.at(-1)}, not "${text}".`);
}

/** Below 1 a call would last longer than the provider is told to let it, and the engine would rightly give it up. */
function readTimeScale(text: string): number {
  const scale = Number(text);
  if (text.trim() !== '' && scale >= 1 && scale <= 1000) return scale;
  throw new Error(`--time-scale must be a number from 1 to 1000, not "${text}".`);
}

function readUrl(text: string): string {
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw new Error(`--web-ui must be an http or https address, such as http://localhost:8233, not "${text}".`);
}
