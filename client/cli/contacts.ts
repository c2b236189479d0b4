import { createReadStream } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { ContactRow, RowError } from '../../domain/contact-rows.ts';
import { RingfenceError } from '../../domain/errors.ts';
import { Country } from '../../domain/phone.ts';
import { readContactFile } from '../contact-file.ts';
import { table } from './output.ts';

const EXAMPLES = `
Examples:
  $ npm run -s ringfence -- contacts check examples/contacts.csv --default-country US
  $ npm run -s ringfence -- contacts check - --json < examples/contacts.csv`;

/** How many rows that do not import are shown to people; --json lists them all. */
const ERRORS_SHOWN = 20;

/** What an import into an empty folder would do. Field names are those of the import's answer. */
interface Check {
  imported: number;
  skipped: number;
  errors: number;
  readonly error_details: RowError[];
  readonly contacts: { readonly row: number; readonly phone_number: string; readonly extension?: string }[];
}

interface Options {
  readonly defaultCountry?: Country;
  readonly json?: true;
}

/** `contacts`: what concerns contact files. Needs neither the database nor Temporal. */
export function contactsCommand(): Command {
  const contacts = new Command('contacts').description('Work with contact files.');
  contacts
    .command('check')
    .description('Say what an import of a contact file would do, without importing it.')
    .argument('<file>', 'CSV file with a header, or - for standard input')
    .option('--default-country <code>', 'country of numbers without international prefix, such as US', country)
    .option('--json', 'print JSON, with every contact and every row that does not import')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: Options) => {
      const check = await checkFile(file, options).catch((error: unknown) => {
        if (options.json && error instanceof RingfenceError) {
          console.log(JSON.stringify({ error: { code: error.code, message: error.message } }));
        }
        throw error;
      });
      console.log(options.json ? JSON.stringify(check) : asText(check));
    });
  return contacts;
}

async function checkFile(file: string, options: Options): Promise<Check> {
  const source = file === '-' ? process.stdin : createReadStream(file);
  try {
    return await tally(readContactFile(source, options.defaultCountry ?? null));
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw new RingfenceError('bad_request', `The file cannot be read: ${error.message}.`, { cause: error });
    }
    throw error;
  }
}

async function tally(rows: AsyncIterable<ContactRow>): Promise<Check> {
  const check: Check = { imported: 0, skipped: 0, errors: 0, error_details: [], contacts: [] };
  const people = new Set<string>();
  for await (const row of rows) {
    if (!('contact' in row)) {
      check.errors += 1;
      check.error_details.push(row);
      continue;
    }
    const { phone_number, extension } = row.contact;
    const person = `${phone_number};${extension ?? ''}`;
    if (people.has(person)) {
      check.skipped += 1;
      continue;
    }
    people.add(person);
    check.imported += 1;
    check.contacts.push({ row: row.row, phone_number, ...(extension === null ? {} : { extension }) });
  }
  return check;
}

function asText({ imported, skipped, errors, error_details }: Check): string {
  const lines = [
    `Would import  ${imported}`,
    `Would skip    ${skipped}  (the same number and extension stand in an earlier row)`,
    `Not possible  ${errors}`,
  ];
  if (errors > 0) {
    const shown = error_details
      .slice(0, ERRORS_SHOWN)
      .map(({ row, phone, reason }) => [`${row}`, reason, phone.replace(/\p{Cc}+/gu, ' ')]);
    lines.push('', table(['Row', 'Reason', 'Phone field'], shown));
  }
  if (errors > ERRORS_SHOWN) lines.push(`... and ${errors - ERRORS_SHOWN} more; --json lists all of them.`);
  return lines.join('\n');
}

function country(value: string): Country {
  const parsed = Country.safeParse(value);
  if (!parsed.success) throw new InvalidArgumentError('Give a two-letter country code such as US or GB (not UK).');
  return parsed.data;
}
