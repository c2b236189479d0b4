/** What the commands that ask the gateway have in common, and how every command prints its answer. */
import { type Command, Option } from 'commander';
import { API_ROOT } from '../domain/api/api-root.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { Ringfence } from '../client/ringfence.ts';
import { DEFAULTS } from '../worker/defaults.ts';
import { type Line, printJson, printText } from './terminal.ts';

export const LOCAL_GATEWAY = `http://${DEFAULTS.gatewayHost}:${DEFAULTS.gatewayPort}${API_ROOT}`;

export interface Json {
  readonly json?: true;
}
export interface ApiFlags extends Json {
  readonly url: string;
  readonly key?: string;
}

/** A command that asks the gateway. */
export function gatewayCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .addOption(urlOption())
    .addOption(keyOption())
    .option('--json', 'print JSON');
}

export function urlOption(): Option {
  return new Option('--url <url>', "root URL of the gateway's API").env('RINGFENCE_API_URL').default(LOCAL_GATEWAY);
}

export function keyOption(): Option {
  return new Option('--key <key>', 'API key').env('RINGFENCE_API_KEY');
}

/** Two waits take three quarters of a second on average: somebody waits at the terminal. */
const MAX_RETRIES = 2;

/** @throws RingfenceError `misconfigured` when there is no key, or when it or the URL cannot be used. */
export async function ringfenceOf({ url, key }: ApiFlags, { maxRetries = MAX_RETRIES } = {}): Promise<Ringfence> {
  if (key === undefined || key === '') {
    const message = 'The API key is missing: set RINGFENCE_API_KEY or pass --key.';
    throw new RingfenceError('misconfigured', message, { field: '--key' });
  }
  const { Ringfence } = await import('../client/ringfence.ts');
  return new Ringfence({ baseUrl: url, apiKey: key, maxRetries });
}

/** Prints what `ask` answers. */
export async function show<T>(
  { json }: Json,
  ask: () => Promise<T>,
  inWords: (answer: T) => readonly Line[],
): Promise<void> {
  const answer = await ask();
  if (json) printJson(answer);
  else printText(inWords(answer));
}
