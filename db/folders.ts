import type { FolderResponse } from '../domain/api/contact-responses.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { DELETIONS } from '../domain/engine/time-limits.ts';
import { inLongTransaction } from './long-transaction.ts';
import {
  COUNTED_AT_MOST,
  limited,
  type OrderedRows,
  type Page,
  pageOf,
  type PageOf,
  type Total,
  totalOf,
  valuesOf,
} from './page.ts';
import type { AtEnd, Pool, Queryable } from './pool.ts';
import { enrol } from './enrolment.ts';
import { databaseErrorKind } from './errors.ts';

interface FolderRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
}

/** The folder for contacts that were added to no folder. */
const DEFAULT_FOLDER = 'default';

/** @throws RingfenceError `conflict` if the account has a folder of this name */
export async function createFolder(db: Queryable, account: string, name: string): Promise<FolderResponse> {
  const { rows } = await db.query<FolderRow>(
    `insert into contact_folders (account, name) values ($1, $2)
     on conflict (account, name) do nothing
     returning id, name, created_at`,
    [account, name],
  );
  const [folder] = rows;
  if (folder === undefined) {
    throw new RingfenceError('conflict', 'A folder of this name exists. Choose another name, or use that folder.', {
      field: 'name',
    });
  }
  return folderAnswer(folder);
}

/** The account's folders, sorted by their unique names. */
export async function listFolders(
  db: Queryable,
  account: string,
  page: Page<string>,
): Promise<PageOf<FolderResponse, string>> {
  const folders = foldersByName(account);
  const total = await totalOf(db, folders, page);
  const { rows } = await db.query<FolderRow>(`select id, name, created_at ${folders.sql}`, valuesOf(folders, page));
  return pageOf(rows, page, total, { item: folderAnswer, place: ({ name }) => name });
}

/**
 * How many contacts a folder holds.
 * @throws RingfenceError `not_found` when the account has no such folder.
 */
export async function contactsInFolder(db: Queryable, account: string, folderId: string): Promise<number> {
  const { rows } = await db.query<{ contacts: string }>(
    'select contacts from contact_folders where id = $1 and account = $2',
    [folderId, account],
  );
  const [folder] = rows;
  if (folder === undefined) throw noSuchFolder();
  return Number(folder.contacts);
}

/** The number of contacts in the account's folders, up to a maximum number of folders. */
export async function contactsInAllFolders(db: Queryable, account: string): Promise<Total> {
  const { sql, values } = foldersByName(account);
  const { rows } = await db.query<{ total: string; folders: number }>(
    `select coalesce(sum(contacts), 0) as total, count(*)::integer as folders from (select contacts ${sql}) counted`,
    values({ limit: COUNTED_AT_MOST, offset: 0 }),
  );
  const { total = '0', folders = 0 } = rows[0] ?? {};
  return { total: Number(total), totalIsExact: folders < COUNTED_AT_MOST };
}

function foldersByName(account: string): OrderedRows<string> {
  return {
    // A name is never empty.
    sql: `from contact_folders where account = $1 and name > $2 order by name ${limited('$3', '$4')}`,
    values: ({ limit, offset, after = '' }) => [account, after, limit, offset],
  };
}

/** The id of the account's default folder, which is created on first use. */
export async function defaultFolder(tx: Queryable, account: string): Promise<string> {
  await tx.query('insert into contact_folders (account, name) values ($1, $2) on conflict (account, name) do nothing', [
    account,
    DEFAULT_FOLDER,
  ]);
  const { rows } = await tx.query<{ id: string }>('select id from contact_folders where account = $1 and name = $2', [
    account,
    DEFAULT_FOLDER,
  ]);
  const [folder] = rows;
  if (folder === undefined) throw new RingfenceError('conflict', 'The folder was deleted meanwhile. Try again.');
  return folder.id;
}

/** @throws RingfenceError `not_found` when the account has no such folder. */
export async function requireFolder(db: Queryable, account: string, folderId: string): Promise<void> {
  const { rowCount } = await db.query('select from contact_folders where id = $1 and account = $2', [
    folderId,
    account,
  ]);
  if (rowCount === 0) throw noSuchFolder();
}

/**
 * Must come first in every transaction that changes a folder's contacts. It locks the folder until the transaction
 * ends, and gives earlier campaigns their copy of the folder before the change.
 *
 * @param field the caller's name for the folder
 * @throws RingfenceError `not_found` if the account has no such folder, `conflict` if another transaction holds it for
 *   too long
 */
export async function lockForChange(
  tx: Queryable,
  account: string,
  folderId: string,
  field = 'folder_id',
): Promise<void> {
  await unlessBusy(field, async () => {
    const { rowCount } = await tx.query('select from contact_folders where id = $1 and account = $2 for update', [
      folderId,
      account,
    ]);
    if (rowCount === 0) throw noSuchFolder(field);
    await enrolAwaiting(tx, folderId);
  });
}

const RETRY_AFTER_S = 5;

/**
 * Locks a folder. An import may hold it for long, and a campaign may be copying it at this moment.
 *
 * @throws RingfenceError `conflict` that names `field`, if that takes too long
 */
export async function unlessBusy<T>(field: string, lock: () => Promise<T>): Promise<T> {
  try {
    return await lock();
  } catch (error) {
    const kind = databaseErrorKind(error);
    if (kind !== 'locked' && kind !== 'timeout') throw error;
    throw new RingfenceError(
      'conflict',
      'The folder is in use: an import changes it, or a campaign takes its copy. Nothing was changed; try again when that is done.',
      { field, details: { retry_after_s: RETRY_AFTER_S }, cause: error },
    );
  }
}

/** Copies the folder into every campaign that was created from it, will be started and has no copy yet. */
export async function enrolAwaiting(tx: Queryable, folderId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    'select id from campaigns where folder_id = $1 and enrolled_at is null and failure is null order by created_at, id',
    [folderId],
  );
  for (const { id } of rows) await enrol(tx, id);
}

/**
 * Deletes a folder with its contacts. A campaign keeps its own copy.
 * @throws RingfenceError `not_found` when the account has no such folder.
 */
export async function deleteFolder(
  pool: Pool,
  account: string,
  folderId: string,
  atEnd: AtEnd<void> = async () => {},
): Promise<void> {
  await inLongTransaction(pool, account, DELETIONS, async (tx) => {
    await lockForChange(tx, account, folderId, 'id');
    await tx.query('delete from contact_folders where id = $1', [folderId]);
    await atEnd(tx);
  });
}

function folderAnswer({ created_at, ...folder }: FolderRow): FolderResponse {
  return { ...folder, created_at: created_at.toISOString() };
}

function noSuchFolder(field = 'folder_id'): RingfenceError {
  return new RingfenceError('not_found', 'There is no such contact folder. GET /contacts/folders lists them.', {
    field,
  });
}
