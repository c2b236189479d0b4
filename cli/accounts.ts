import { Command } from 'commander';
import type { Account, AccountUse } from '../db/accounts.ts';
import { DEFAULT_NUMBER_LIMITS, limitText } from '../domain/dialling/number-limits.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { addAccountOptions, changesOf, type SetFlags } from './account-options.ts';
import { type Json, show } from './api.ts';
import { withDatabase } from './database.ts';
import type { Env } from './env.ts';
import { examples } from './help.ts';
import { shortText } from './options.ts';
import { lines, table } from './output.ts';

const MORE = `
An account is what API keys belong to ("keys create --account"). Its limits hold over all its campaigns. A changed limit holds at once.
These commands are for administrators. They connect to the database (DATABASE_URL).`;

/** `accounts`: the limits of accounts, and what they use. */
export function accountsCommand(env: Env): Command {
  const accounts = new Command('accounts').addHelpText(
    'after',
    `${examples('accounts list', 'accounts set shop --max-campaigns 20 --max-contacts 100000')}\n${MORE}`,
  );

  addAccountOptions(
    accounts
      .command('set')
      .description('Change limits of an account. Settings that are not given stay as they are.')
      .argument('<name>', 'account', shortText('name of an account')),
  )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'accounts set shop --max-concurrent-calls 20',
        'accounts set shop --max-calls-per-day 5000 --timezone Europe/Paris',
        'accounts set shop --max-campaigns 20 --max-contacts 100000',
        'accounts set shop --per-number 3/24h --per-number 7/168h',
        'accounts set shop --max-campaigns none --json',
      ),
    )
    .action((name: string, { json, ...flags }: Json & SetFlags) =>
      show(
        json ? { json } : {},
        async () => {
          const changes = changesOf(flags);
          const { hasKey, setAccount } = await import('../db/accounts.ts');
          return withDatabase(env, async (pool) => ({
            ...(await setAccount(pool, name, changes)),
            has_key: await hasKey(pool, name),
          }));
        },
        ({ has_key: known, ...account }) => [
          ...settingLines(account),
          ...(known ? [] : ['', `No key belongs to this account yet: "keys create --account ${name}" makes one.`]),
        ],
      ),
    );

  accounts
    .command('list')
    .description('List all accounts that have a key or settings, by name, with their limits.')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('accounts list', 'accounts list --json'))
    .action((flags: Json) =>
      show(
        flags,
        async () => {
          const { listAccounts } = await import('../db/accounts.ts');
          return { accounts: await withDatabase(env, (pool) => listAccounts(pool)) };
        },
        ({ accounts: listed }) => (listed.length === 0 ? ['No accounts found.'] : accountTable(listed)),
      ),
    );

  accounts
    .command('show')
    .description('Show the limits of an account, and what it uses of them now.')
    .argument('<name>', 'account', shortText('name of an account'))
    .option('--json', 'print JSON')
    .addHelpText('after', examples('accounts show shop', 'accounts show shop --json'))
    .action((name: string, flags: Json) =>
      show(
        flags,
        async () => {
          const { readAccount, readAccountUse } = await import('../db/accounts.ts');
          return withDatabase(env, async (pool) => {
            const account = await readAccount(pool, name);
            if (account) return { ...account, used: await readAccountUse(pool, account) };
            const message = 'There is no account of this name: "accounts list" shows all accounts.';
            throw new RingfenceError('not_found', message);
          });
        },
        ({ used, ...account }) => [...settingLines(account), '', ...useLines(used)],
      ),
    );
  return accounts;
}

function accountTable(accounts: readonly Account[]): string[] {
  const heading = ['Account', 'In flight', 'Per day', 'Time zone', 'Campaigns', 'Contacts', 'Per number'];
  return table(
    heading,
    accounts.map((one) => [
      one.account,
      maxText(one.max_concurrent_calls),
      maxText(one.max_calls_per_day),
      one.timezone,
      maxText(one.max_campaigns),
      maxText(one.max_contacts),
      perNumberText(one),
    ]),
  );
}

function settingLines(account: Account): string[] {
  return lines([
    ['Account', account.account],
    ['Calls in flight', maxText(account.max_concurrent_calls)],
    ['Calls per day', maxText(account.max_calls_per_day)],
    ['Time zone of days', account.timezone],
    ['Campaigns', maxText(account.max_campaigns)],
    ['Contacts', maxText(account.max_contacts)],
    ['Calls to one number', perNumberText(account)],
  ]);
}

function useLines(used: AccountUse): string[] {
  return lines([
    ['Campaigns that are not over', String(used.campaigns)],
    ['Their contacts', String(used.contacts_in_campaigns)],
    ['Contacts in folders', String(used.contacts_in_folders)],
    ['Calls in flight', String(used.calls_in_flight)],
    [
      `Calls placed on ${used.day}`,
      used.calls_today === null ? 'not counted without a limit' : String(used.calls_today),
    ],
  ]);
}

function maxText(limit: number | null): string {
  return limit === null ? 'no limit' : String(limit);
}

function perNumberText({ per_number: limits }: Account): string {
  return `${(limits ?? DEFAULT_NUMBER_LIMITS).map(limitText).join(', ')}${limits === null ? ' (default)' : ''}`;
}
