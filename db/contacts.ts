import type { Contact } from '../domain/contact.ts';
import { defaultFolder, lockForChange, requireFolder } from './folders.ts';
import { inTransaction, type Pool } from './pool.ts';

export interface StoredContact extends Contact {
  readonly id: string;
  readonly folder_id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/**
 * What happens to a person who is in the folder already: what is stated overwrites what is stored, and what is left out
 * stays. A blank cell or a missing field is no statement.
 */
export const OVERWRITE = `
  on conflict (folder_id, phone_number, extension) do update set
    first_name = coalesce(excluded.first_name, contacts.first_name),
    last_name = coalesce(excluded.last_name, contacts.last_name),
    email = coalesce(excluded.email, contacts.email),
    timezone = coalesce(excluded.timezone, contacts.timezone),
    custom_fields = contacts.custom_fields || excluded.custom_fields,
    updated_at = now()`;

/** Column names `as` those of {@link StoredContact}; the table keeps an absent extension as '' to make it comparable. */
const STORED = `contacts.id, folder_id, phone_number, nullif(extension, '') as extension, first_name, last_name, email,
  timezone, custom_fields, contacts.created_at, contacts.updated_at`;

/**
 * Adds one person to a folder, or updates the one who is there.
 * @param folderId null: the account's default folder.
 * @throws RingfenceError `not_found` when the account has no such folder.
 */
export async function putContact(
  pool: Pool,
  account: string,
  folderId: string | null,
  contact: Contact,
): Promise<{ contact: StoredContact; created: boolean }> {
  return inTransaction(pool, async (tx) => {
    const folder = folderId ?? (await defaultFolder(tx, account));
    await lockForChange(tx, account, folder);
    const { rows } = await tx.query<StoredContact & { created: boolean }>(
      `insert into contacts (folder_id, phone_number, extension, first_name, last_name, email, timezone, custom_fields)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       ${OVERWRITE}
       returning ${STORED}, xmax = 0 as created`,
      [
        folder,
        contact.phone_number,
        contact.extension ?? '',
        contact.first_name,
        contact.last_name,
        contact.email,
        contact.timezone,
        contact.custom_fields,
      ],
    );
    const [{ created, ...stored }] = rows as [StoredContact & { created: boolean }];
    return { contact: stored, created };
  });
}

/**
 * Contacts of the account, or of one of its folders, in the order in which they were added.
 * @throws RingfenceError `not_found` when the account has no such folder.
 */
export async function listContacts(
  pool: Pool,
  account: string,
  page: { readonly folderId: string | null; readonly limit: number; readonly offset: number },
): Promise<{ contacts: StoredContact[]; total: number }> {
  if (page.folderId !== null) await requireFolder(pool, account, page.folderId);
  const from = `from contacts join contact_folders folder on folder.id = folder_id
    where folder.account = $1 and ($2::uuid is null or folder_id = $2)`;
  const counted = await pool.query<{ total: number }>(`select count(*)::integer as total ${from}`, [
    account,
    page.folderId,
  ]);
  const { rows } = await pool.query<StoredContact>(`select ${STORED} ${from} order by seq limit $3 offset $4`, [
    account,
    page.folderId,
    page.limit,
    page.offset,
  ]);
  return { contacts: rows, total: counted.rows[0]?.total ?? 0 };
}
