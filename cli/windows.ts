import { Command } from 'commander';
import { RingfenceError } from '../domain/engine/errors.ts';
import { Schedule } from '../domain/windows/schedule.ts';
import { callingWindows, HORIZON_MS, type CallingWindow } from '../domain/windows/windows.ts';
import { DAY_MS, offsetAt } from '../domain/windows/zone-offsets.ts';
import { examples } from './help.ts';
import { instant, list, wholeNumber } from './options.ts';
import { table, utcText } from './output.ts';
import { printJson, printText } from './terminal.ts';

/** Which option gives which field of the schedule. */
const OPTION_OF = {
  timezone: '--timezone',
  start_time: '--start',
  end_time: '--end',
  working_days: '--days',
  blackout_dates: '--blackout',
};

interface Options {
  readonly timezone: string;
  readonly start?: string;
  readonly end?: string;
  readonly days?: string[];
  readonly blackout?: string[];
  readonly from?: number;
  readonly count: number;
  readonly json?: true;
}

/** `windows`: when a schedule lets calls be dialled. Needs neither the database nor Temporal. */
export function windowsCommand(): Command {
  return new Command('windows')
    .requiredOption('--timezone <zone>', 'IANA time zone, such as Europe/Berlin')
    .option('--start <HH:MM>', 'local time at which the window opens; requires --end (default: the whole day)')
    .option(
      '--end <HH:MM>',
      'local time at which it closes; before --start: on the next day; 24:00: the end of the day',
    )
    .option('--days <list>', 'working days, 1 (Monday) to 7 (Sunday) (default: 1,2,3,4,5)', list)
    .option('--blackout <dates>', 'dates without calls, such as 2026-12-24,2026-12-25', list)
    .option('--from <instant>', 'first instant, with Z or an offset (default: now)', instant)
    .option('--count <number>', 'number of windows, 1 to 1000', wholeNumber(1, 1_000), 5)
    .option('--json', 'print JSON; "closes_at" is null if a window does not close within 400 days')
    .addHelpText(
      'after',
      examples(
        'windows --timezone America/New_York --start 10:00 --end 17:00',
        'windows --timezone Europe/Paris --start 20:00 --end 02:00 --days 5 --count 2',
        'windows --timezone Asia/Tokyo --blackout 2026-12-31,2027-01-01 --json',
      ),
    )
    .action((options: Options) => {
      const schedule = readSchedule(options);
      const windows = firstWindows(schedule, options.from ?? Date.now(), options.count);
      if (options.json) printJson(asJson(windows));
      else printText(asTable(windows, schedule.timezone));
    });
}

function readSchedule({ timezone, start, end, days, blackout }: Options): Schedule {
  const parsed = Schedule.safeParse({
    timezone,
    start_time: start,
    end_time: end,
    working_days: days?.map((day) => (/^\d$/.test(day) ? Number(day) : Number.NaN)),
    blackout_dates: blackout,
  });
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map(({ message }) =>
    Object.entries(OPTION_OF).reduce((text, [field, option]) => text.replaceAll(field, option), message),
  );
  const [first] = parsed.error.issues[0]?.path ?? [];
  throw new RingfenceError('validation_error', [...new Set(messages)].join('\nerror: '), {
    field: OPTION_OF[first as keyof typeof OPTION_OF] ?? '--timezone',
  });
}

function firstWindows(schedule: Schedule, from: number, count: number): CallingWindow[] {
  const found: CallingWindow[] = [];
  for (const window of callingWindows(schedule, from)) {
    found.push(window);
    if (found.length === count) break;
  }
  return found;
}

function asJson(windows: readonly CallingWindow[]) {
  return windows.map(({ opensAt, closesAt }) => ({
    opens_at: utcText(opensAt),
    closes_at: closesAt === null ? null : utcText(closesAt),
  }));
}

function asTable(windows: readonly CallingWindow[], timezone: string): string[] {
  const horizonDays = HORIZON_MS / DAY_MS;
  if (windows.length === 0) return [`No window opens within ${horizonDays} days.`];
  const rows = windows.map(({ opensAt, closesAt }) => [
    localText(opensAt, timezone),
    closesAt === null ? `not within ${horizonDays} days` : localText(closesAt, timezone),
    utcText(opensAt),
    closesAt === null ? '' : utcText(closesAt),
  ]);
  return table([`Opens (${timezone})`, 'Closes', 'Opens (UTC)', 'Closes (UTC)'], rows);
}

/** Wall time with its offset, which tells the two passes through a repeated hour apart: `Mon 2026-03-23 10:00 -04:00`. */
function localText(at: number, timezone: string): string {
  const offset = offsetAt(timezone, at);
  const wallTime = new Date(at + offset);
  const weekday = wallTime.toLocaleDateString('en-GB', { weekday: 'short', timeZone: 'UTC' });
  const [date = '', time = ''] = utcText(wallTime.getTime()).replace('Z', '').split('T');
  const distance = utcText(Math.abs(offset)).slice(11).replace('Z', '');
  return `${weekday} ${date} ${withoutZeroSeconds(time)} ${offset < 0 ? '-' : '+'}${withoutZeroSeconds(distance)}`;
}

function withoutZeroSeconds(time: string): string {
  return time.replace(/^(\d\d:\d\d):00$/, '$1');
}
