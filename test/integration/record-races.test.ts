/**
 * Every two steps that touch a campaign's records at the same moment, each of which may be that of a run which is not the
 * owner any more. The first is stopped before its first write, the second begins, and then both go on.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { recordAnswer } from '../../db/dial-answers.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { withdrawPlacements } from '../../db/dial-records.ts';
import { recordEnd } from '../../db/workflow-records.ts';
import { inTransaction } from '../../db/pool.ts';
import { enrol } from '../../db/enrolment.ts';
import { exchange, skipWaiting } from '../../db/roster.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import type { ExchangeRequest } from '../../domain/engine/roster.ts';
import { BUCKETS, type Buckets } from '../../domain/engine/tally.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { dialOf } from '../support/factories/dials.ts';
import { nextId } from '../support/factories/ids.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const PEOPLE = 6;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const request = (campaignId: string, changes: Partial<ExchangeRequest>) =>
  exchangeRequest({ campaignId, now: NOW, ...changes });

/** A campaign whose first run has four contacts at hand; its calls to two of them are out, and of one it has told. */
async function underWay(): Promise<string> {
  const { pool } = database;
  const contacts = Array.from({ length: PEOPLE }, (_, index) => ({ phone_number: `+1415555010${index}` }));
  const terms = CreateCampaign.parse({ name: nextId('Reminders'), agent_id: 'agent-1', contacts });
  const { id } = await createCampaign({ pool, now: NOW, connections: TRUEDY_ALONE }, 'default', terms);
  await adopt(id, 'the run', 1);
  await exchange(pool, request(id, { want: 4 }), 'the run');
  for (const seq of [1, 2]) {
    const dial = { ...dialOf({ campaignId: id, seq, attempt: 1 }), now: NOW };
    const permit = await permitDial(pool, dial, () => '{}');
    if (permit.kind !== 'send') throw new Error(permit.kind);
    await recordAnswer(pool, dial, { kind: 'accepted', providerCallId: nextId('call') }, permit);
  }
  await exchange(pool, request(id, { exchangeNumber: 2, started: [{ seq: 1, attempt: 1 }] }), 'the run');
  return id;
}

const adopt = (campaignId: string, runId: string, number: number) =>
  inTransaction(database.pool, async (tx) => {
    await enrol(tx, campaignId);
    return adoptRoster(tx, { campaignId, runId, number }, NOW);
  });

const OWNER = { runId: 'the run', epoch: 1 };
const completed = { attempt: 1, to: 'completed', reason: 'completed', outcome: 'completed', at: NOW } as const;

/** What the first run does, and what one that takes over does. */
const STEPS: Readonly<Record<string, (campaignId: string) => Promise<unknown>>> = {
  exchange: (id) =>
    exchange(
      database.pool,
      request(id, {
        exchangeNumber: 3,
        settled: [{ ...completed, seq: 1, retryAt: null }],
        started: [{ seq: 2, attempt: 1 }],
        want: 2,
      }),
      'the run',
    ),
  'dial that is accepted': (id) => dial(id, { kind: 'accepted', providerCallId: nextId('call') }),
  'dial that sends nothing': (id) => dial(id, { kind: 'throttled', retryAfterMs: null }),
  'look-up': (id) =>
    withdrawPlacements(database.pool, dialOf({ campaignId: id, seq: 3, attempt: 1 }), [
      dialOf({ campaignId: id, seq: 3, attempt: 1 }),
    ]),
  close: (id) => skipWaiting(database.pool, { campaignId: id, ...OWNER }, 'cancelled', 100),
  end: (id) => recordEnd(database.pool, { campaignId: id, ...OWNER }, 'cancelled'),
  adoption: (id) => adopt(id, 'another run', 1),
  'adoption by a third': (id) => adopt(id, 'a third run', 1),
  'adoption that was done before': (id) => adopt(id, 'the run', 1),
};

async function dial(campaignId: string, answer: Parameters<typeof recordAnswer>[2]): Promise<void> {
  const placement = { ...dialOf({ campaignId, seq: 3, attempt: 1 }), now: NOW };
  const permit = await permitDial(database.pool, placement, () => '{}');
  if (permit.kind === 'send') await recordAnswer(database.pool, placement, answer, permit);
}

/** Lets both begin while only the campaign's row can be written: what they read first, they read beside each other. */
async function together(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<void> {
  const { pool } = database;
  const begun = await inTransaction(pool, async (tx) => {
    await tx.query('lock table campaign_contacts, calls, campaign_adoptions in exclusive mode');
    const steps = [first()];
    await Promise.race([steps[0], waiting(1)]);
    steps.push(second());
    await Promise.race([steps[1], waiting(2), Promise.all([steps[0], waiting(1)])]);
    return { steps };
  });
  await Promise.all(begun.steps);
}

/** Resolves when so many statements wait for a lock. */
async function waiting(statements: number): Promise<void> {
  await vi.waitFor(async () => {
    const { rowCount } = await database.pool.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(rowCount).toBeGreaterThanOrEqual(statements);
  });
}

interface Records extends Buckets {
  readonly called: number;
  readonly owner_run_id: string | null;
  readonly epoch: number;
  readonly last_exchange: number;
}

/** The counters must be what the rows say. */
async function expectTrueCounters(campaignId: string): Promise<Records> {
  const { rows } = await database.pool.query<Records>('select * from campaigns where id = $1', [campaignId]);
  const counted = await database.pool.query<{ bucket: keyof Buckets; contacts: number; called: number }>(
    `select bucket, count(*)::int as contacts, count(*) filter (where called)::int as called
       from campaign_contacts where campaign_id = $1 group by bucket`,
    [campaignId],
  );
  const campaign = rows[0]!;
  const actual = Object.fromEntries(BUCKETS.map((bucket) => [bucket, 0]));
  for (const { bucket, contacts } of counted.rows) actual[bucket] = contacts;
  expect(Object.fromEntries(BUCKETS.map((bucket) => [bucket, campaign[bucket]]))).toEqual(actual);
  expect(campaign.called).toBe(counted.rows.reduce((sum, { called }) => sum + called, 0));
  return campaign;
}

const PAIRS = Object.keys(STEPS).flatMap((first) =>
  Object.keys(STEPS)
    .filter((second) => second !== first)
    .map((second) => [first, second] as const),
);

describe('records that two steps touch at the same moment', () => {
  it.each(PAIRS)('hold together: %s, %s', async (first, second) => {
    const id = await underWay();
    await together(
      () => STEPS[first]!(id),
      () => STEPS[second]!(id),
    );
    const { owner_run_id, last_exchange, epoch } = await expectTrueCounters(id);
    // The owner of the records continues with them. Without an owner, the campaign is over.
    if (owner_run_id === null) return;
    const next = request(id, { exchangeNumber: last_exchange + 1, epoch, want: PEOPLE });
    expect(await exchange(database.pool, next, owner_run_id)).toMatchObject({ kind: 'exchanged' });
    const { unsettled } = await adopt(id, 'the last run', 1);
    await expectTrueCounters(id);
    // A contact whose call is out is not claimed for another.
    const claim = await exchange(
      database.pool,
      request(id, { exchangeNumber: last_exchange + 2, epoch: epoch + 1, want: PEOPLE }),
      'the last run',
    );
    if (claim.kind !== 'exchanged') throw new Error('the last run does not own the records');
    const out = new Set(unsettled.map(({ seq }) => seq));
    expect(claim.claimed.filter(({ seq }) => out.has(seq))).toEqual([]);
  });
});

describe('an adoption that was done before', () => {
  it('changes nothing when its frozen try wakes: neither the owner nor what has been claimed since', async () => {
    const id = await underWay();
    const before = await expectTrueCounters(id);
    expect(await adopt(id, 'the run', 1)).toMatchObject({ epoch: 1, lastExchange: 2 });
    expect(await expectTrueCounters(id)).toEqual(before);
    const repeat = await exchange(database.pool, request(id, { exchangeNumber: 2 }), 'the run');
    expect(repeat).toMatchObject({ kind: 'exchanged' });
  });

  it('changes nothing either when another run has taken over since', async () => {
    const id = await underWay();
    await adopt(id, 'another run', 1);
    const before = await expectTrueCounters(id);
    await adopt(id, 'the run', 1);
    expect(await expectTrueCounters(id)).toEqual(before);
  });

  it('is done once more by the run itself under the next number', async () => {
    const id = await underWay();
    await adopt(id, 'another run', 1);
    expect(await adopt(id, 'the run', 2)).toMatchObject({ epoch: 3 });
  });
});

describe('the records of a campaign that is over', () => {
  it('have no owner, and none can take them: nothing is dialled, claimed or skipped', async () => {
    const id = await underWay();
    expect(await STEPS.end!(id)).toBe('recorded');
    expect(await STEPS.end!(id)).toBe('recorded');
    const before = await expectTrueCounters(id);
    expect(before.owner_run_id).toBeNull();
    expect(await STEPS.adoption!(id)).toMatchObject({ status: 'cancelled', epoch: 1 });
    expect(await STEPS.exchange!(id)).toEqual({ kind: 'superseded' });
    expect(await STEPS.close!(id)).toBeNull();
    const late = dialOf({ campaignId: id, seq: 3, attempt: 1 });
    expect(await permitDial(database.pool, late, () => '{}')).toEqual({ kind: 'superseded' });
    expect(await expectTrueCounters(id)).toEqual(before);
  });

  it('are not ended by a run that does not own them', async () => {
    const id = await underWay();
    await adopt(id, 'another run', 1);
    expect(await STEPS.end!(id)).toBe('superseded');
    expect(await expectTrueCounters(id)).toMatchObject({ owner_run_id: 'another run' });
  });
});
