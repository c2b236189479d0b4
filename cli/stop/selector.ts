/** The options that say what a stop covers, the same for `stop` and `start`. */
import type { Command } from 'commander';
import type { StopScope } from '../../db/stops.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';

export interface Selector {
  readonly all?: true;
  readonly account?: string;
  readonly connection?: string;
}

export function addSelector(command: Command): Command {
  return command
    .option('--all', 'every campaign')
    .option('--account <account>', 'the campaigns of an account')
    .option('--connection <connection>', 'the campaigns that call through a connection');
}

/** @throws RingfenceError `validation_error` unless exactly one of the options is given */
export function scopeOf({ all, account, connection }: Selector): StopScope {
  const scopes: StopScope[] = [
    ...(all ? (['all'] as const) : []),
    ...(account === undefined ? [] : ([`account:${account}`] as const)),
    ...(connection === undefined ? [] : ([`connection:${connection}`] as const)),
  ];
  const [scope] = scopes;
  if (scope !== undefined && scopes.length === 1) return scope;
  throw new RingfenceError('validation_error', 'Give one of --all, --account and --connection.', { field: '--all' });
}

/** The option of the scope, without its value. */
export function flagOf(scope: StopScope): string {
  return `--${scope.split(':')[0]}`;
}

/** The option that names the scope, as a shell reads it. */
export function optionFor(scope: StopScope): string {
  if (scope === 'all') return flagOf(scope);
  const name = scope.slice(scope.indexOf(':') + 1);
  return `${flagOf(scope)} ${/^[\w.:@/-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`}`;
}
