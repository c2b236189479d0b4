/** `campaigns edit`: new terms for a campaign that runs, through Temporal and nothing else. */
import type { Command } from 'commander';
import type { ChangeCampaignInput } from '../domain/api/campaign-change.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { type Json, show } from './api.ts';
import { workflowCommand, throughTemporal } from './campaign-commands.ts';
import { editText } from './campaign-text.ts';
import { examples } from './help.ts';
import { callingHours, HOURS_FORM } from './hours-option.ts';
import { list } from './options.ts';
import { readJson } from './source.ts';

type Field = keyof ChangeCampaignInput;

/** Each field of an edit, the option that sets it, and how the option's value is read. The schema judges it. */
const OPTIONS: Readonly<Record<Field, readonly [flags: string, means: string, read: (value: string) => unknown]>> = {
  max_concurrent_calls: ['--max-concurrent-calls <number>', 'maximum concurrent calls; 0 stops new calls', number],
  max_calls_per_day: ['--daily-cap <number>', 'maximum calls per day, or none', orNone(number)],
  timezone: ['--timezone <zone>', 'IANA time zone, such as Europe/Berlin', String],
  calling_hours: [
    '--calling-hours <hours>',
    `windows by weekday, such as ${HOURS_FORM}; replaces --start-time, --end-time and --working-days`,
    (value) => callingHours(value, '--calling-hours'),
  ],
  start_time: [
    '--start-time <HH:MM>',
    'start of the hours; none, with --end-time none, for the whole day',
    orNone(String),
  ],
  end_time: ['--end-time <HH:MM>', 'end of the hours; 24:00 is the end of the day', orNone(String)],
  working_days: ['--working-days <list>', 'days of the week, 1 (Monday) to 7 (Sunday), such as 1,2,3', numbers],
  blackout_dates: [
    '--blackout-dates <list>',
    'all dates without calls, such as 2026-12-24,2026-12-25, or none',
    listOrNone,
  ],
  holidays: [
    '--holidays <region>',
    'country or state whose public holidays have no calls, such as FR or US-FL, or none',
    orNone(String),
  ],
  day_timezone: [
    '--day-timezone <zone>',
    'time zone whose days the daily cap counts, or none for that of the hours',
    orNone(String),
  ],
  scheduled_at: ['--scheduled-at <instant>', 'new start, for a campaign that has not started', String],
  ends_at: [
    '--ends-at <instant>',
    'end of the campaign, after which the remaining contacts are skipped, or none',
    orNone(String),
  ],
  open_ended: ['--open-ended <yes|no>', 'wait for more contacts when all were called, or end then', yesOrNo],
  retry_failed: [
    '--retry-failed <yes|no>',
    'turn retries on or off; yes alone means the earlier number, or one',
    yesOrNo,
  ],
  max_retry_attempts: ['--max-retry-attempts <number>', 'retries per contact, 0 to 10; 0 turns them off', number],
  retry_delay_minutes: ['--retry-delay-minutes <list>', 'minutes before a retry: one number, or one per retry', delay],
  retry_on: ['--retry-on <list>', 'outcomes to retry, such as no_answer,busy,declined, or none', listOrNone],
};

export function addCampaignEdit(campaigns: Command): void {
  const edit = workflowCommand(
    campaigns,
    'edit',
    'Change limits, hours or the retry policy of a campaign, between two placements.',
    examples(
      'campaigns edit 1f4baf16-1540-4d91-9696-7f34b2f2cb77 --max-concurrent-calls 5 --daily-cap none',
      'campaigns edit 1f4baf16-1540-4d91-9696-7f34b2f2cb77 --start-time 10:00 --end-time 17:00 --timezone Europe/Paris',
      'campaigns edit 1f4baf16-1540-4d91-9696-7f34b2f2cb77 --file change.json',
    ),
  ).option('--file <file>', 'JSON file with the body of PATCH /batch-calls/{id}, or - for standard input');
  for (const [flags, means] of Object.values(OPTIONS)) edit.option(flags, means);
  edit.action((id: string, flags: Json & { file?: string } & Readonly<Record<string, unknown>>) =>
    show(
      flags,
      async () => {
        const change = await changeOf(flags);
        const { editOverTemporal } = await import('../client/temporal/edit-over-temporal.ts');
        return throughTemporal((temporal) => editOverTemporal(temporal).edit(id, change));
      },
      editText,
    ),
  );
}

/** What the file says, and over it what the options say. */
async function changeOf(flags: { file?: string } & Readonly<Record<string, unknown>>): Promise<ChangeCampaignInput> {
  const fromFile = flags.file === undefined ? {} : await readJson(flags.file, '--file');
  if (typeof fromFile !== 'object' || fromFile === null || Array.isArray(fromFile)) {
    throw new RingfenceError('bad_request', 'The file must hold a JSON object with the fields to change.', {
      field: '--file',
    });
  }
  const fromOptions = Object.entries(OPTIONS).flatMap(([field, [option, , read]]) => {
    const value = flags[camelCase(option)];
    // Read here and not by Commander, which takes null for nothing.
    return typeof value === 'string' ? [[field, read(value)] as const] : [];
  });
  // Zone names are checked by data that no other command for campaigns needs.
  const { readChange } = await import('../domain/api/campaign-change.ts');
  try {
    return readChange({ ...fromFile, ...Object.fromEntries(fromOptions) });
  } catch (error) {
    throw error instanceof RingfenceError ? inOptions(error, fromOptions) : error;
  }
}

/** Who gave an option is told of the option, not of the field behind it. */
function inOptions(error: RingfenceError, given: readonly (readonly [string, unknown])[]): RingfenceError {
  const { field, message, code } = error;
  if (given.length === 0) {
    return field === 'body'
      ? new RingfenceError(code, 'Nothing to change: pass at least one option of --help, or --file.')
      : error;
  }
  const [name] = given.find(([name]) => name === field) ?? [];
  if (name === undefined) return error;
  const option = nameOf(OPTIONS[name as Field][0]);
  return new RingfenceError(code, message.replaceAll(name, option), { field: option, cause: error });
}

function nameOf(flags: string): string {
  return flags.split(' ')[0] ?? flags;
}

function camelCase(flags: string): string {
  return nameOf(flags)
    .replace('--', '')
    .replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Text that is no number is handed on, for the schema to say what would do. */
function number(value: string): unknown {
  return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

function numbers(value: string): unknown[] {
  return list(value).map(number);
}

function delay(value: string): unknown {
  return value.includes(',') ? numbers(value) : number(value);
}

function listOrNone(value: string): unknown {
  return value === 'none' ? [] : list(value);
}

function orNone(read: (value: string) => unknown): (value: string) => unknown {
  return (value) => (value === 'none' ? null : read(value));
}

function yesOrNo(value: string): unknown {
  return value === 'yes' ? true : value === 'no' ? false : value;
}
