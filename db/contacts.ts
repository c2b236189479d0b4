import type { ContactResponse } from '../domain/api/contact-responses.ts';
import type { Contact } from '../domain/contacts/contact.ts';
import { RingfenceError } from '../domain/engine/errors.ts';
import { requireRoomInFolders } from './account-limits.ts';
import { contactsInAllFolders, contactsInFolder, defaultFolder, lockForChange } from './folders.ts';
import { limited, type OrderedRows, type Page, pageOf, type PageOf, valuesOf } from './page.ts';
import { type AtEnd, inTransaction, type Pool } from './pool.ts';

type ContactRow = Omit<ContactResponse, 'created_at' | 'updated_at' | 'not_before'> & {
  readonly not_before: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/**
 * Updates a contact that is already in the folder: given fields overwrite the stored ones, and omitted fields stay. A
 * blank cell or a missing field counts as omitted.
 */
export const OVERWRITE = `
  on conflict (folder_id, phone_number, extension) do update set
    first_name = coalesce(excluded.first_name, contacts.first_name),
    last_name = coalesce(excluded.last_name, contacts.last_name),
    email = coalesce(excluded.email, contacts.email),
    timezone = coalesce(excluded.timezone, contacts.timezone),
    region = coalesce(excluded.region, contacts.region),
    priority = coalesce(excluded.priority, contacts.priority),
    not_before = coalesce(excluded.not_before, contacts.not_before),
    custom_fields = contacts.custom_fields || excluded.custom_fields,
    updated_at = now()`;

/** The table stores a missing extension as '', which unlike null is equal to itself. */
const STORED = `contacts.id, folder_id, phone_number, nullif(extension, '') as extension, first_name, last_name, email,
  timezone, region, priority, not_before, custom_fields, contacts.created_at, contacts.updated_at`;

export interface PutContact {
  readonly contact: ContactResponse;
  readonly created: boolean;
}

/**
 * Adds a contact to a folder, or updates the one with the same number and extension.
 *
 * @param folderId null: the account's default folder
 * @throws RingfenceError `not_found` if the account has no such folder, `account_limit`
 */
export async function putContact(
  pool: Pool,
  account: string,
  folderId: string | null,
  contact: Contact,
  atEnd: AtEnd<PutContact> = async () => {},
): Promise<PutContact> {
  return inTransaction(pool, async (tx) => {
    const folder = folderId ?? (await defaultFolder(tx, account));
    await lockForChange(tx, account, folder);
    const { rows } = await tx.query<ContactRow & { created: boolean }>(
      `insert into contacts
         (folder_id, account, phone_number, extension, first_name, last_name, email, timezone, custom_fields, priority,
          not_before, region)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       ${OVERWRITE}
       returning ${STORED}, xmax = 0 as created`,
      [
        folder,
        account,
        contact.phone_number,
        contact.extension ?? '',
        contact.first_name,
        contact.last_name,
        contact.email,
        contact.timezone,
        contact.custom_fields,
        contact.priority,
        contact.not_before,
        contact.region,
      ],
    );
    const [row] = rows;
    if (row === undefined) throw new RingfenceError('internal', 'PostgreSQL returned no row for a stored contact.');
    const { created, ...stored } = row;
    if (created) await requireRoomInFolders(tx, account);
    const answer = { contact: contactAnswer(stored), created };
    await atEnd(tx, answer);
    return answer;
  });
}

/**
 * Contacts of the account, or of one of its folders, in the order in which they were added.
 * @throws RingfenceError `not_found` when the account has no such folder.
 */
export async function listContacts(
  pool: Pool,
  account: string,
  folderId: string | null,
  page: Page<number>,
): Promise<PageOf<ContactResponse, number>> {
  const total =
    folderId === null
      ? (page.counted ?? (await contactsInAllFolders(pool, account)))
      : { total: await contactsInFolder(pool, account, folderId), totalIsExact: true };
  const contacts: OrderedRows<number> = {
    sql: `from contacts where ${folderId === null ? 'account' : 'folder_id'} = $1 and seq > $2
      order by seq ${limited('$3', '$4')}`,
    values: ({ limit, offset, after = 0 }) => [folderId ?? account, after, limit, offset],
  };
  const { rows } = await pool.query<ContactRow & { seq: string }>(
    `select seq, ${STORED} ${contacts.sql}`,
    valuesOf(contacts, page),
  );
  return pageOf(rows, page, total, {
    item: ({ seq: _seq, ...row }) => contactAnswer(row),
    place: ({ seq }) => Number(seq),
  });
}

function contactAnswer({ created_at, updated_at, not_before, ...contact }: ContactRow): ContactResponse {
  return {
    ...contact,
    not_before: not_before?.toISOString() ?? null,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  };
}
