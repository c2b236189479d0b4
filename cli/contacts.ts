import { Command } from 'commander';
import { addContactsCheck } from './contacts-check.ts';
import { addContactsImport } from './contacts-import.ts';
import { addFolders } from './folders.ts';
import { addSuppressions } from './suppressions.ts';
import type { Env } from './env.ts';
import { examples } from './help.ts';

/** `contacts`: contact files, and the numbers that must not be called. Never needs the database. */
export function contactsCommand(env: Env): Command {
  const contacts = new Command('contacts').addHelpText(
    'after',
    examples(
      'contacts check examples/contacts.csv --default-country US',
      'contacts import examples/contacts.csv --default-country US',
      "contacts suppress +14155550132 --reason 'asked not to be called'",
    ),
  );
  addContactsCheck(contacts, env);
  addContactsImport(contacts);
  addFolders(contacts);
  addSuppressions(contacts);
  return contacts;
}
