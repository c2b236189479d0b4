/** What a database from before lists were read by cursor has in them afterwards. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { listContacts } from '../../db/contacts.ts';
import { MIGRATIONS } from '../../db/migrate.ts';
import { openPool, type Pool } from '../../db/pool.ts';
import { addSuppression, listSuppressions } from '../../db/suppressions.ts';
import { runSql, withDatabase } from '../../scripts/postgres/sql.ts';
import { nextId } from '../support/factories/ids.ts';

const PAGE = { limit: 50, offset: 0 };
const OLD = '00000000-0000-4000-8000-00000000000a';
const EMPTY = '00000000-0000-4000-8000-00000000000b';
const { url: server } = inject('postgres');
const name = `ringfence_before_pages_${process.pid}_${nextId('db')}`.replaceAll('-', '_');

let pool: Pool;
beforeAll(async () => {
  await runSql(server, `create database ${name}`);
  pool = openPool(withDatabase(server, name), { max: 1 });
});
afterAll(async () => {
  await pool.end();
  await runSql(server, `drop database if exists ${name} with (force)`);
});

it('is in the order in which it came, and counted', async () => {
  const files = readdirSync(MIGRATIONS).sort();
  const pages = files.findIndex((file) => file.endsWith('_pages.sql'));
  const apply = async (some: readonly string[]) => {
    for (const file of some) {
      const [up = ''] = readFileSync(join(MIGRATIONS, file), 'utf8').split('-- Down Migration');
      await pool.query(up);
    }
  };
  await apply(files.slice(0, pages));
  await pool.query(
    `insert into contact_folders (id, account, name) values ($1, 'acme', 'old'), ($2, 'acme', 'empty')`,
    [OLD, EMPTY],
  );
  await pool.query(`insert into contacts (folder_id, phone_number) values ($1, '+14155550132'), ($1, '+14155550133')`, [
    OLD,
  ]);
  await pool.query(
    `insert into suppressions (account, phone_number, created_at)
     values ('acme', '+14155550131', '2026-03-02'), ('acme', '+14155550132', '2026-03-01'), ('acme', '+14155550133', '2026-03-03')`,
  );
  await apply(files.slice(pages));

  await addSuppression(pool, 'acme', { phoneNumber: '+14155550134', reason: null });
  const { items } = await listSuppressions(pool, 'acme', PAGE);
  expect(items.map(({ phone_number }) => phone_number.slice(-1))).toEqual(['4', '3', '1', '2']);

  // As a gateway of the version before does, which may run on for a while.
  await pool.query(`insert into contacts (folder_id, phone_number) values ($1, '+14155550134')`, [EMPTY]);
  const all = await listContacts(pool, 'acme', null, PAGE);
  expect(all).toMatchObject({ total: 3, totalIsExact: true });
  expect(all.items.map(({ phone_number }) => phone_number.slice(-1))).toEqual(['2', '3', '4']);
  expect(await listContacts(pool, 'acme', OLD, PAGE)).toMatchObject({ total: 2 });
  expect(await listContacts(pool, 'acme', EMPTY, PAGE)).toMatchObject({ total: 1 });
});
