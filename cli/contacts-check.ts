/** `contacts check`: what an import would do. Needs nothing but the file and, if there are connections here, what they allow. */
import type { Command } from 'commander';
import type { ContactRow, RowError } from '../domain/contacts/contact-rows.ts';
import type { NumberRule } from '../domain/contacts/allowed-numbers.ts';
import type { Env } from './env.ts';
import { examples } from './help.ts';
import { readCountry } from './country-option.ts';
import { rowErrors } from './row-errors.ts';
import { openSource } from './source.ts';
import { printJson, printText } from './terminal.ts';

/** What an import into an empty folder would do. Field names are those of the import's answer. */
interface Check {
  imported: number;
  skipped: number;
  errors: number;
  readonly error_details: RowError[];
  readonly contacts: { readonly row: number; readonly phone_number: string; readonly extension?: string }[];
}

interface Options {
  readonly defaultCountry?: string;
  readonly json?: true;
}

export function addContactsCheck(contacts: Command, env: Env): void {
  contacts
    .command('check')
    .description(
      'Check a contact file without importing it. Numbers must be allowed by a connection of RINGFENCE_CONNECTIONS or TRUEDY_*; without these, every country and the usual kinds of numbers are.',
    )
    .argument('<file>', 'CSV file with a header, or - for standard input')
    .option('--default-country <code>', 'country of numbers without an international prefix, such as US')
    .option('--json', 'print JSON, with every contact and every rejected row')
    .addHelpText(
      'after',
      examples(
        'contacts check examples/contacts.csv --default-country US',
        'contacts check - --json < examples/contacts.csv',
      ),
    )
    .action(async (file: string, { defaultCountry, json }: Options) => {
      const country = await readCountry(defaultCountry);
      const { readContactFile } = await import('../contact-files/contact-file.ts');
      const { open } = await openSource(file);
      const check = await tally(readContactFile(open(), country, await numberRule(env)));
      if (json) printJson(check);
      else printText(asText(check));
    });
}

/** Of the connections that this environment names. Undefined: it names none. */
async function numberRule(env: Env): Promise<NumberRule | undefined> {
  if (!env.RINGFENCE_CONNECTIONS && !Object.keys(env).some((name) => name.startsWith('TRUEDY_'))) return undefined;
  const [{ connectionsFromEnv }, { allowedByAny }] = await Promise.all([
    import('../providers/connections/connections.ts'),
    import('../domain/contacts/allowed-numbers.ts'),
  ]);
  return allowedByAny(connectionsFromEnv(env));
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

function asText({ imported, skipped, errors, error_details }: Check): string[] {
  return [
    `Would import  ${imported}`,
    `Would skip    ${skipped}  (the same number and extension stand in an earlier row)`,
    `Not possible  ${errors}`,
    ...rowErrors(error_details, errors, '--json'),
  ];
}
