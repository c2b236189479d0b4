import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { inTransaction } from '../../db/pool.ts';
import { exchange } from '../../db/roster.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { dialOf } from '../support/factories/dials.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';

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
  const { id } = await createCampaign({ pool, now: NOW, connections: TRUEDY_ALONE }, 'default', request);
  for (const run of ['the first', 'the second']) {
    await inTransaction(pool, (tx) => adoptRoster(tx, { campaignId: id, runId: run, number: 1 }, NOW));
  }
  return id;
}

describe('a run whose records another has taken over', () => {
  it('dials nothing that it still had under way, and leaves no dial record', async () => {
    const address = { campaignId: await takenOver(), seq: 1, attempt: 1 };
    const permit = (runId: string, epoch: number) =>
      permitDial(database.pool, dialOf(address, { runId, epoch }), () => 'a request');
    expect(await permit('the first', 1)).toEqual({ kind: 'superseded' });
    // A reset goes back to a state of the same epoch, in another run.
    expect(await permit('the first', 2)).toEqual({ kind: 'superseded' });
    expect(await permit('the second', 1)).toEqual({ kind: 'superseded' });
    expect((await database.pool.query('select id from calls')).rows).toEqual([]);
    expect(await permit('the second', 2)).toMatchObject({ kind: 'send', request: 'a request', sentBefore: null });
  });

  it('claims nothing, though its count of exchanges is up to date', async () => {
    const campaignId = await takenOver();
    const exchangeOf = (runId: string, epoch: number) =>
      exchange(database.pool, exchangeRequest({ campaignId, now: NOW, epoch, want: 1 }), runId);
    expect(await exchangeOf('the first', 2)).toEqual({ kind: 'superseded' });
    expect(await exchangeOf('the second', 2)).toMatchObject({ kind: 'exchanged', claimed: [{ seq: 1, attempt: 1 }] });
  });
});
