/** Trouble at a provider: what an exchange records of it, who is told, and when it is over. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkProviderTrouble, sharedTroubles } from '../../cli/doctor/provider-trouble.ts';
import { campaignText, listText } from '../../cli/campaign-text.ts';
import { adoptRoster } from '../../db/adoption.ts';
import { readCampaign } from '../../db/campaign-queries.ts';
import { markInterrupted } from '../../db/interruptions.ts';
import { recordVerdict } from '../../db/connection-breakers.ts';
import { inTransaction } from '../../db/pool.ts';
import { exchange, type TroubleChange } from '../../db/roster.ts';
import { recordEnd } from '../../db/workflow-records.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import type { Campaign } from '../../domain/api/campaign-responses.ts';
import type { ProviderTrouble } from '../../domain/engine/campaign-state.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { nextId } from '../support/factories/ids.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const BLOCKED: ProviderTrouble = { reason: 'blocked:http_402', since: NOW, times: 1 };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A campaign, and exchanges of its run that record trouble. Each returns what its listener was told. */
async function running() {
  const { pool } = database;
  const contacts = [{ phone_number: '+14155550100' }];
  const terms = CreateCampaign.parse({ name: nextId('Reminders'), agent_id: 'agent-1', contacts });
  const { id } = await createCampaign({ pool, now: NOW, connections: TRUEDY_ALONE }, 'default', terms);
  await inTransaction(pool, (tx) => adoptRoster(tx, { campaignId: id, runId: 'the run', number: 1 }, NOW));
  let exchangeNumber = 0;
  const record = async (trouble: ProviderTrouble | null, number = (exchangeNumber += 1)) => {
    const told: TroubleChange[] = [];
    const { sync, ...request } = exchangeRequest({ campaignId: id, now: NOW, exchangeNumber: number });
    const waiting = trouble ? { waitingFor: 'provider' as const, until: NOW + 60_000 } : {};
    await exchange(pool, { ...request, sync: { ...sync, ...waiting, trouble } }, 'the run', (each) => told.push(each));
    return told;
  };
  const read = async () => (await readCampaign(pool, 'default', id, NOW))!;
  return { id, record, read };
}

const doctor = () => checkProviderTrouble({ url: 'http://127.0.0.1:1' }, { DATABASE_URL: database.url });
const wordsOf = (campaign: Campaign) => campaignText(campaign).join('\n');

describe('trouble at a provider', () => {
  it('is told once when it begins and once when it ends, and is shown everywhere in between', async () => {
    const { record, read } = await running();
    expect(await record(null)).toEqual([]);
    expect(await read()).toMatchObject({ provider_trouble: null });
    expect(wordsOf(await read())).not.toContain('trouble');
    expect(await doctor()).toMatchObject({ state: 'well' });

    const about = { reason: BLOCKED.reason, connection: 'truedy' };
    expect(await record(BLOCKED)).toEqual([{ has: 'begun', ...about }]);
    expect(await record({ ...BLOCKED, times: 2 })).toEqual([]);
    const campaign = await read();
    const since = new Date(NOW).toISOString();
    expect(campaign.provider_trouble).toEqual({ reason: 'blocked:http_402', since, times: 2, scope: 'campaign' });
    expect(wordsOf(campaign)).toMatch(new RegExp(`trouble +the provider: blocked:http_402, 2 times since ${since}`));
    expect(listText({ campaigns: [campaign], total: 1 })[1]).toContain('provider (blocked:http_402) until');
    expect(await doctor()).toMatchObject({
      state: 'trouble',
      found: `truedy: blocked:http_402 in 1 campaign since ${since}, up to 2 times`,
      facts: { troubles: [{ connection: 'truedy', campaigns: 1 }] },
    });

    expect(await record(null)).toEqual([{ has: 'ended', ...about }]);
    expect(await record(null)).toEqual([]);
    expect(await read()).toMatchObject({ provider_trouble: null });
  });

  it('of a whole connection is named once, whatever the number of its campaigns, and no campaign tells of it', async () => {
    const { pool } = database;
    const trouble = { reason: 'throttled', since: NOW, times: 3, ofConnection: true };
    const campaigns = [await running(), await running()];
    const verdict = { kind: 'fails' as const, reason: 'throttled', retryAfterMs: 60_000 };
    await recordVerdict(pool, 'truedy', { callId: 'a', opening: 0, verdict }, NOW);
    for (const { record } of campaigns) expect(await record(trouble)).toEqual([]);
    expect(await campaigns[0]!.read()).toMatchObject({
      waiting_for: 'provider',
      provider_trouble: { times: 3, scope: 'connection' },
    });
    expect(wordsOf(await campaigns[0]!.read())).toContain('throttled on the whole connection, 3 times since');
    expect(sharedTroubles(await Promise.all(campaigns.map(({ read }) => read())))).toMatchObject([
      { campaigns: 2, of_connection: true },
    ]);
    const since = new Date(NOW).toISOString();
    expect(await doctor()).toMatchObject({
      state: 'trouble',
      found: `truedy: throttled on the whole connection since ${since}, 1 time; 2 campaigns held`,
    });
    for (const { record } of campaigns) expect(await record(null)).toEqual([]);
    expect(await doctor()).toMatchObject({ state: 'well' });
  });

  it('is told once although the exchange that begins it is repeated', async () => {
    const { record } = await running();
    expect(await record(BLOCKED, 1)).toHaveLength(1);
    expect(await record(BLOCKED, 1)).toEqual([]);
  });

  it('is over with the campaign, and with its workflow', async () => {
    const { pool } = database;
    const [ended, interrupted] = [await running(), await running()];
    for (const { record } of [ended, interrupted]) await record(BLOCKED);
    await recordEnd(pool, { campaignId: ended.id, runId: 'the run', epoch: 1 }, 'cancelled');
    const as = { id: interrupted.id, ownerRunId: 'the run', startedAt: null };
    expect(await markInterrupted(pool, as, { reason: 'terminated', code: null })).toEqual([]);
    for (const { read } of [ended, interrupted]) expect(await read()).toMatchObject({ provider_trouble: null });
  });

  it('of several campaigns is reported together, from the database and from the gateway', async () => {
    const campaigns = [await running(), await running(), await running()];
    const [first, second, third] = campaigns;
    await first!.record({ ...BLOCKED, since: NOW - 5_000, times: 4 });
    await second!.record(BLOCKED);
    await third!.record({ ...BLOCKED, reason: 'throttled' });
    const expected = [
      {
        connection: 'truedy',
        reason: 'blocked:http_402',
        since: '2026-03-18T11:59:55.000Z',
        times: 4,
        campaigns: 2,
        of_connection: false,
      },
      {
        connection: 'truedy',
        reason: 'throttled',
        since: '2026-03-18T12:00:00.000Z',
        times: 1,
        campaigns: 1,
        of_connection: false,
      },
    ];
    // Those of the other examples have none, or have had the last exchange.
    const mine = await Promise.all(campaigns.map(({ read }) => read()));
    expect(sharedTroubles(mine.toReversed())).toEqual(expected);
    for (const { record } of campaigns) await record(null);
  });
});
