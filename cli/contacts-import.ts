/** `contacts import`: a file of any size into a folder, through the gateway. */
import type { Command } from 'commander';
import type { ImportResponse } from '../domain/api/contact-responses.ts';
import { type ApiFlags, gatewayCommand, ringfenceOf, show } from './api.ts';
import { examples } from './help.ts';
import { readCountry } from './country-option.ts';
import { lines } from './output.ts';
import type { ProgressBar } from './progress-bar.ts';
import { rowErrors } from './row-errors.ts';
import { type Source, openSource } from './source.ts';

interface Flags extends ApiFlags {
  readonly folder?: string;
  readonly defaultCountry?: string;
  readonly overwrite?: true;
}

export function addContactsImport(contacts: Command): void {
  gatewayCommand(contacts, 'import', 'Import a contact file into a folder. An unreadable file imports nothing.')
    .argument('<file>', 'CSV file with a header, or - for standard input')
    .option('--folder <id>', "id of the folder (default: the account's default folder)")
    .option('--default-country <code>', 'country of numbers without an international prefix, such as US')
    .option('--overwrite', 'overwrite contacts that are already in the folder')
    .addHelpText(
      'after',
      examples(
        'contacts import examples/contacts.csv --default-country US',
        'contacts import people.csv --folder 1f4baf16-1540-4d91-9696-7f34b2f2cb77 --overwrite',
        'contacts import - --json < examples/contacts.csv',
      ),
    )
    .action((file: string, flags: Flags) => show(flags, () => importFile(file, flags), importText));
}

async function importFile(file: string, flags: Flags): Promise<ImportResponse> {
  const { contacts } = await ringfenceOf(flags);
  const default_country = (await readCountry(flags.defaultCountry)) ?? undefined;
  const source = await openSource(file);
  const target = { folder_id: flags.folder, default_country, overwrite_existing: flags.overwrite };
  const bar = await barFor(source);
  const onProgress = ({ sentBytes }: { sentBytes: number }) => bar.update(sentBytes, { mb: inMB(sentBytes) });
  try {
    return await contacts.import(source.size === null ? source.open() : source.open, target, { onProgress });
  } finally {
    bar.stop();
  }
}

const BYTES_PER_MB = 1_000_000;
const inMB = (bytes: number): string => (bytes / BYTES_PER_MB).toFixed(1);

/** Without a size there is no bar to fill, only a count. */
async function barFor({ size }: Source): Promise<ProgressBar> {
  const { progressBar } = await import('./progress-bar.ts');
  if (size === null) return progressBar('{mb} MB sent', 0, { mb: '0.0' });
  return progressBar('{bar} {percentage}% | {mb} of {of} MB | {eta_formatted} left', size, {
    mb: '0.0',
    of: inMB(size),
  });
}

function importText({ imported, updated, skipped, errors, error_details }: ImportResponse): string[] {
  const counts = lines([
    ['Imported', `${imported}`],
    ['Updated', `${updated}`],
    ['Skipped', `${skipped}  (in an earlier row, or in the folder already)`],
    ['Errors', `${errors}`],
  ]);
  return [...counts, ...rowErrors(error_details, errors, '"contacts check --json"')];
}
