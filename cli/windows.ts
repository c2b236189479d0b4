import { Command } from 'commander';
import { RingfenceError } from '../domain/engine/errors.ts';
import { commonWindows, type LimitedSchedule } from '../domain/windows/common-windows.ts';
import type { Env } from './env.ts';
import type { Place } from '../domain/windows/policies/narrow.ts';
import type { Schedule } from '../domain/windows/schedule.ts';
import type { CallingWindow } from '../domain/windows/windows.ts';
import { examples } from './help.ts';
import { HOURS_FORM } from './hours-option.ts';
import { instant, list, wholeNumber } from './options.ts';
import { printJson, printText } from './terminal.ts';
import { readSchedule, type ScheduleOptions } from './windows-schedule.ts';
import { asJson, asTable } from './windows-text.ts';

interface Options extends ScheduleOptions {
  readonly number?: string;
  readonly policy?: readonly string[];
  readonly policyFile?: string;
  readonly from?: number;
  readonly count: number;
  readonly json?: true;
}

/** `windows`: when a schedule lets calls be dialled. Needs neither the database nor Temporal. */
export function windowsCommand(env: Env): Command {
  return new Command('windows')
    .option('--timezone <zone>', 'IANA time zone, such as Europe/Berlin')
    .option('--number <number>', 'phone number whose time zones to use instead of --timezone, such as +12125550101')
    .option('--hours <hours>', `windows by weekday, 1 (Monday) to 7 (Sunday), such as ${HOURS_FORM}`)
    .option('--start <HH:MM>', 'local time at which the window opens; requires --end (default: the whole day)')
    .option(
      '--end <HH:MM>',
      'local time at which it closes; before --start: on the next day; 24:00: the end of the day',
    )
    .option('--days <list>', 'working days, 1 (Monday) to 7 (Sunday) (default: 1,2,3,4,5)', list)
    .option('--blackout <dates>', 'dates without calls, such as 2026-12-24,2026-12-25', list)
    .option('--holidays <region>', 'country or state whose public holidays have no calls, such as FR or US-FL')
    .option('--policy <names>', 'policies that narrow the hours, such as us-tcpa,us-fl', list)
    .option('--policy-file <file>', 'YAML or JSON file with own policies, or - for standard input')
    .option('--from <instant>', 'first instant, with Z or an offset (default: now)', instant)
    .option('--count <number>', 'number of windows, 1 to 1000', wholeNumber(1, 1_000), 5)
    .option('--json', 'print JSON; "closes_at" is null if a window does not close within 400 days')
    .addHelpText(
      'after',
      examples(
        'windows --timezone America/New_York --start 10:00 --end 17:00',
        'windows --timezone Europe/Paris --hours "1-5 10:00-13:00,14:00-20:00; 6 10:00-12:00" --holidays FR',
        'windows --number +13055550101 --hours "1-7 08:00-21:00" --policy us-tcpa,us-fl',
        'windows --timezone Asia/Tokyo --blackout 2026-12-31,2027-01-01 --json',
      ),
    )
    .action(async (options: Options) => {
      if (options.number !== undefined) return printForNumber(options, options.number, env);
      if (options.timezone === undefined) {
        const message = "required option '--timezone <zone>' not specified: name a time zone, or a number by --number";
        throw new RingfenceError('bad_request', message, { field: '--timezone' });
      }
      const schedule = readSchedule(options);
      const narrow = await readNarrowing(options, null, env);
      const windows = firstWindows(narrow.schedules(schedule), options);
      if (options.json) printJson(asJson(windows));
      else printText([...narrow.text, ...(narrow.text.length > 0 ? [''] : []), ...asTable(windows, schedule.timezone)]);
    });
}

/** The windows in which it is open in all zones of the number. */
async function printForNumber(options: Options, number: string, env: Env): Promise<void> {
  if (options.timezone !== undefined) {
    const message = '--number does not go with --timezone: the number says its time zones';
    throw new RingfenceError('validation_error', message, { field: '--number' });
  }
  // Loaded here, because most calls name a zone.
  const { placeOfNumber } = await import('./number-option.ts');
  const { zones, ...place } = placeOfNumber(number);
  const narrow = await readNarrowing(options, place, env);
  const schedules = zones.flatMap((zone) => narrow.schedules(readSchedule(options, zone)));
  if (zones.length === 0) readSchedule(options, 'UTC');
  const windows = firstWindows(schedules, options);
  if (options.json) {
    printJson({ zones, windows: asJson(windows) });
    return;
  }
  const [first] = zones;
  if (first === undefined) {
    printText(['No time zone is known for this number: it belongs to no place, as toll-free numbers do.', UNKNOWN]);
    return;
  }
  const all = zones.length === 1 ? '' : '; open when it is open in all of them';
  printText([`Time zones of the number: ${zones.join(', ')}${all}`, ...narrow.text, '', ...asTable(windows, first)]);
}

const UNKNOWN = 'A campaign in the hours of its contacts calls it as its unknown_zone says.';

interface Narrowing {
  /** The schedules that must all be open. */
  readonly schedules: (schedule: Schedule) => readonly LimitedSchedule[];
  /** What the policies say, in lines for people. */
  readonly text: readonly string[];
}

/** Policies are loaded here, because most calls name none. */
async function readNarrowing(
  { policy: names, policyFile }: Options,
  place: Place | null,
  env: Env,
): Promise<Narrowing> {
  if (names === undefined && policyFile === undefined) {
    return { schedules: (schedule) => [{ schedule, appliesFrom: null, appliesUntil: null }], text: [] };
  }
  const { readNarrowingPolicies } = await import('./policy-options.ts');
  return readNarrowingPolicies(names ?? [], policyFile, place, env);
}

function firstWindows(
  schedules: readonly LimitedSchedule[],
  { from = Date.now(), count }: Pick<Options, 'from' | 'count'>,
): CallingWindow[] {
  const found: CallingWindow[] = [];
  for (const window of commonWindows(schedules, from)) {
    found.push(window);
    if (found.length === count) break;
  }
  return found;
}
