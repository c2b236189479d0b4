/** `contacts folders`: the folders of contacts. */
import type { Command } from 'commander';
import { gatewayCommand, ringfenceOf, show } from './api.ts';
import { examples } from './help.ts';
import { addListOptions, type ListFlags, noneText, readListed, restText } from './lists.ts';
import { table } from './output.ts';

export function addFolders(contacts: Command): void {
  addListOptions(gatewayCommand(contacts, 'folders', 'List the folders of contacts by name, with their ids.'))
    .addHelpText('after', examples('contacts folders', 'contacts folders --all --json'))
    .action((flags: ListFlags) =>
      show(
        flags,
        async () => {
          const { folders } = await ringfenceOf(flags);
          const { items, rest } = await readListed(flags, (from) => folders.list(from));
          return { folders: items, ...rest };
        },
        ({ folders, ...rest }) =>
          folders.length === 0
            ? noneText('folders', rest)
            : [
                ...table(
                  ['Id', 'Created', 'Name'],
                  folders.map(({ id, created_at, name }) => [id, created_at, name]),
                ),
                ...restText(folders.length, rest),
              ],
      ),
    );
}
