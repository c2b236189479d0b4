import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contactsCommand } from '../../../cli/contacts.ts';
import type { Env } from '../../../cli/env.ts';
import { EXIT } from '../../../cli/exit-codes.ts';
import { run } from '../../../cli/run.ts';
import type { RowError } from '../../../domain/contacts/contact-rows.ts';
import { E164 } from '../../../domain/contacts/phone.ts';

let out = '';
beforeEach(() => {
  out = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => void (out += `${text}\n`));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
function check(...args: string[]): Promise<Command> {
  return checkIn({}, ...args);
}
function checkIn(env: Env, ...args: string[]): Promise<Command> {
  const contacts = contactsCommand(env);
  for (const verb of contacts.commands) verb.exitOverride().configureOutput({ writeErr: () => {} });
  return contacts.parseAsync(['check', ...args], { from: 'user' });
}

/** Its connections allow the United States and Canada. */
const BY_EXAMPLE = ['country_not_allowed', 'number_type_not_allowed'];

describe('contacts check', () => {
  it('says as JSON what an import would do', async () => {
    await check(path('test/cases/csv/mixed.csv'), '--default-country', 'us', '--json');
    expect(out).toBe(
      `${JSON.stringify({
        imported: 2,
        skipped: 0,
        errors: 3,
        error_details: [
          { row: 3, phone: '4.15555E+9', reason: 'spreadsheet_damaged' },
          { row: 4, phone: '', reason: 'missing_phone' },
          { row: 5, phone: '+14155552672', reason: 'invalid_timezone' },
        ],
        contacts: [
          { row: 2, phone_number: '+14155552671' },
          { row: 6, phone_number: '+14155552673' },
        ],
      })}\n`,
    );
  });

  it('takes one number behind a switchboard as several people, and the first row of each', async () => {
    const rows = 'phone\n+14155550132 x1\n+1 415 555 0132 ext. 2\n(415) 555-0132 #1\n';
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(rows)]) as typeof process.stdin);
    await check('-', '--default-country', 'US', '--json');
    expect(JSON.parse(out)).toMatchObject({
      imported: 2,
      skipped: 1,
      contacts: [
        { row: 2, phone_number: '+14155550132', extension: '1' },
        { row: 3, phone_number: '+14155550132', extension: '2' },
      ],
    });
  });

  it('sums up for people', async () => {
    await check(path('test/cases/csv/mixed.csv'), '--default-country', 'US');
    expect(out).toBe(
      [
        'Would import  2',
        'Would skip    0  (the same number and extension stand in an earlier row)',
        'Not possible  3',
        '',
        'Row  Reason               Phone field',
        '3    spreadsheet_damaged  4.15555E+9',
        '4    missing_phone',
        '5    invalid_timezone     +14155552672',
        '',
      ].join('\n'),
    );
  });

  it('shows people no more than a screenful of errors', async () => {
    const rows = `phone\n${'911\n'.repeat(30)}`;
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(rows)]) as typeof process.stdin);
    await check('-');
    expect(out).toContain('Not possible  30\n');
    expect(out).toContain('\n21   invalid_phone  911\n... and 10 more; --json lists all of them.\n');
  });

  it('refuses a file that makes no sense, with --json on standard output as well', async () => {
    const file = path('test/cases/csv/unclosed-quote.csv');
    const message = 'The quote that opens on line 3 is never closed. Nothing was imported.';
    await expect(check(file)).rejects.toMatchObject({ code: 'unparsable_file', message });
    expect(out).toBe('');
    vi.spyOn(console, 'error').mockImplementation(() => {});
    expect(await run(['contacts', 'check', file, '--json'], {})).toBe(EXIT.refused);
    expect(JSON.parse(out)).toEqual({
      error: { code: 'unparsable_file', message, details: { field: 'file', line: 3 } },
    });
  });

  it.each([
    ['without connections', {}, ['number_type_not_allowed']],
    ['by the variables TRUEDY_*', { TRUEDY_COUNTRIES: 'US' }, ['country_not_allowed', 'number_type_not_allowed']],
    ['by the connections file', { RINGFENCE_CONNECTIONS: path('examples/connections.yaml') }, BY_EXAMPLE],
  ])('reports numbers that may not be called, %s', async (_where, env, expected) => {
    const rows = 'phone\n+442079460958\n+881612345678\n+14155550132\n';
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(rows)]) as typeof process.stdin);
    await checkIn(env, '-', '--json');
    const { error_details } = JSON.parse(out) as { error_details: RowError[] };
    expect(error_details.map(({ reason }) => reason)).toEqual(expected);
  });

  it('names a file that is not there', async () => {
    await expect(check('no-such.csv')).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('no-such.csv'),
    });
  });

  it('refuses a country that is none', async () => {
    await expect(check('-', '--default-country', 'UK')).rejects.toThrow(/such as US or GB/);
  });
});

describe('examples/contacts.csv', () => {
  it('shows every way in which a row can go, and only numbers that nobody has', async () => {
    await check(path('examples/contacts.csv'), '--default-country', 'US', '--json');
    const answer = JSON.parse(out) as {
      imported: number;
      skipped: number;
      error_details: RowError[];
      contacts: { phone_number: string; extension?: string }[];
    };
    expect(answer.imported).toBeGreaterThanOrEqual(240);
    expect(answer.imported).toBeLessThanOrEqual(260);
    expect(answer.skipped).toBeGreaterThan(0);
    expect(answer.contacts.some(({ extension }) => extension !== undefined)).toBe(true);
    expect(new Set(answer.error_details.map(({ reason }) => reason))).toEqual(
      new Set([
        'missing_phone',
        'invalid_phone',
        'premium_rate',
        'spreadsheet_damaged',
        'invalid_timezone',
        'invalid_email',
      ]),
    );
    // Ranges kept for fiction: North America 555-0100 to 0199, London 020 7946 0xxx, and single Australian mobiles.
    const fictitious = /^\+1\d{3}55501\d\d$|^\+442079460\d{3}$|^\+61491570(?:006|156|157|158|159|110|313|737)$/;
    for (const { phone_number } of answer.contacts) {
      expect(phone_number).toMatch(E164);
      expect(phone_number).toMatch(fictitious);
    }
    expect(readFileSync(path('examples/contacts.csv'), 'utf8').startsWith('\ufeff')).toBe(true);
  });
});
