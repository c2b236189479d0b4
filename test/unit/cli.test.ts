import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../client/cli/run.ts';
import table from '../cases/windows.json' with { type: 'json' };

let out = '';
let err = '';

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
  vi.spyOn(console, 'error').mockImplementation(
    (...texts: unknown[]) => void (err += `${texts.map(String).join(' ')}\n`),
  );
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (out += String(text)) !== '');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (err += String(text)) !== '');
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const words = (line: string) => line.split(' ');
const newYork = words('windows --timezone America/New_York --start 10:00 --end 17:00');

describe('windows', () => {
  it.each(table.cases.map((each) => [each.name, each] as const))(
    'as JSON: %s',
    async (_, { schedule, from, windows }) => {
      const args = [
        'windows',
        '--json',
        '--timezone',
        schedule.timezone,
        '--from',
        from,
        '--count',
        `${windows.length}`,
      ];
      if (schedule.start_time) args.push('--start', schedule.start_time, '--end', schedule.end_time);
      if (schedule.working_days) args.push('--days', schedule.working_days.join(','));
      if (schedule.blackout_dates) args.push('--blackout', schedule.blackout_dates.join(','));
      expect(await run(args)).toBe(0);
      expect(out).toBe(`${JSON.stringify(windows.map(([opens_at, closes_at]) => ({ opens_at, closes_at })))}\n`);
      expect(err).toBe('');
    },
  );

  it('for people: local time with its offset, and UTC', async () => {
    const args = words('windows --timezone America/New_York --start 01:15 --end 01:45 --days 7 --count 2');
    expect(await run([...args, '--from', '2026-11-01T00:00:00-04:00'])).toBe(0);
    expect(out).toBe(
      [
        'Opens (America/New_York)     Closes                       Opens (UTC)           Closes (UTC)',
        'Sun 2026-11-01 01:15 -04:00  Sun 2026-11-01 01:45 -04:00  2026-11-01T05:15:00Z  2026-11-01T05:45:00Z',
        'Sun 2026-11-01 01:15 -05:00  Sun 2026-11-01 01:45 -05:00  2026-11-01T06:15:00Z  2026-11-01T06:45:00Z',
        '',
      ].join('\n'),
    );
  });

  it('begins now and gives five where nothing else is said', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-03-20T15:00:00.250Z'), toFake: ['Date'] });
    await run([...newYork, '--json']);
    const windows = JSON.parse(out) as { opens_at: string }[];
    expect(windows).toHaveLength(5);
    expect(windows[0]?.opens_at).toBe('2026-03-20T15:00:00.250Z');
  });

  it('says so when a window never closes, or none opens', async () => {
    const always = words('windows --timezone UTC --days 1,2,3,4,5,6,7 --from 2026-01-01T00:00Z');
    await run([...always, '--json']);
    expect(out).toBe('[{"opens_at":"2026-01-01T00:00:00Z","closes_at":null}]\n');
    out = '';
    await run(always);
    expect(out).toContain('not within 400 days');
    out = '';
    const thursdays = Array.from({ length: 60 }, (_, week) => new Date(Date.UTC(2026, 0, 1 + 7 * week)).toISOString());
    const blackout = thursdays.map((date) => date.slice(0, 10)).join(',');
    const never = [...words('windows --timezone UTC --days 4 --from 2026-01-01T00:00Z --blackout'), blackout];
    expect(await run(never)).toBe(0);
    expect(out).toBe('No window opens within 400 days.\n');
    out = '';
    await run([...never, '--json']);
    expect(out).toBe('[]\n');
  });

  it.each([
    ['windows', '--timezone'],
    ['windows --timezone Europe/Atlantis', '--timezone must be an IANA zone'],
    ['windows --timezone +02:00', '--timezone must be an IANA zone'],
    ['windows --timezone UTC --from 2026-03-20T21:30:00', '--from'],
    ['windows --timezone UTC --from 2026-02-29T21:30:00Z', '--from'],
    ['windows --timezone UTC --from tomorrow', '--from'],
    ['windows --timezone UTC --count 0', '--count'],
    ['windows --timezone UTC --count 1001', '--count'],
    ['windows --timezone UTC --count 1e2', '--count'],
    ['windows --timezone UTC --start 09:00', '--end is missing: give it together with --start'],
    ['windows --timezone UTC --end 09:00', '--start is missing'],
    ['windows --timezone UTC --start 9:00 --end 17:00', '--start must be HH:MM'],
    ['windows --timezone UTC --start 09:00 --end 09:00', '--end must differ from --start'],
    ['windows --timezone UTC --days 0', '--days must hold'],
    ['windows --timezone UTC --days 1,1', '--days must hold'],
    ['windows --timezone UTC --days mon', '--days must hold'],
    ['windows --timezone UTC --blackout 2026-02-30', '--blackout must hold'],
    ['windows --timezone UTC --zone UTC', '--zone'],
    ['windows --timezone UTC 5', 'arguments'],
    ['window --timezone UTC', "unknown command 'window'"],
  ])('refuses with code 2 and names what is wrong: %s', async (line, named) => {
    expect(await run(words(line))).toBe(2);
    expect(err).toContain(named);
    expect(out).toBe('');
  });
});

describe('help', () => {
  it.each(['--help', 'windows --help', 'help windows'])('is no failure: %s', async (line) => {
    expect(await run(words(line))).toBe(0);
    expect(out).toContain('Usage: ringfence');
  });

  it('names every verb', async () => {
    await run(['--help']);
    expect([...out.matchAll(/^ {2}(\w+) .*\.$/gm)].map((match) => match[1])).toEqual([
      'campaigns',
      'contacts',
      'windows',
    ]);
  });

  it('of a verb has examples', async () => {
    await run(['windows', '--help']);
    expect(out).toMatch(/Examples:\n {2}\$ npm run -s ringfence -- windows --timezone/);
  });
});
