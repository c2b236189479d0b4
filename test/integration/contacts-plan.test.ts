import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listContacts } from '../../db/contacts.ts';
import { openPool, type Pool } from '../../db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const FOLDERS = 4;
const CONTACTS_EACH = 5_000;

let database: TestDatabase;
/** One connection, so that what it has read can be asked of it. */
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool(database.url, { max: 1 });
  await pool.query(
    `insert into contact_folders (account, name)
     select account, 'folder ' || n from unnest($1::text[]) as account, generate_series(1, $2) as n`,
    [['acme', 'other'], FOLDERS],
  );
  await pool.query(
    `insert into contacts (folder_id, phone_number)
     select f.id, '+1' || (2120000000 + n) from generate_series(1, $1) as n, contact_folders f`,
    [CONTACTS_EACH],
  );
  await pool.query('vacuum analyze contacts');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function read(): Promise<{ scans: number; scanned: number; fetched: number }> {
  await pool.query('select pg_stat_force_next_flush()');
  const { rows } = await pool.query<{ scans: string; scanned: string; fetched: string }>(
    `select seq_scan as scans, seq_tup_read as scanned, idx_tup_fetch as fetched
       from pg_stat_user_tables where relname = 'contacts'`,
  );
  const { scans, scanned, fetched } = rows[0]!;
  return { scans: Number(scans), scanned: Number(scanned), fetched: Number(fetched) };
}

describe('listing contacts', () => {
  it('over all folders reads no other account’s contacts, and a page of each folder', async () => {
    await read();
    const before = await read();
    const { items, total, hasMore } = await listContacts(pool, 'acme', null, { limit: 50, offset: 100 });
    const after = await read();
    expect([items.length, total, hasMore]).toEqual([50, FOLDERS * CONTACTS_EACH, true]);
    expect([after.scans, after.scanned]).toEqual([before.scans, before.scanned]);
    // The account's own contacts are counted.
    expect(after.fetched - before.fetched).toBeLessThanOrEqual(FOLDERS * (CONTACTS_EACH + 150));
  });

  it('keeps to the order in which they were added, whatever folder they are in', async () => {
    const pages = [0, 50, 100].map((offset) => listContacts(pool, 'acme', null, { limit: 50, offset }));
    const listed = (await Promise.all(pages)).flatMap(({ items }) => items.map(({ id }) => id));
    const { rows } = await pool.query<{ id: string }>(
      `select c.id from contacts c join contact_folders f on f.id = c.folder_id and f.account = 'acme'
        order by c.seq limit 150`,
    );
    expect(listed).toEqual(rows.map(({ id }) => id));
  });
});
