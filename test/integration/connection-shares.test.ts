/** Shares of a connection's limit on a real database: many at once, epochs, and campaigns without a workflow. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSharedLimit } from '../../activities/shared-limit.ts';
import { setAccount } from '../../db/accounts.ts';
import { adoptRoster } from '../../db/adoption.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { listCampaignContacts, readCampaign } from '../../db/campaign-queries.ts';
import { readDatabaseClock } from '../../db/clock.ts';
import { forgetLoads, recordLoads } from '../../db/connection-loads.ts';
import { divideShares, noteSharesTold, recordShareReport } from '../../db/connection-shares.ts';
import { explainContact } from '../../db/contact-explanation.ts';
import { markInterrupted } from '../../db/interruptions.ts';
import { inTransaction, type Queryable } from '../../db/pool.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import { accountLimitId } from '../../domain/engine/ids.ts';
import type { ShareReport } from '../../domain/engine/shares.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';
import { dialOf } from '../support/factories/dials.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const HOUR_MS = 3_600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function adopted(run: string, campaignId?: string): Promise<string> {
  const request = CreateCampaign.parse({
    name: 'Reminders',
    agent_id: 'agent-1',
    contacts: [{ phone_number: '+14155550100' }, { phone_number: '+14155550101' }],
  });
  const { pool } = database;
  const id = campaignId ?? (await createCampaign({ pool, now: NOW, connections: TRUEDY_ALONE }, 'default', request)).id;
  await inTransaction(pool, (tx) => adoptRoster(tx, { campaignId: id, runId: run, number: 1 }, NOW));
  return id;
}

const report = (campaignId: string, fields: Partial<ShareReport> = {}): ShareReport => ({
  campaignId,
  epoch: 1,
  number: 1,
  revision: 0,
  need: 10,
  inFlight: 0,
  ...fields,
});
const divide = (connection: string, limit: number) =>
  divideShares(database.pool, { connection, limit, lostAfterMs: HOUR_MS }, readDatabaseClock);

describe('the shares of a connection', () => {
  it.each(['busy', accountLimitId('busy')])(
    'never exceed the limit together, whatever happens at the same time: %s',
    async (connection) => {
      await setAccount(database.pool, 'busy', { max_concurrent_calls: 17 });
      const campaigns = await Promise.all(
        Array.from({ length: 8 }, (_, index) => adopted(`run ${index} of ${connection}`)),
      );
      const shares = new Map<string, { share: number; revision: number }>();
      for (let number = 1; number <= 6; number += 1) {
        const reports = campaigns.map((id, index) => {
          const { share, revision } = shares.get(id) ?? { share: 0, revision: 0 };
          const need = (index + number) % 3 === 0 ? 0 : 4 + index;
          return recordShareReport(
            database.pool,
            connection,
            `run ${index} of ${connection}`,
            report(id, { number, revision, need, inFlight: Math.min(share, need) }),
          );
        });
        const divisions = [divide(connection, 17), divide(connection, 17), divide(connection, 17)];
        await Promise.all([...reports, ...divisions]);
        const { holders } = await divide(connection, 17);
        expect(holders.reduce((sum, { held }) => sum + held, 0)).toBeLessThanOrEqual(17);
        for (const holder of holders) shares.set(holder.campaignId, holder);
      }
      expect([...shares.values()].some(({ share }) => share > 0)).toBe(true);
    },
  );

  it('belong to an epoch: a run that takes over has none, and its calls stay charged', async () => {
    const connection = 'epochs';
    const id = await adopted('the first');
    await recordShareReport(database.pool, connection, 'the first', report(id));
    expect((await divide(connection, 8)).holders).toMatchObject([
      { epoch: 1, share: 8, held: 8, revision: 1, told: 0 },
    ]);
    await noteSharesTold(database.pool, connection, [{ campaignId: id, epoch: 1, revision: 1 }]);
    await adopted('the second', id);
    const late = report(id, { number: 2, revision: 1, need: 0 });
    expect(await recordShareReport(database.pool, connection, 'the first', late)).toBeNull();
    expect((await divide(connection, 8)).holders).toMatchObject([{ epoch: 1, share: 8, told: 1 }]);
    const first = report(id, { epoch: 2, inFlight: 5 });
    expect(await recordShareReport(database.pool, connection, 'the second', first)).toMatchObject({
      epoch: 2,
      share: 0,
      held: 5,
      revision: 0,
      told: 0,
    });
  });

  it('of a campaign without a workflow are the calls that its records show, until they end', async () => {
    const connection = 'truedy';
    const [gone, other] = [await adopted('gone'), await adopted('other')];
    await recordShareReport(database.pool, connection, 'gone', report(gone, { need: 5 }));
    await divide(connection, 6);
    const dial = dialOf({ campaignId: gone, seq: 1, attempt: 1 }, { runId: 'gone', epoch: 1, connection });
    expect(await permitDial(database.pool, dial, () => 'a request')).toMatchObject({ kind: 'send' });
    await recordShareReport(database.pool, connection, 'other', report(other));
    expect((await divide(connection, 6)).holders.find(({ campaignId }) => campaignId === other)!.held).toBe(1);
    const { rows } = await database.pool.query<{ startedAt: string | null }>(
      'select workflow_started_at::text as "startedAt" from campaigns where id = $1',
      [gone],
    );
    const campaign = { id: gone, ownerRunId: 'gone', startedAt: rows[0]!.startedAt };
    expect(await markInterrupted(database.pool, campaign, { reason: 'terminated', code: null })).toEqual([connection]);
    const { holders, withoutRun } = await divide(connection, 6);
    expect(withoutRun).toEqual(new Set([gone]));
    expect(Object.fromEntries(holders.map(({ campaignId, share, held }) => [campaignId, { share, held }]))).toEqual({
      [gone]: { share: 0, held: 1 },
      [other]: { share: 5, held: 5 },
    });
    await database.pool.query("update calls set settled_at = now(), outcome = 'lost' where campaign_id = $1", [gone]);
    expect((await divide(connection, 6)).holders).toMatchObject([{ campaignId: other, share: 6, held: 6 }]);
  });

  it('of a campaign without a workflow end with the deadlines of its calls', async () => {
    const connection = 'truedy';
    const id = await adopted('ends by itself');
    await recordShareReport(database.pool, connection, 'ends by itself', report(id));
    const dials = [1, 2].map((seq) =>
      dialOf({ campaignId: id, seq, attempt: 1 }, { runId: 'ends by itself', connection, lostAfterMs: seq * HOUR_MS }),
    );
    for (const dial of dials)
      expect(await permitDial(database.pool, dial, () => 'a request')).toMatchObject({ kind: 'send' });
    await database.pool.query('update campaigns set owner_run_id = null where id = $1', [id]);
    const heldAfter = async (hours: number) => {
      const clock = async (db: Queryable) => (await readDatabaseClock(db)) + hours * HOUR_MS;
      const { holders } = await divideShares(database.pool, { connection, limit: 6, lostAfterMs: 9 * HOUR_MS }, clock);
      return holders.find(({ campaignId }) => campaignId === id)?.held;
    };
    expect([await heldAfter(0.5), await heldAfter(1.5), await heldAfter(2.5)]).toEqual([2, 1, undefined]);
    await database.pool.query("update calls set settled_at = now(), outcome = 'lost' where campaign_id = $1", [id]);
  });

  it('of an account are needed for a dial as soon as it has a limit, and its calls on all connections count', async () => {
    const limitId = accountLimitId('default');
    const id = await adopted('before');
    const dial = (seq: number, epoch: number) =>
      permitDial(
        database.pool,
        dialOf({ campaignId: id, seq, attempt: 1 }, { runId: 'before', epoch }),
        () => 'a request',
      );
    expect(await dial(1, 1)).toMatchObject({ kind: 'send' });
    await setAccount(database.pool, 'default', { max_concurrent_calls: 6 });
    expect(await dial(2, 1)).toEqual({ kind: 'superseded' });

    const { sharedLimits, epoch } = await inTransaction(database.pool, (tx) =>
      adoptRoster(tx, { campaignId: id, runId: 'before', number: 2 }, NOW),
    );
    expect(sharedLimits).toEqual([limitId]);
    await recordShareReport(database.pool, limitId, 'before', report(id, { epoch, inFlight: 1 }));
    expect((await divide(limitId, 6)).holders).toMatchObject([{ campaignId: id, share: 6 }]);
    expect(await dial(2, epoch)).toMatchObject({ kind: 'send' });

    await database.pool.query('update campaigns set owner_run_id = null where id = $1', [id]);
    expect((await divide(limitId, 6)).holders).toMatchObject([{ campaignId: id, share: 0, held: 2 }]);
    await setAccount(database.pool, 'default', { max_concurrent_calls: null });
  });

  it('of an account go to campaigns that can use them, where the connection of another gives it fewer calls', async () => {
    const limitId = accountLimitId('bound');
    const connection = 'slow';
    const [bound, free] = [await adopted('bound'), await adopted('free')];
    await database.pool.query('update campaigns set connection = $2 where id = $1', [bound, connection]);
    const shares = async () => {
      const { holders } = await divide(limitId, 20);
      return Object.fromEntries(holders.map(({ campaignId, need, share }) => [campaignId, { need, share }]));
    };
    await recordShareReport(database.pool, connection, 'bound', report(bound));
    await divide(connection, 3);
    await recordShareReport(database.pool, limitId, 'bound', report(bound, { need: 50 }));
    await recordShareReport(database.pool, limitId, 'free', report(free, { need: 50 }));
    // One more than its connection gives it, so that it goes on asking for more.
    expect(await shares()).toEqual({ [bound]: { need: 50, share: 4 }, [free]: { need: 50, share: 16 } });

    // As soon as its connection gives it all that it asks for, it has its part again when calls of the other have ended.
    await divide(connection, 30);
    expect(await shares()).toMatchObject({ [bound]: { share: 4 }, [free]: { share: 10 } });
    await recordShareReport(
      database.pool,
      limitId,
      'free',
      report(free, { number: 2, revision: 2, need: 50, inFlight: 10 }),
    );
    expect(await shares()).toMatchObject({ [bound]: { share: 10 }, [free]: { share: 10 } });
  });

  it.each([
    ['connection', 'wanted'],
    ['account', accountLimitId('waiting')],
  ])('are what a campaign waits for while its calls fill them: %s', async (gate, limitId) => {
    const { pool } = database;
    const run = `waits for ${gate}`;
    const id = await adopted(run);
    await pool.query(
      "update campaigns set account = 'waiting', connection = 'wanted', waiting_for = null where id = $1",
      [id],
    );
    const seen = async () => {
      const now = await readDatabaseClock(pool);
      const campaign = await readCampaign(pool, 'waiting', id, now);
      const { items } = (await listCampaignContacts(
        pool,
        'waiting',
        id,
        {},
        { limit: 2, offset: 0, after: undefined },
      ))!;
      const contact = { campaignId: id, contactId: items[1]!.contact_id };
      const explained = await explainContact(pool, 'waiting', contact, { now, allowedBy: () => null });
      return [campaign!.waiting_for, explained!.gate];
    };
    await recordShareReport(pool, limitId, run, report(id));
    await divide(limitId, 1);
    expect(await seen()).toEqual([null, 'slot']);
    const dial = dialOf({ campaignId: id, seq: 1, attempt: 1 }, { runId: run, connection: 'wanted' });
    expect(await permitDial(pool, dial, () => 'a request')).toMatchObject({ kind: 'send' });
    expect(await seen()).toEqual([gate, gate]);
    await divide(limitId, 2);
    expect(await seen()).toEqual([null, 'slot']);
    await pool.query("update campaigns set status = 'completed' where id = $1", [id]);
  });

  it('leave out the calls of campaigns that began before there was a limit', async () => {
    const connection = 'newly-limited';
    const [early, late] = [await adopted('early'), await adopted('late')];
    await database.pool.query('update campaigns set connection = $2 where id = any($1)', [[early, late], connection]);
    const dial = dialOf({ campaignId: early, seq: 1, attempt: 1 }, { runId: 'early', connection });
    expect(await permitDial(database.pool, dial, () => 'a request')).toMatchObject({ kind: 'send' });
    await recordShareReport(database.pool, connection, 'late', report(late));
    const held = async () => {
      const { holders } = await divide(connection, 6);
      return Object.fromEntries(holders.map(({ campaignId, held }) => [campaignId, held]));
    };
    expect(await held()).toEqual({ [late]: 5 });
    // Now it is its own report that counts.
    await recordShareReport(database.pool, connection, 'early', report(early, { inFlight: 1 }));
    expect(await held()).toEqual({ [early]: 1, [late]: 5 });
  });

  it('are needed for every dial as soon as one worker has loaded a limit', async () => {
    const connection = 'truedy';
    const id = await adopted('unaware');
    const dial = dialOf({ campaignId: id, seq: 1, attempt: 1 }, { runId: 'unaware', connection });
    const process = randomUUID();
    await recordLoads(database.pool, process, [{ connection, callsPerSecond: null, maxConcurrentCalls: 4 }]);
    expect(await permitDial(database.pool, dial, () => 'a request')).toEqual({ kind: 'superseded' });
    await recordShareReport(database.pool, connection, 'unaware', report(id));
    expect(await permitDial(database.pool, dial, () => 'a request')).toMatchObject({ kind: 'send' });
    await forgetLoads(database.pool, process);
  });

  it('are of the lowest limit that a worker has loaded, and of none once no worker has the connection', async () => {
    const connection = 'moved';
    const process = randomUUID();
    const limit = () => readSharedLimit({ pool: database.pool, connections: TRUEDY_ALONE }, connection);
    await recordLoads(database.pool, process, [{ connection, callsPerSecond: null, maxConcurrentCalls: 4 }]);
    expect(await limit()).toBe(4);
    await forgetLoads(database.pool, process);
    expect(await limit()).toBe(Infinity);
  });
});
