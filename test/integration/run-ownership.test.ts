import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { permitDial } from '../../db/calls.ts';
import { inTransaction } from '../../db/pool.ts';
import { exchange } from '../../db/roster.ts';
import { CreateCampaign } from '../../domain/campaign-request.ts';
import { callId } from '../../domain/ids.ts';
import { createCampaign } from '../../gateway/create-campaign.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const NOW = Date.UTC(2026, 2, 18, 12);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A campaign whose records a first run has taken up, and then a second. */
async function takenOver(): Promise<string> {
  const { pool } = database;
  const request = CreateCampaign.parse({
    name: 'Reminders',
    agent_id: 'agent-1',
    contacts: [{ phone_number: '+14155550100' }],
  });
  const { answer } = await createCampaign({ pool, now: NOW }, 'default', request, null);
  for (const run of ['the first', 'the second']) {
    await inTransaction(pool, (tx) => adoptRoster(tx, answer.id, run, NOW));
  }
  return answer.id;
}

describe('a run whose records another has taken over', () => {
  it('dials nothing that it still had under way, and leaves no dial record', async () => {
    const address = { campaignId: await takenOver(), seq: 1, attempt: 1 };
    const dialOf = (runId: string) => {
      const dial = { ...address, callId: callId(address), day: '2026-03-18', provider: 'truedy', runId, now: NOW };
      return permitDial(database.pool, dial, () => 'a request');
    };
    expect(await dialOf('the first')).toEqual({ kind: 'superseded' });
    expect((await database.pool.query('select id from calls')).rows).toEqual([]);
    expect(await dialOf('the second')).toMatchObject({ kind: 'send', request: 'a request', sentBefore: null });
  });

  it('claims nothing, though its count of exchanges is up to date', async () => {
    const campaignId = await takenOver();
    const exchangeOf = (runId: string) =>
      exchange(
        database.pool,
        {
          campaignId,
          now: NOW,
          batch: 1,
          continued: false,
          settled: [],
          started: [],
          returned: [],
          want: 1,
          told: { status: 'active', ending: null, waitingFor: null, until: null, placed: 0 },
          terms: null,
          day: null,
          lateEvents: 0,
        },
        runId,
      );
    expect(await exchangeOf('the first')).toEqual({ kind: 'superseded' });
    expect(await exchangeOf('the second')).toMatchObject({ kind: 'exchanged', claimed: [{ seq: 1, attempt: 1 }] });
  });
});
