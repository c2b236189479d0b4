/** `contacts suppress`, `unsuppress` and `suppressed`: the numbers that must not be called. */
import type { Command } from 'commander';
import { counted } from '../domain/engine/counted.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import type { SuppressionResponse } from '../domain/api/suppressions.ts';
import type { Ringfence } from '../client/ringfence.ts';
import { type ApiFlags, gatewayCommand, ringfenceOf, show } from './api.ts';
import { examples } from './help.ts';
import { addListOptions, type Listed, type ListFlags, noneText, readListed, restText } from './lists.ts';
import { table } from './output.ts';
import { readText } from './source.ts';

interface SuppressFlags extends ApiFlags {
  readonly file?: string;
  readonly reason?: string;
}

/** The gateway limits the pace: many requests take as long as that allows. */
const MAX_RETRIES = 10;

export function addSuppressions(contacts: Command): void {
  gatewayCommand(contacts, 'suppress', 'Suppress numbers, from the next dial of every campaign.')
    .argument('[numbers...]', 'numbers in international form')
    .option('--file <file>', 'file with one number per line, or - for standard input')
    .option('--reason <text>', 'reason, shown in the list')
    .addHelpText(
      'after',
      examples(
        "contacts suppress +14155550132 +14155550133 --reason 'asked not to be called'",
        'contacts suppress --file do-not-call.txt',
      ),
    )
    .action((given: string[], flags: SuppressFlags) =>
      show(
        flags,
        async () => {
          const ringfence = await ringfenceOf(flags, { maxRetries: MAX_RETRIES });
          return suppressAll(ringfence, await numbersOf(given, flags.file), flags.reason);
        },
        ({ suppressed }) => [`On the list: ${suppressed.length}.`],
      ),
    );

  gatewayCommand(contacts, 'unsuppress', 'Remove numbers from the suppression list. Skipped contacts stay skipped.')
    .argument('<numbers...>', 'numbers in international form')
    .addHelpText('after', examples('contacts unsuppress +14155550132'))
    .action((given: string[], flags: ApiFlags) =>
      show(
        flags,
        async () => {
          const ringfence = await ringfenceOf(flags, { maxRetries: MAX_RETRIES });
          return removeAll(ringfence, await numbersOf(given, undefined));
        },
        ({ removed }) => [`Off the list: ${removed.length}.`],
      ),
    );

  addListOptions(gatewayCommand(contacts, 'suppressed', 'List suppressed numbers, latest first.'))
    .addHelpText('after', examples('contacts suppressed', 'contacts suppressed --all --json'))
    .action((flags: ListFlags) =>
      show(
        flags,
        async () => {
          const { suppressions } = await ringfenceOf(flags);
          const { items, rest } = await readListed(flags, (from) => suppressions.list(from));
          return { suppressions: items, ...rest };
        },
        listText,
      ),
    );
}

/** Every number is read before the first is sent: a list with a mistake in it changes nothing. */
async function numbersOf(given: readonly string[], file: string | undefined): Promise<string[]> {
  const entries = given.map((text, index) => ({ text, where: `Number ${index + 1}`, field: 'numbers' }));
  const listed = file === undefined ? [] : (await readText(file, '--file')).split(/\r?\n/).entries();
  for (const [index, text] of listed) {
    if (text.trim() !== '') entries.push({ text, where: `Line ${index + 1} of the file`, field: '--file' });
  }
  if (entries.length === 0) {
    throw new RingfenceError('bad_request', 'No number was given: pass numbers or --file.', { field: '--file' });
  }
  const { suppressedNumber } = await import('../domain/contacts/suppression.ts');
  return entries.map(({ text, where, field }) => {
    try {
      return suppressedNumber(text);
    } catch (error) {
      const message = `${where} is no number in international form, such as +14155550132. Nothing was changed.`;
      throw new RingfenceError('validation_error', message, { field, cause: error });
    }
  });
}

async function suppressAll({ suppressions }: Ringfence, numbers: readonly string[], reason: string | undefined) {
  const suppressed: SuppressionResponse[] = [];
  await eachWithBar(numbers, async (phone_number) => {
    suppressed.push(await suppressions.create({ phone_number, reason }));
  });
  return { suppressed };
}

async function removeAll({ suppressions }: Ringfence, numbers: readonly string[]) {
  const removed: string[] = [];
  await eachWithBar(numbers, async (number) => {
    removed.push((await suppressions.delete(number)).phone_number);
  });
  return { removed };
}

/** One after another; a repeat of the whole command after a failure changes nothing about those that were done. */
async function eachWithBar(numbers: readonly string[], act: (number: string) => Promise<void>): Promise<void> {
  const { progressBar } = await import('./progress-bar.ts');
  const bar = progressBar(
    `{bar} {value} of ${counted(numbers.length, 'number')} | {eta_formatted} left`,
    numbers.length,
  );
  try {
    for (const [index, number] of numbers.entries()) {
      await act(number);
      bar.update(index + 1);
    }
  } finally {
    bar.stop();
  }
}

function listText({
  suppressions,
  ...rest
}: Listed<unknown>['rest'] & { readonly suppressions: readonly SuppressionResponse[] }): string[] {
  if (suppressions.length === 0) return noneText('numbers', rest);
  const rows = suppressions.map(({ phone_number, created_at, reason }) => [phone_number, created_at, reason ?? '-']);
  return [...table(['Number', 'Since', 'Reason'], rows), ...restText(rows.length, rest)];
}
