/**
 * A campaign that begins long after the database last counted its rows. The planner knows those of earlier campaigns and
 * takes a campaign that it has never seen for a row or two, which must not make it read all of it at each step.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { CountedRoster } from '../support/harness/counted-roster.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { fictitiousPerson } from '../support/factories/people.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';

const EARLIER = 20_000;
const LATER = 3_000;
const WANT = 20;
const TABLES = ['campaign_contacts', 'calls', 'call_events'];
const now = Date.now();

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  for (const table of TABLES) await pool.query(`alter table ${table} set (autovacuum_enabled = false)`);
  const earlier = await recorded(EARLIER);
  await placed(earlier, 1, EARLIER);
  // Another campaign's calls that are going on are none of a later one's business.
  await pool.query('update calls set settled_at = now() where seq > $1', [LATER]);
  await pool.query("update campaign_contacts set bucket = 'completed'");
  // As it is on any day: of some calls the end is being signalled while rows are counted.
  await pool.query("update call_events set signalled_at = null where event_id like '%7.1'");
  for (const table of TABLES) await pool.query(`vacuum analyze ${table}`);
  await pool.query('update call_events set signalled_at = now() where signalled_at is null');
});
afterAll(() => database.drop());

/** Records a campaign of which nobody has been called. */
async function recorded(people: number): Promise<string> {
  const { pool } = database;
  const request = CreateCampaign.parse({ name: 'Later', agent_id: 'agent-1', contacts: [fictitiousPerson(0)] });
  const { id } = await createCampaign({ pool, now, connections: TRUEDY_ALONE }, 'default', request);
  await pool.query(
    `insert into campaign_contacts (campaign_id, seq, contact_id, phone_number)
     select $1::uuid, seq, md5($1 || '.' || seq)::uuid, '+14155550100' from generate_series(2, $2::int) as seq`,
    [id, people],
  );
  await pool.query('update campaigns set total = $2, pending = $2 where id = $1', [id, people]);
  return id;
}

/** The dial records of calls that were accepted, and their ends, which have been signalled. */
async function placed(campaignId: string, from: number, to: number): Promise<void> {
  await database.pool.query(
    `insert into calls (id, campaign_id, seq, attempt, connection, request, day, first_sent_at, provider_call_id)
     select $1::text || '.' || seq || '.1', $1::uuid, seq, 1, 'p', '{}', current_date, now(), $1::text || seq
       from generate_series($2::int, $3::int) as seq`,
    [campaignId, from, to],
  );
  await database.pool.query(
    `insert into call_events (connection, event_id, provider_call_id, call_id, campaign_id, kind, outcome, occurred_at, raw)
     select connection, 'end of ' || id, provider_call_id, id, campaign_id, 'ended', 'completed', now(), '{}'
       from calls where campaign_id = $1 and seq between $2 and $3`,
    [campaignId, from, to],
  );
  await database.pool.query('update call_events set signalled_at = now() where campaign_id = $1', [campaignId]);
}

it('is read by the few rows that a step concerns', async () => {
  const id = await recorded(LATER);
  const roster = new CountedRoster(database.url, id, { now, want: WANT });
  try {
    const adopted = await roster.adopt();
    const claimed = await roster.exchange({});
    await placed(id, 1, WANT);
    const started = await roster.exchange({ started: claimed.claimed });
    const settled = await roster.exchange({
      settled: claimed.claimed.map(({ seq, attempt }) => ({
        seq,
        attempt,
        to: 'completed' as const,
        reason: 'completed',
        outcome: 'completed' as const,
        at: now,
        retryAt: null,
      })),
    });
    await placed(id, LATER / 2, LATER);
    // What an exchange meets for the first time is struck out, unless another snapshot of this database, such as that of an
    // analyze, may still see it.
    await expect.poll(async () => (await roster.exchange({})).read).toBeLessThan(20 * WANT);
    const steps = { adopted, claimed, started, settled };
    expect([claimed, started, settled].map((step) => step.claimed.length)).toEqual([WANT, WANT, WANT]);
    for (const [step, { read }] of Object.entries(steps)) expect(read, step).toBeLessThan(20 * WANT);
  } finally {
    await roster.close();
  }
});
