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

/** The option that names the scope, as a shell reads it. */
export function optionFor(scope: StopScope): string {
  if (scope === 'all') return '--all';
  const [kind, ...parts] = scope.split(':');
  const name = parts.join(':');
  return `--${kind} ${/^[\w.:@/-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`}`;
}
