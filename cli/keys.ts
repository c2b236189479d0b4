import { Command, Option } from 'commander';
import type { ApiKeyEntry, NewApiKey } from '../db/api-keys.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { Uuid } from '../domain/engine/ids.ts';
import { type Json, show } from './api.ts';
import { withDatabase } from './database.ts';
import { examples } from './help.ts';
import { shortText } from './options.ts';
import { table } from './output.ts';
import type { Env } from './env.ts';

const MORE = `
These commands are for administrators. They connect to the database (DATABASE_URL), and no other command needs it.`;

/** `keys`: who may use the API. */
export function keysCommand(env: Env): Command {
  const keys = new Command('keys').addHelpText(
    'after',
    `${examples("keys create --name 'reporting' --scope read", 'keys list')}\n${MORE}`,
  );

  keys
    .command('create')
    .description('Create an API key. It is printed once; only its hash is stored.')
    .requiredOption('--name <name>', 'purpose or owner of the key', shortText('name'))
    .option('--account <account>', 'account that the key gives access to', shortText('account'), 'default')
    .addOption(
      new Option('--scope <scope>', 'read, or write, which includes read').choices(['read', 'write']).default('write'),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples("keys create --name 'the shop'", "keys create --name 'reporting' --account shop --scope read --json"),
    )
    .action(({ json, ...key }: Json & NewApiKey) =>
      show(
        json ? { json } : {},
        async () => {
          const { createApiKey } = await import('../db/api-keys.ts');
          return withDatabase(env, (pool) => createApiKey(pool, key));
        },
        (made) => [made.key, '', ...keyTable([made]), '', 'Save the key now. It is not shown again.'],
      ),
    );

  keys
    .command('list')
    .description('List all keys, including revoked ones, oldest first.')
    .option('--account <account>', 'only keys of this account')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('keys list', 'keys list --account shop --json'))
    .action((flags: Json & { account?: string }) =>
      show(
        flags,
        async () => {
          const { listApiKeys } = await import('../db/api-keys.ts');
          return { keys: await withDatabase(env, (pool) => listApiKeys(pool, flags.account ?? null)) };
        },
        (listed) => (listed.keys.length === 0 ? ['No keys found.'] : keyTable(listed.keys)),
      ),
    );

  keys
    .command('revoke')
    .description('Revoke a key permanently, from the next request on.')
    .argument('<id>', 'id of the key, from "keys list"')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('keys revoke 1f4baf16-1540-4d91-9696-7f34b2f2cb77'))
    .action((id: string, flags: Json) =>
      show(
        flags,
        async () => {
          const { revokeApiKey } = await import('../db/api-keys.ts');
          const revoked = Uuid.safeParse(id).success ? await withDatabase(env, (pool) => revokeApiKey(pool, id)) : null;
          if (revoked) return revoked;
          throw new RingfenceError('not_found', 'There is no key with this id: "keys list" shows all keys.');
        },
        ({ name, revoked_at }) => [`The key "${name}" is revoked since ${revoked_at}.`],
      ),
    );
  return keys;
}

function keyTable(keys: readonly ApiKeyEntry[]): string[] {
  const rows = keys.map((key) => [key.id, key.account, key.scope, key.created_at, key.revoked_at ?? '-', key.name]);
  return table(['Id', 'Account', 'Scope', 'Created', 'Revoked', 'Name'], rows);
}
