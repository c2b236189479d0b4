import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../../cli/options.ts';
import { measurePeers, PEER_NAMES } from './measure.ts';

interface PeersOptions {
  readonly contacts: number;
  readonly concurrency: number;
  readonly callSeconds: number;
  readonly only: readonly string[];
  readonly json?: string;
}

/** @param report shows the result and writes it where it is wanted. */
export function addPeers(
  program: Command,
  report: (name: string, result: object, json: string | undefined) => Promise<void>,
): void {
  program
    .command('peers')
    .description('the same job on other libraries, in calm and with the worker killed')
    .option(
      '--contacts <n>',
      'contacts to call; ten times the concurrency leaves time to recover in',
      wholeNumber(20, 100_000),
      400,
    )
    .option('--concurrency <n>', 'calls at once', wholeNumber(2, 2_000), 40)
    .option('--call-seconds <n>', 'length of a call on the average', wholeNumber(1, 100), 2)
    .option('--only <list>', `some of ${PEER_NAMES.join(', ')}`, names, PEER_NAMES)
    .option('--json <file>', 'also write the result there, with the machine and the date')
    .action(async ({ only, json, ...terms }: PeersOptions) => {
      if (terms.contacts < terms.concurrency * 5) {
        throw new Error(
          '--contacts must be five times --concurrency or more: there must be contacts left after the kills.',
        );
      }
      const say = (line: string) => console.error(line);
      await report('peers', await measurePeers(terms, { only, say }), json);
    });
}

function names(text: string): string[] {
  const chosen = text.split(',').map((name) => name.trim());
  const unknown = chosen.filter((name) => !PEER_NAMES.includes(name));
  if (unknown.length === 0) return chosen;
  throw new InvalidArgumentError(`${unknown.join(', ')} is not among ${PEER_NAMES.join(', ')}.`);
}
