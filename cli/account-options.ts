/** The options of `accounts set`, and how they are read. */
import { type Command, InvalidArgumentError } from 'commander';
import type { AccountSettings } from '../db/accounts.ts';
import { NumberLimit, NumberLimits } from '../domain/dialling/number-limits.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { readZoneName } from '../domain/windows/zone-name.ts';

type Limit = number | 'none';

export interface SetFlags {
  readonly maxConcurrentCalls?: Limit;
  readonly maxCallsPerDay?: Limit;
  readonly timezone?: string;
  readonly maxCampaigns?: Limit;
  readonly maxContacts?: Limit;
  readonly perNumber?: readonly (NumberLimit | 'default')[];
}

/** More calls than any carrier has in flight for one customer. */
const MOST_AT_ONCE = 100_000;
/** PostgreSQL's largest integer, rounded down. */
const MOST = 1_000_000_000;

export function addAccountOptions(command: Command): Command {
  return command
    .option('--max-concurrent-calls <number>', 'calls in flight over all campaigns, or "none"', limit(1, MOST_AT_ONCE))
    .option('--max-calls-per-day <number>', 'calls placed in one day over all campaigns, or "none"', limit(1, MOST))
    .option('--timezone <zone>', 'IANA time zone of the days of --max-calls-per-day', zone)
    .option('--max-campaigns <number>', 'campaigns that are not over, or "none"', limit(0, MOST))
    .option(
      '--max-contacts <number>',
      'contacts in campaigns that are not over and, counted apart, contacts in folders, or "none"',
      limit(0, MOST),
    )
    .option(
      '--per-number <limit>',
      'calls to one number, such as 3/24h for three in 24 hours, or "default". Repeat it for several limits',
      numberLimit,
    );
}

/**
 * The settings that the options change.
 *
 * @throws RingfenceError `validation_error` that names the option
 */
export function changesOf(flags: SetFlags): Partial<AccountSettings> {
  const changes: Partial<AccountSettings> = {
    ...(flags.maxConcurrentCalls === undefined ? {} : { max_concurrent_calls: orNull(flags.maxConcurrentCalls) }),
    ...(flags.maxCallsPerDay === undefined ? {} : { max_calls_per_day: orNull(flags.maxCallsPerDay) }),
    ...(flags.timezone === undefined ? {} : { timezone: flags.timezone }),
    ...(flags.maxCampaigns === undefined ? {} : { max_campaigns: orNull(flags.maxCampaigns) }),
    ...(flags.maxContacts === undefined ? {} : { max_contacts: orNull(flags.maxContacts) }),
    ...(flags.perNumber === undefined ? {} : { per_number: numberLimits(flags.perNumber) }),
  };
  if (Object.keys(changes).length > 0) return changes;
  const message = 'Nothing to set: give at least one option, such as --max-calls-per-day 1000. --help lists them.';
  throw new RingfenceError('validation_error', message, { field: 'options' });
}

function numberLimits(given: readonly (NumberLimit | 'default')[]): readonly NumberLimit[] | null {
  const limits = given.filter((one) => one !== 'default');
  const refuse = (message: string): never => {
    throw new RingfenceError('validation_error', message, { field: '--per-number' });
  };
  if (limits.length === 0) return null;
  if (limits.length < given.length) return refuse('--per-number is either "default" or limits: leave one of them out.');
  if (!NumberLimits.safeParse(limits).success) return refuse('--per-number is given too often: leave some limits out.');
  return limits;
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

function zone(value: string): string {
  const read = readZoneName(value);
  if ('name' in read) return read.name;
  throw new InvalidArgumentError(`The time zone ${read.problem}.`);
}

function numberLimit(
  value: string,
  before: readonly (NumberLimit | 'default')[] | undefined,
): readonly (NumberLimit | 'default')[] {
  return [...(before ?? []), value === 'default' ? value : callsInHours(value)];
}

function callsInHours(value: string): NumberLimit {
  const [, max, hours] = /^(\d{1,9})\/(\d{1,9})h$/.exec(value) ?? [];
  const read = NumberLimit.safeParse({ max: Number(max), hours: Number(hours) });
  if (read.success) return read.data;
  throw new InvalidArgumentError('Give calls and hours, such as 3/24h for three calls in 24 hours, or "default".');
}
