import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { parse } from 'yaml';
import type { Command } from 'commander';
import { coloursFor } from '../../cli/colours.ts';
import { program as loadProgram, wholeProgram } from '../../cli/program.ts';
import { run as runWith } from '../../cli/run.ts';
import { ChangeCampaign } from '../../domain/api/campaign-change.ts';
import packageJson from '../../package.json' with { type: 'json' };
import hourCases from '../cases/hours.json' with { type: 'json' };
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

const run = (args: readonly string[]) => runWith(args, process.env);
const program = await wholeProgram({});
const words = (line: string) => line.split(' ');
const newYork = words('windows --timezone America/New_York --start 10:00 --end 17:00');

const numbers = hourCases.cases.filter(({ number }) => number !== undefined);

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

  it.each([
    [
      '1-5 10:00-13:00,14:00-20:00; 6 10:00-12:00',
      ['05 08:00-11:00', '05 12:00-18:00', '06 08:00-10:00', '08 08:00-11:00'],
    ],
    ['1,3 10:00-13:00 ; 1-3,6 20:00-24:00', ['06 18:00-22:00', '08 08:00-11:00', '08 18:00-22:00', '09 18:00-22:00']],
    ['5 10:00-12:00; 5 12:00-14:00', ['05 08:00-12:00']],
    ['5 10:00-12:00; 5 11:00-14:00', ['05 08:00-12:00']],
    ['5 22:00-02:00; 6 01:00-03:00', ['05 20:00-01:00']],
  ])('takes --hours "%s"', async (hours, windows) => {
    const args = ['windows', '--timezone', 'Europe/Paris', '--json', '--count', `${windows.length}`];
    expect(await run([...args, '--from', '2026-06-05T07:00:00Z', '--hours', hours])).toBe(0);
    const found = (JSON.parse(out) as { opens_at: string; closes_at: string }[]).map(
      ({ opens_at, closes_at }) => `${opens_at.slice(8, 10)} ${opens_at.slice(11, 16)}-${closes_at.slice(11, 16)}`,
    );
    expect(found).toEqual(windows);
  });

  it.each([
    ['days beside it', ['--hours', '1-5 09:00-17:00', '--days', '1'], '--hours does not go with --days'],
    ['times beside it', ['--hours', '1-5 09:00-17:00', '--start', '09:00'], '--hours does not go with --start'],
    ['no days', ['--hours', '10:00-12:00'], '--hours cannot be read at "10:00-12:00"'],
    ['no times', ['--hours', '1-5'], '--hours cannot be read at "1-5"'],
    ['days backwards', ['--hours', '5-1 10:00-12:00'], '--hours cannot be read at "5-1"'],
    ['a day 8', ['--hours', '1-8 10:00-12:00'], '--hours cannot be read at "1-8"'],
    ['an empty part', ['--hours', '1 10:00-12:00;'], '--hours cannot be read at ""'],
    ['a start alone', ['--hours', '1 10:00'], '--hours cannot be read at "1 10:00"'],
    ['an hour 25', ['--hours', '1 10:00-25:00'], '--hours: end must be HH:MM'],
    ['hours of no length', ['--hours', '1 10:00-10:00'], '--hours: end must differ from start'],
  ])('refuses --hours with %s', async (_, args, named) => {
    expect(await run(['windows', '--timezone', 'UTC', ...args])).toBe(2);
    expect(err).toContain(named);
    expect(out).toBe('');
  });

  it.each(numbers.map((each) => [each.name, each] as const))('by --number: %s', async (_, given) => {
    const hours = given.calling_hours.map(({ days, start, end }) => `${days.join(',')} ${start}-${end}`).join('; ');
    const args = ['windows', '--number', given.number ?? '', '--hours', hours, '--from', given.from];
    expect(await run([...args, '--count', `${given.windows.length}`, '--json'])).toBe(0);
    const { zones, windows } = JSON.parse(out) as { zones: string[]; windows: unknown };
    expect(windows).toEqual(given.windows.map(([opens_at, closes_at]) => ({ opens_at, closes_at })));
    expect(zones).toHaveLength(given.zones?.length ?? 0);
    out = '';
    expect(await run(args)).toBe(0);
    expect(out).toContain(`Time zones of the number: ${zones.join(', ')}`);
  });

  it('says that no zone is known for a number that belongs to no place', async () => {
    expect(await run(words('windows --number +18005550101 --json'))).toBe(0);
    expect(out).toBe('{"zones":[],"windows":[]}\n');
    out = '';
    expect(await run(words('windows --number +18005550101'))).toBe(0);
    expect(out).toContain('No time zone is known');
  });

  it.each([
    ['--number +13055550101 --policy us-tcpa,us-fl', '2026-06-06T12:00:00Z', '2026-06-07T00:00:00Z'],
    ['--number +12125550101 --policy us-tcpa,us-fl', '2026-06-06T12:00:00Z', '2026-06-07T01:00:00Z'],
    ['--timezone America/New_York --policy us-fl', '2026-06-06T12:00:00Z', '2026-06-07T00:00:00Z'],
    ['--timezone America/Toronto --policy ca-utr', '2026-06-06T14:00:00Z', '2026-06-06T22:00:00Z'],
  ])('is narrowed by %s', async (line, opens_at, closes_at) => {
    const args = ['windows', ...words(line), '--hours', '6 00:00-24:00', '--from', '2026-06-05T00:00:00Z', '--json'];
    expect(await run([...args, '--count', '1'])).toBe(0);
    const found = JSON.parse(out) as { windows: unknown } | unknown[];
    expect('windows' in found ? found.windows : found).toEqual([{ opens_at, closes_at }]);
  });

  it('says which policies narrow it, and what their windows do not show', async () => {
    expect(await run(words('windows --number +12125550101 --policy us-fl,us-reg-f --count 1'))).toBe(0);
    expect(out).toMatch(/Policy us-fl, version \d{4}-\d\d-\d\d: .*; does not apply to this number/);
    expect(out).toMatch(/Policy us-reg-f.* at most 7 calls in 168 hours/);
  });

  it('reads own policies from a file, as YAML or JSON', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ringfence-policies-'));
    const own = `- name: house
  version: "1"
  title: House rules
  places: [US]
  purpose: all calls
  hours: [{days: [1, 2, 3, 4, 5, 6, 7], start: "10:00", end: "11:00"}]
  source: {text: House rules, url: "https://example.com/rules", read: 2026-11-29}
`;
    await writeFile(join(folder, 'own.yaml'), own);
    await writeFile(join(folder, 'own.json'), JSON.stringify(parse(own)));
    await writeFile(join(folder, 'wrong.yaml'), own.replace('places: [US]', 'places: [usa]'));
    const at = ['--timezone', 'UTC', '--from', '2026-06-05T00:00:00Z', '--count', '1', '--json'];
    for (const file of ['own.yaml', 'own.json']) {
      out = '';
      expect(await run(['windows', ...at, '--policy-file', join(folder, file)])).toBe(0);
      expect(out).toBe('[{"opens_at":"2026-06-05T10:00:00Z","closes_at":"2026-06-05T11:00:00Z"}]\n');
    }
    out = '';
    expect(await run(['windows', ...at, '--policy-file', join(folder, 'wrong.yaml')])).toBe(2);
    expect(out).toContain('--policy-file: [0].places[0] places must be countries');
    await rm(folder, { recursive: true });
  });

  it('is closed on --holidays', async () => {
    const args = words('windows --timezone Europe/Paris --start 10:00 --end 12:00 --holidays FR --count 1 --json');
    expect(await run([...args, '--from', '2026-07-14T00:00:00Z'])).toBe(0);
    expect(out).toContain('"opens_at":"2026-07-15T08:00:00Z"');
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
    ['windows --timezone UTC --blackout 2026-02-30', '--blackout names the date 2026-02-30, which does not exist'],
    ['windows --timezone UTC --from 2026-02-30T10:00:00Z', 'the date 2026-02-30, which does not exist'],
    ['windows --timezone UTC --from 2026-02-30', 'the date 2026-02-30, which does not exist'],
    ['windows --timezone UTC --number +12125550101', '--number does not go with --timezone'],
    ['windows --number 5550101', '--number must be a phone number'],
    ['windows --timezone UTC --holidays FR-75', '--holidays has no "75" in FR'],
    ['windows --timezone UTC --holidays FR-75', 'by the holiday data (date-holidays '],
    ['windows --timezone UTC --start 9 --end 10', '"23:59"; --end must be HH:MM'],
    ['windows --timezone UTC --holidays France', '--holidays must be a country'],
    ['windows --timezone UTC --policy gdpr', '--policy must be one of us-tcpa, us-fl, us-reg-f, ca-utr, fr, au'],
    ['windows --timezone UTC --policy-file nowhere.yaml', 'nowhere.yaml'],
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

  it.each(['campaigns pause --help', 'help campaigns pause', 'campaigns help pause'])(
    'is that of the subcommand: %s',
    async (line) => {
      expect(await run(words(line))).toBe(0);
      expect(out).toMatch(/^Usage: ringfence campaigns pause /);
    },
  );

  it('of the whole loads no command, and one command loads no other', async () => {
    const named = (command: Command) => command.commands.map((each) => each.name());
    const { commands } = await loadProgram({}, ['contacts']);
    expect(commands.filter((group) => named(group).length > 0).map((group) => group.name())).toEqual(['contacts']);
  });

  it('prints the version of the package', async () => {
    expect(await run(['--version'])).toBe(0);
    expect(out).toBe(`${packageJson.version}\n`);
  });

  it('names every verb', async () => {
    await run(['--help']);
    expect([...out.matchAll(/^ {2}(\w+) .*\.$/gm)].map((match) => match[1])).toEqual([
      'campaigns',
      'contacts',
      'stop',
      'start',
      'windows',
      'keys',
      'accounts',
      'doctor',
    ]);
  });

  const verbs = allVerbs(program).map((path) => path.join(' '));

  it.each(verbs)('of "%s" has examples of it, which name verbs and options that exist', async (verb) => {
    expect(await run([...words(verb), '--help'])).toBe(0);
    const examples = [...out.matchAll(/^ {2}\$ ringfence (.+)$/gm)].map(([, line]) => line!);
    expect(examples.filter((line) => line.startsWith(`${verb} `) || line === verb)).not.toEqual([]);
    for (const line of examples) {
      const named = commandOf(line);
      const options = [...line.matchAll(/ (--[\w-]+)/g)].map(([, option]) => option!);
      expect(named.options.map(({ long }) => long)).toEqual(expect.arrayContaining(options));
    }
  });
});

/** The words that lead to each command, including those with subcommands. */
function allVerbs(command: Command, path: readonly string[] = []): string[][] {
  return command.commands.flatMap((verb) => {
    const own = [...path, verb.name()];
    return [own, ...allVerbs(verb, own)];
  });
}

function commandOf(line: string): Command {
  let command = program;
  for (const word of words(line)) {
    const next = command.commands.find((verb) => verb.name() === word);
    if (!next) break;
    command = next;
  }
  return command;
}

describe('with --json', () => {
  it.each([
    ['an option that does not exist', 'doctor --json --nope', 'bad_request', '--nope'],
    ['an option that is missing', 'windows --json', 'bad_request', '--timezone'],
    ['a command that does not exist', 'campaigns nope --json', 'bad_request', 'nope'],
    ['a schedule that is refused', 'windows --timezone Nowhere/City --json', 'validation_error', '--timezone'],
    ['a key that is missing', 'campaigns list --json', 'misconfigured', 'RINGFENCE_API_KEY'],
    ['a file that is missing', 'contacts check /no/such/file --json', 'bad_request', '/no/such/file'],
  ])('%s is reported as JSON too: %s', async (_, line, code, named) => {
    expect(await runWith(words(line), {})).toBe(2);
    const { error } = JSON.parse(out) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code, message: expect.stringContaining(named) });
    expect(error.message).not.toMatch(/^error:/);
    expect(err).toContain(named);
  });

  it('nothing else is: after -- it is no option', async () => {
    expect(await run(words('windows --nope -- --json'))).toBe(2);
    expect(out).toBe('');
  });
});

describe('campaigns cancel', () => {
  const cancel = ['campaigns', 'cancel', '1f4baf16-1540-4d91-9696-7f34b2f2cb77'];

  /** Somebody at a terminal who types this, and what they are shown. */
  function terminal(typed: string): { shown: string } {
    const screen = { shown: '' };
    const input = Object.assign(Readable.from([typed]), { isTTY: true });
    const write = (chunk: Buffer, _: unknown, done: () => void) => {
      screen.shown += chunk.toString();
      done();
    };
    const output = Object.assign(new Writable({ write }), { isTTY: true });
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as unknown as typeof process.stdin);
    vi.spyOn(process, 'stderr', 'get').mockReturnValue(output as unknown as typeof process.stderr);
    return screen;
  }

  it.each(['n\n', '\n', 'yesterday\n', ''])('changes nothing unless the answer is yes: %j', async (typed) => {
    const screen = terminal(typed);
    expect(await run(cancel)).toBe(2);
    expect(screen.shown).toContain('Cancel campaign 1f4baf16-1540-4d91-9696-7f34b2f2cb77?');
    expect(err).toContain('Nothing was changed.');
    expect(out).toBe('');
  });

  it('asks nobody where there is no terminal, and does nothing', async () => {
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from(['y\n']) as unknown as typeof process.stdin);
    expect(await run([...cancel, '--json'])).toBe(2);
    expect(err).toContain('Pass --yes');
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'bad_request', details: { field: '--yes' } } });
  });
});

describe('campaigns edit', () => {
  it.each([
    ['', 'Nothing to change'],
    ['--max-concurrent-calls many', '--max-concurrent-calls must be a whole number from 0'],
    ['--daily-cap 0', '--daily-cap must be a whole number of at least 1'],
    ['--timezone CET+1', '--timezone must be an IANA zone'],
    ['--start-time 9:00', '--start-time must be HH:MM'],
    ['--working-days 1,8', '--working-days must hold'],
    ['--blackout-dates 2026-02-30', '--blackout-dates names the date 2026-02-30, which does not exist'],
    ['--scheduled-at 2026-02-30T10:00:00Z', '--scheduled-at names the date 2026-02-30, which does not exist'],
    ['--ends-at 2026-02-30', '--ends-at names the date 2026-02-30, which does not exist'],
    ['--retry-failed yes --max-retry-attempts 0', '--max-retry-attempts must be at least 1'],
    ['--ends-at tomorrow', '--ends-at must be an instant'],
    ['--retry-failed perhaps', '--retry-failed must be'],
    ['--retry-delay-minutes 5,soon', '--retry-delay-minutes must be minutes'],
    ['--retry-on completed', '--retry-on must be a list of at most 6 out of'],
    ['--max-retry-attempts 11', '--max-retry-attempts must be'],
    ['--daily-cap', 'argument missing'],
    ['--file /nowhere/change.json', 'cannot be read'],
    ['--file package.json', 'name, version'],
    ['--file tsconfig.json', 'compilerOptions'],
  ])('refuses before it asks anybody, and names the option: %s', async (options, named) => {
    expect(await run(words(`campaigns edit 1f4baf16-1540-4d91-9696-7f34b2f2cb77 ${options}`.trim()))).toBe(2);
    expect(err).toContain(named);
    expect(out).toBe('');
  });

  it('has an option for every field of PATCH /batch-calls/{id}', async () => {
    const fields = Object.keys(ChangeCampaign.shape).map((field) => `--${field.replaceAll('_', '-')}`);
    const renamed = fields.map((option) => (option === '--max-calls-per-day' ? '--daily-cap' : option));
    const options = commandOf('campaigns edit').options.map(({ long }) => long);
    expect(new Set(options)).toEqual(new Set([...renamed, '--file', '--json']));
  });
});

describe('campaigns watch', () => {
  it.each(['0', '0.01', '3601', 'often', '-1'])('refuses to look every %s seconds', async (every) => {
    expect(await run(['campaigns', 'watch', 'an-id', `--every=${every}`, '--key', 'any'])).toBe(2);
    expect(err).toContain('Give seconds from 0.1 to 3600.');
  });
});

describe('contacts suppress', () => {
  it.each([
    ['contacts suppress', '--file'],
    ['contacts suppress 911', 'Number 1 is no number in international form'],
    ['contacts suppress +12125550101 2125550199', 'Number 2 is no number in international form'],
    ['contacts suppress --file /nowhere/numbers.txt', 'cannot be read'],
    ['contacts unsuppress', 'numbers'],
    ['contacts unsuppress 911', 'Number 1'],
  ])('sends nothing when a number is wrong: %s', async (line, named) => {
    // Nothing listens there: a request would end the tool with another code.
    expect(await run([...words(line), '--url', 'http://127.0.0.1:1', '--key', 'any'])).toBe(2);
    expect(err).toContain(named);
    expect(err).not.toMatch(/21255501|911/);
  });

  it('names the line of a file that is no number', async () => {
    const lines = Readable.from([Buffer.from('+14155550132\r\n\r\n911\n')]);
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(lines as unknown as typeof process.stdin);
    expect(await run(words('contacts suppress --file - --url http://127.0.0.1:1 --key any'))).toBe(2);
    expect(err).toContain('Line 3 of the file');
  });
});

describe('keys', () => {
  it.each([
    [
      'postgres://ringfence:secret@127.0.0.1:1/calls',
      5,
      'PostgreSQL at 127.0.0.1:1/calls does not answer (ECONNREFUSED): check DATABASE_URL.',
    ],
    ['postgres://ringfence:se#cret@127.0.0.1:1/calls', 2, 'DATABASE_URL must be a URL such as postgres://'],
  ])('say in one line why there is no database: %s', async (DATABASE_URL, code, message) => {
    expect(await runWith(['keys', 'list'], { DATABASE_URL })).toBe(code);
    expect(err).toContain(message);
    expect(err).not.toContain('cret');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['keys list', {}, 2, 'DATABASE_URL is not set'],
    ['keys list', { DATABASE_URL: 'postgres://127.0.0.1:1/none' }, 5, 'PostgreSQL at 127.0.0.1:1/none does not answer'],
    ['keys create', {}, 2, '--name'],
    ['keys create --name x --scope admin', {}, 2, '--scope'],
    ['keys revoke not-an-id', {}, 3, 'There is no key with this id'],
  ])('say what is missing: %s with %j', async (line, env, code, named) => {
    for (const [name, value] of Object.entries({ DATABASE_URL: '', ...env })) vi.stubEnv(name, value);
    expect(await run(words(line))).toBe(code);
    expect(err).toContain(named);
    expect(out).toBe('');
    vi.unstubAllEnvs();
  });
});

describe('accounts', () => {
  it.each([
    ['accounts set shop', 2, 'give at least one option'],
    ['accounts set shop --max-campaigns many', 2, '"none" for no limit'],
    ['accounts set shop --max-contacts -1', 2, '--max-contacts'],
    ['accounts set --max-contacts 1', 2, "'name'"],
    ['accounts set shop --max-campaigns none', 2, 'DATABASE_URL is not set'],
    ['accounts show shop', 2, 'DATABASE_URL is not set'],
    ['accounts list', 2, 'DATABASE_URL is not set'],
  ])('say what is wrong before they change anything: %s', async (line, code, named) => {
    vi.stubEnv('DATABASE_URL', '');
    expect(await run(words(line))).toBe(code);
    expect(err).toContain(named);
    expect(out).toBe('');
    vi.unstubAllEnvs();
  });
});

describe('colours', () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: false }, {}, false],
    [{}, { CI: 'true', FORCE_COLOR: '1' }, false],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
  ])('on %j with %j: %s', (stream, env, coloured) => {
    expect(coloursFor(stream, { NO_COLOR: '', TERM: 'xterm', ...env }).red('error') !== 'error').toBe(coloured);
  });
});
