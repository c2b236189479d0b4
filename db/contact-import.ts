import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { ImportResponse } from '../domain/api/contact-responses.ts';
import type { Contact } from '../domain/contacts/contact.ts';
import type { ContactRow, RowError } from '../domain/contacts/contact-rows.ts';
import { IMPORTS } from '../domain/engine/time-limits.ts';
import { requireRoomInFolders } from './account-limits.ts';
import { OVERWRITE } from './contacts.ts';
import { lockForChange, requireFolder } from './folders.ts';
import { inTransactionOfItsOwn } from './long-transaction.ts';
import type { AtEnd, Pool, Queryable } from './pool.ts';

export interface ImportTarget {
  readonly account: string;
  readonly folderId: string;
  /** Whether contacts that are already in the folder are updated from the file. Otherwise they are skipped. */
  readonly overwriteExisting: boolean;
}

/** The response must stay small even if every row of a large file is invalid. */
const MOST_ERRORS_LISTED = 1_000;
/** Rows are sent to the database in pieces of about this many characters. */
const PIECE = 1 << 16;

/**
 * Imports all rows of a file or, if reading them fails anywhere, none. The rows wait in a temporary table until the
 * last one is read. So memory does not grow with the file, and the folder is locked only while they are merged.
 *
 * @throws RingfenceError `not_found` if the account has no such folder, `account_limit`; any error of `rows`
 */
export async function importContacts(
  pool: Pool,
  target: ImportTarget,
  rows: AsyncIterable<ContactRow>,
  atEnd: AtEnd<ImportResponse> = async () => {},
): Promise<ImportResponse> {
  const refused: RowError[] = [];
  const count = { valid: 0, errors: 0 };

  async function* valid(): AsyncGenerator<CopiedRow> {
    for await (const row of rows) {
      if ('contact' in row) {
        count.valid += 1;
        yield row;
      } else {
        count.errors += 1;
        if (refused.length < MOST_ERRORS_LISTED) refused.push(row);
      }
    }
  }

  return inTransactionOfItsOwn(pool, { statementMs: IMPORTS.statementMs }, async (tx) => {
    await requireFolder(tx, target.account, target.folderId);
    await tx.query(`create temporary table imported_rows (
      row integer, phone_number text, extension text, first_name text, last_name text, email text, timezone text,
      region text, priority smallint, not_before timestamptz, custom_fields jsonb
    ) on commit drop`);
    await pipeline(Readable.from(copyText(valid())), tx.query(copyFrom('copy imported_rows from stdin')));
    await lockForChange(tx, target.account, target.folderId);
    const { imported, updated } = await merge(tx, target);
    if (imported > 0) await requireRoomInFolders(tx, target.account);
    const answer = {
      imported,
      updated,
      skipped: count.valid - imported - updated,
      errors: count.errors,
      error_details: refused,
      ...(count.errors > refused.length ? { error_details_omitted: count.errors - refused.length } : {}),
    };
    await atEnd(tx, answer);
    return answer;
  });
}

interface CopiedRow {
  readonly row: number;
  readonly contact: Contact;
}

/** The first row of each person counts. */
async function merge(tx: Queryable, target: ImportTarget): Promise<{ imported: number; updated: number }> {
  const columns =
    'phone_number, extension, first_name, last_name, email, timezone, region, priority, not_before, custom_fields';
  const { rows } = await tx.query<{ imported: number; updated: number }>(
    `with people as (
       select distinct on (phone_number, extension) * from imported_rows order by phone_number, extension, row
     ), merged as (
       insert into contacts (folder_id, account, ${columns})
       select $1::uuid, $2, ${columns} from people order by row
       ${target.overwriteExisting ? OVERWRITE : 'on conflict (folder_id, phone_number, extension) do nothing'}
       returning xmax = 0 as inserted
     )
     select count(*) filter (where inserted)::integer as imported,
       count(*) filter (where not inserted)::integer as updated
     from merged`,
    [target.folderId, target.account],
  );
  return rows[0] ?? { imported: 0, updated: 0 };
}

/** Rows in PostgreSQL's text format for COPY. */
async function* copyText(rows: AsyncIterable<CopiedRow>): AsyncGenerator<string> {
  let piece = '';
  for await (const { row, contact } of rows) {
    const fields = [
      String(row),
      contact.phone_number,
      contact.extension ?? '',
      contact.first_name,
      contact.last_name,
      contact.email,
      contact.timezone,
      contact.region,
      contact.priority === null ? null : String(contact.priority),
      contact.not_before,
      JSON.stringify(contact.custom_fields),
    ];
    piece += `${fields.map(copyField).join('\t')}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
    // Rows that are already in memory arrive without a pause. Other requests must get their turn between them.
    await setImmediate();
  }
  if (piece !== '') yield piece;
}

function copyField(text: string | null): string {
  return text === null ? '\\N' : text.replace(/[\\\t\n\r]/g, (character) => COPY_ESCAPES[character] ?? character);
}

const COPY_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
