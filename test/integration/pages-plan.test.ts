/** What a page of each list costs, in rows that the database reads for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CampaignFilter, listCampaignContacts, listCampaigns } from '../../db/campaign-queries.ts';
import { listCallEvents } from '../../db/contact-explanation.ts';
import { listContacts } from '../../db/contacts.ts';
import { listFolders } from '../../db/folders.ts';
import { COUNTED_AT_MOST, type Page, type PageOf } from '../../db/page.ts';
import { openPool, type Pool } from '../../db/pool.ts';
import { listSuppressions } from '../../db/suppressions.ts';
import type { Bucket } from '../../domain/engine/tally.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const ITEMS = 20_000;
const LIMIT = 50;
/** An item is an entry of an index and its row, and for a contact of a campaign the same again of the call beside it. */
const ROWS_OF_A_PAGE = 5 * LIMIT;

const FOLDER = '00000000-0000-4000-8000-00000000000a';
const LARGE = '00000000-0000-4000-8000-00000000000b';
const ALMOST_DONE = '00000000-0000-4000-8000-00000000000c';
const CALL_ID = `${LARGE}.1.1`;

let database: TestDatabase;
/** One connection, so that what it has read can be asked of it. */
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool(database.url, { max: 1, limits: { statementMs: 60_000, queryMs: 60_000 } });
  await pool.query(
    `insert into suppressions (account, phone_number)
     select account, '+1' || (2120000000 + n) from generate_series(1, $1) n, unnest(array['acme', 'other']) account`,
    [ITEMS],
  );
  await pool.query(`insert into contact_folders (id, account, name) values ($1, 'acme', 'large')`, [FOLDER]);
  await pool.query(
    `insert into contact_folders (account, name)
     select account, 'folder ' || n from generate_series(1, $1) n, unnest(array['acme', 'other']) account`,
    [ITEMS],
  );
  // Half of the account's contacts are in one folder, the others in a separate folder each.
  await pool.query(
    `insert into contacts (folder_id, phone_number) select $1, '+1' || (2120000000 + n) from generate_series(1, $2) n`,
    [FOLDER, ITEMS],
  );
  await pool.query(
    `insert into contacts (folder_id, phone_number) select id, '+12120000000' from contact_folders where name <> 'large'`,
  );
  // What is rare stands at the end of the list, behind all others.
  await pool.query(
    `insert into campaigns (id, account, name, agent_id, spec, status, total, pending, created_at, enrolled_at)
     select gen_random_uuid(), account, 'c', case when n <= 300 then 'rare' else 'usual' end, '{"timezone": "UTC"}',
            case when n <= 300 then 'paused' else 'completed' end, 0, 0, now() - interval '1 day' + n * interval '1 microsecond', now()
       from generate_series(1, $1) n, unnest(array['acme', 'other']) account`,
    [ITEMS],
  );
  await pool.query(
    `insert into campaigns (id, account, name, agent_id, spec, status, total, pending, completed, created_at, enrolled_at)
     values ($1, 'acme', 'large', 'usual', '{"timezone": "UTC"}', 'active', $3::int, $3::int, 0, now(), now()),
            ($2, 'acme', 'almost done', 'usual', '{"timezone": "UTC"}', 'active', $3::int, 300, $3::int - 300, now(), now())`,
    [LARGE, ALMOST_DONE, ITEMS],
  );
  await pool.query(
    `insert into campaign_contacts (campaign_id, seq, contact_id, phone_number, bucket)
     select id, n, gen_random_uuid(), '+12120000000',
            case when id = $2 and n <= $3::int - 300 then 'completed' else 'pending' end
       from generate_series(1, $3::int) n, unnest(array[$1, $2]::uuid[]) id`,
    [LARGE, ALMOST_DONE, ITEMS],
  );
  await pool.query(
    `insert into calls (id, campaign_id, seq, attempt, connection, request, first_sent_at)
     select campaign_id || '.' || seq || '.1', campaign_id, seq, 1, 'truedy', '', now() from campaign_contacts`,
  );
  await pool.query(
    `insert into call_events (connection, event_id, call_id, contradicts, kind, occurred_at, received_at, raw)
     select 'truedy', 'event ' || n, case when n % 2 = 0 then $2 end, case when n % 2 = 1 then $2 end, 'billed', now(),
            now() + n * interval '1 microsecond', ''
       from generate_series(1, $1) n`,
    [ITEMS, CALL_ID],
  );
  await pool.query('vacuum analyze');
}, 120_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** How many rows and entries of indexes were read so far. */
async function rowsRead(): Promise<number> {
  await pool.query('select pg_stat_force_next_flush()');
  const { rows } = await pool.query<{ read: string }>(
    `select (select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables)
          + (select sum(idx_tup_read) from pg_stat_user_indexes) as read`,
  );
  return Number(rows[0]!.read);
}

async function costOf<T>(read: () => Promise<T>): Promise<{ page: T; cost: number }> {
  const before = await rowsRead();
  const page = await read();
  return { page, cost: (await rowsRead()) - before };
}

/** Places of different lists are of different kinds; each list is given its own. */
type List = (page: Page<never>) => Promise<PageOf<object, unknown> | null>;
const campaigns =
  (filter: CampaignFilter): List =>
  (page) =>
    listCampaigns(pool, 'acme', filter, page, 0);
const contactsOf =
  (id: string, bucket?: Bucket): List =>
  (page) =>
    listCampaignContacts(pool, 'acme', id, { bucket }, page);

/** How each is read, and how many of its items are far behind the first page. */
const LISTS: readonly (readonly [name: string, read: List, far: number])[] = [
  ['campaigns', campaigns({}), 0.9 * ITEMS],
  ['campaigns in a status that few have', campaigns({ status: 'paused' }), 200],
  ['campaigns of an agent that few have', campaigns({ agentId: 'rare' }), 200],
  ['campaigns of an agent in a status', campaigns({ agentId: 'usual', status: 'completed' }), 0.9 * ITEMS],
  ['campaigns of an agent in a status, where there are none', campaigns({ agentId: 'rare', status: 'completed' }), 0],
  ['contacts of a campaign', contactsOf(LARGE), 0.9 * ITEMS],
  ['contacts of a campaign in a bucket that all share', contactsOf(LARGE, 'pending'), 0.9 * ITEMS],
  ['contacts of a campaign in a bucket that few share', contactsOf(ALMOST_DONE, 'pending'), 200],
  ['contacts of a folder', (page) => listContacts(pool, 'acme', FOLDER, page), 0.9 * ITEMS],
  ['contacts of thousands of folders', (page) => listContacts(pool, 'acme', null, page), 1.8 * ITEMS],
  ['folders', (page) => listFolders(pool, 'acme', page), 0.9 * ITEMS],
  ['suppressions', (page) => listSuppressions(pool, 'acme', page), 0.9 * ITEMS],
  [
    'events of a call',
    (page) => listCallEvents(pool, 'acme', { campaignId: LARGE, callId: CALL_ID }, page),
    0.9 * ITEMS,
  ],
];

/** So that only the page is read. */
const counted = { total: 0, totalIsExact: true };

describe.each(LISTS)('a page of %s', (_, read, far) => {
  it('is read for what it holds, wherever it begins', async () => {
    let after: unknown;
    for (let passed = 0; passed < far; passed += 100 * LIMIT) {
      const page = await read({
        limit: Math.min(far - passed, 100 * LIMIT),
        offset: 0,
        after: after as never,
        counted,
      });
      after = page!.next;
    }
    for (const page of [
      { limit: LIMIT, offset: 0, counted },
      { limit: LIMIT, offset: 0, after: after as never, counted },
    ]) {
      const { cost } = await costOf(() => read(page));
      expect(cost).toBeLessThan(ROWS_OF_A_PAGE);
    }
  });

  it('costs no more than it leaves out, where it leaves items out, and counts no further than that', async () => {
    const { page, cost } = await costOf(() => read({ limit: LIMIT, offset: COUNTED_AT_MOST }));
    expect(page!.items.length).toBe(far > COUNTED_AT_MOST ? LIMIT : 0);
    // An entry of an index and its row; for the list, and for its count or by the other of two indexes.
    expect(cost).toBeLessThan(4 * COUNTED_AT_MOST + ROWS_OF_A_PAGE);
  });
});

describe('the total of a list', () => {
  it('is counted up to a bound where no counter is kept, and not again for later pages', async () => {
    const first = await listSuppressions(pool, 'acme', { limit: LIMIT, offset: 0 });
    expect(first).toMatchObject({ total: COUNTED_AT_MOST, totalIsExact: false, hasMore: true });
    const { total, totalIsExact } = first;
    const { page, cost } = await costOf(() =>
      listSuppressions(pool, 'acme', { limit: LIMIT, offset: 0, after: first.next!, counted: { total, totalIsExact } }),
    );
    expect(page).toMatchObject({ total, totalIsExact });
    expect(cost).toBeLessThan(ROWS_OF_A_PAGE);
    const rare = await listCampaigns(pool, 'acme', { agentId: 'rare' }, { limit: LIMIT, offset: 0 }, 0);
    expect(rare).toMatchObject({ total: 300, totalIsExact: true });
  });

  it('is that of its counter where one is kept, at no cost', async () => {
    const { page, cost } = await costOf(() => listContacts(pool, 'acme', FOLDER, { limit: LIMIT, offset: 0 }));
    expect(page).toMatchObject({ total: ITEMS, totalIsExact: true });
    expect(cost).toBeLessThan(ROWS_OF_A_PAGE);
  });
});
