/** The options of `accounts set`, and how they are read. */
import { type Command, InvalidArgumentError } from 'commander';
import type { AccountSettings } from '../db/accounts.ts';
import { RingfenceError } from '../domain/engine/errors.ts';

type Limit = number | 'none';

export interface SetFlags {
  readonly maxCampaigns?: Limit;
  readonly maxContacts?: Limit;
}

/** PostgreSQL's largest integer, rounded down. */
const MOST = 1_000_000_000;

export function addAccountOptions(command: Command): Command {
  return command
    .option('--max-campaigns <number>', 'campaigns that are not over, or "none"', limit(0, MOST))
    .option(
      '--max-contacts <number>',
      'contacts in campaigns that are not over and, counted apart, contacts in folders, or "none"',
      limit(0, MOST),
    );
}

/**
 * The settings that the options change.
 *
 * @throws RingfenceError `validation_error` that names the option
 */
export function changesOf(flags: SetFlags): Partial<AccountSettings> {
  const changes: Partial<AccountSettings> = {
    ...(flags.maxCampaigns === undefined ? {} : { max_campaigns: orNull(flags.maxCampaigns) }),
    ...(flags.maxContacts === undefined ? {} : { max_contacts: orNull(flags.maxContacts) }),
  };
  if (Object.keys(changes).length > 0) return changes;
  const message = 'Nothing to set: give at least one option, such as --max-campaigns 20. --help lists them.';
  throw new RingfenceError('validation_error', message, { field: 'options' });
}

function orNull(limit: Limit): number | null {
  return limit === 'none' ? null : limit;
}

function limit(min: number, max: number): (value: string) => Limit {
  return (value) => {
    if (value === 'none') return value;
    const number = /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}, or "none" for no limit.`);
  };
}
