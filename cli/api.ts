/** What the commands that ask the gateway have in common, and how every command prints its answer. */
import { type Command, Option } from 'commander';
import { API_ROOT } from '../domain/api/api-root.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { ApiOptions } from '../client/http-api.ts';
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

/** @throws RingfenceError `misconfigured` when there is no key. */
export function apiOf({ url, key }: ApiFlags): ApiOptions {
  if (key !== undefined && key !== '') return { baseUrl: url, key };
  throw new RingfenceError('misconfigured', 'The API key is missing: set RINGFENCE_API_KEY or pass --key.', {
    field: '--key',
  });
}

/** Prints what `ask` answers. With --json a refusal is printed as JSON too, before it ends the tool. */
export async function show<T>(
  { json }: Json,
  ask: () => Promise<T>,
  inWords: (answer: T) => readonly Line[],
): Promise<void> {
  const answer = await refusalsAsJson(json, ask);
  if (json) printJson(answer);
  else printText(inWords(answer));
}

/** With --json a refusal is printed as JSON, before it ends the tool. */
export async function refusalsAsJson<T>(json: true | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (json && error instanceof RingfenceError) {
      const { code, message, field } = error;
      const details = field === undefined ? error.details : { field, ...error.details };
      printJson({ error: { code, message, details } });
    }
    throw error;
  }
}
