/** The settings of accounts, and what an account uses of its limits. An account without settings has no row. */
import type { NumberLimit } from '../domain/dialling/number-limits.ts';
import { accountLimitId } from '../domain/engine/ids.ts';
import { civilDay } from '../domain/windows/windows.ts';
import { lockAgainstDials, placedOn, recountDay } from './account-days.ts';
import { type DatabaseClock, readDatabaseClock } from './clock.ts';
import { inFlightOf } from './left-calls.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { isUnfinished } from './unfinished.ts';

/** Null: no limit. */
export interface AccountSettings {
  readonly max_concurrent_calls: number | null;
  /** In one civil day of `timezone`. */
  readonly max_calls_per_day: number | null;
  readonly timezone: string;
  readonly max_campaigns: number | null;
  readonly max_contacts: number | null;
  /** Null: the default. */
  readonly per_number: readonly NumberLimit[] | null;
}

export interface Account extends AccountSettings {
  readonly account: string;
}

/** What the limits count. */
export interface AccountUse {
  /** Campaigns that are not over. */
  readonly campaigns: number;
  /** Contacts of these campaigns. */
  readonly contacts_in_campaigns: number;
  readonly contacts_in_folders: number;
  /** Calls that are or may be in flight. */
  readonly calls_in_flight: number;
  /** The present day in the account's zone, YYYY-MM-DD. */
  readonly day: string;
  /** Calls placed on it. Null: nobody counts them, because there is no limit. */
  readonly calls_today: number | null;
}

const COLUMNS = 'max_concurrent_calls, max_calls_per_day, timezone, max_campaigns, max_contacts, per_number';

/** Changes the given settings and leaves the others. */
export async function setAccount(
  pool: Pool,
  account: string,
  changes: Partial<AccountSettings>,
  readClock: DatabaseClock = readDatabaseClock,
): Promise<Account> {
  return inTransaction(pool, async (tx) => {
    const mayRecount = changes.max_calls_per_day !== undefined || changes.timezone !== undefined;
    if (mayRecount) await lockAgainstDials(tx, account);
    await tx.query('insert into accounts (name) values ($1) on conflict (name) do nothing', [account]);
    const { rows } = await tx.query<AccountSettings>(`select ${COLUMNS} from accounts where name = $1 for update`, [
      account,
    ]);
    const before = rows[0]!;
    const settings: AccountSettings = { ...before, ...changes };
    await tx.query(
      `update accounts set max_concurrent_calls = $2, max_calls_per_day = $3, timezone = $4, max_campaigns = $5,
              max_contacts = $6, per_number = $7, updated_at = now()
        where name = $1`,
      [
        account,
        settings.max_concurrent_calls,
        settings.max_calls_per_day,
        settings.timezone,
        settings.max_campaigns,
        settings.max_contacts,
        settings.per_number === null ? null : JSON.stringify(settings.per_number),
      ],
    );
    // The count of a limit that was there holds also for calls whose records are deleted.
    const isCounted = before.max_calls_per_day !== null && before.timezone === settings.timezone;
    if (mayRecount && settings.max_calls_per_day !== null && !isCounted) {
      await recountDay(tx, { account, timezone: settings.timezone, now: await readClock(tx) });
    }
    return { account, ...settings };
  });
}

/** SQL for the names of all accounts: those with a key, and those with settings. */
const NAMES = `select name from accounts union select account from api_keys`;

/** All accounts, by name. */
export async function listAccounts(db: Queryable): Promise<Account[]> {
  const { rows } = await db.query<AccountRow>(
    `select names.name as account, ${COLUMNS} from (${NAMES}) names left join accounts using (name) order by account`,
  );
  return rows.map(accountOf);
}

/** Null if there is no such account. */
export async function readAccount(db: Queryable, account: string): Promise<Account | null> {
  const { rows } = await db.query<AccountRow>(
    `select names.name as account, ${COLUMNS} from (${NAMES}) names left join accounts using (name) where names.name = $1`,
    [account],
  );
  return rows[0] ? accountOf(rows[0]) : null;
}

/** Whether a key that is not revoked belongs to the account. */
export async function hasKey(db: Queryable, account: string): Promise<boolean> {
  const { rowCount } = await db.query('select from api_keys where account = $1 and revoked_at is null limit 1', [
    account,
  ]);
  return rowCount === 1;
}

/** The account's limit of calls in flight. Null: none. */
export async function readAccountLimit(db: Queryable, account: string): Promise<number | null> {
  const { rows } = await db.query<{ limit: number | null }>(
    'select max_concurrent_calls as limit from accounts where name = $1',
    [account],
  );
  return rows[0]?.limit ?? null;
}

/** The limits of calls in flight that campaigns share now. Null: it was removed. */
export async function readSharedLimits(db: Queryable): Promise<{ account: string; limit: number | null }[]> {
  const { rows } = await db.query<{ account: string; limit: number | null }>(
    `select name as account, max_concurrent_calls as limit from accounts
      where exists (select from connection_shares where connection = $1 || name)`,
    [accountLimitId('')],
  );
  return rows;
}

/** Campaigns that are not over, their contacts, and the contacts in folders. */
export type StoredUse = Pick<AccountUse, 'campaigns' | 'contacts_in_campaigns' | 'contacts_in_folders'>;

export async function readStoredUse(db: Queryable, account: string): Promise<StoredUse> {
  const { rows } = await db.query<Record<keyof StoredUse, string>>(
    `select count(*) as campaigns, coalesce(sum(total), 0) as contacts_in_campaigns,
            (select coalesce(sum(contacts), 0) from contact_folders where account = $1) as contacts_in_folders
       from campaigns where account = $1 and ${isUnfinished('campaigns')}`,
    [account],
  );
  const { campaigns, contacts_in_campaigns: inCampaigns, contacts_in_folders: inFolders } = rows[0]!;
  return {
    campaigns: Number(campaigns),
    contacts_in_campaigns: Number(inCampaigns),
    contacts_in_folders: Number(inFolders),
  };
}

export async function readAccountUse(
  db: Queryable,
  { account, timezone, max_calls_per_day: limit }: Account,
  readClock: DatabaseClock = readDatabaseClock,
): Promise<AccountUse> {
  const { date: day } = civilDay(timezone, await readClock(db));
  return {
    ...(await readStoredUse(db, account)),
    calls_in_flight: await countInFlight(db, account),
    day,
    calls_today: limit === null ? null : await placedOn(db, account, day),
  };
}

async function countInFlight(db: Queryable, account: string): Promise<number> {
  const { rows } = await db.query<{ calls: number }>(
    `select coalesce(sum(${inFlightOf('c', null)}), 0)::integer as calls from campaigns c
      where c.account = $1 and ${isUnfinished('c')}`,
    [account],
  );
  return rows[0]!.calls;
}

type AccountRow = Omit<Account, 'timezone'> & { readonly timezone: string | null };

function accountOf({ timezone, ...row }: AccountRow): Account {
  return { ...row, timezone: timezone ?? 'UTC' };
}
