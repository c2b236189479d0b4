/** Contacts of a roster with a due time: claimed from then on, before those without one, whatever run asks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { inTransaction } from '../../db/pool.ts';
import { enrol } from '../../db/enrolment.ts';
import { exchange } from '../../db/roster.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import type { ExchangeRequest } from '../../domain/engine/roster.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';
import { exchangeRequest } from '../support/factories/exchange-request.ts';
import { nextId } from '../support/factories/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const MINUTE = 60_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function adopted(campaignId: string, runId: string) {
  return inTransaction(database.pool, async (tx) => {
    await enrol(tx, campaignId);
    return adoptRoster(tx, { campaignId, runId, number: 1 }, NOW);
  });
}

/** A campaign of four contacts, all claimed. The second waits for its number, for five minutes. */
async function withOneThatWaits() {
  const contacts = [0, 1, 2, 3].map((index) => ({ phone_number: `+1415555010${index}` }));
  const terms = CreateCampaign.parse({ name: nextId('Reminders'), agent_id: 'agent-1', contacts });
  const { id } = await createCampaign({ pool: database.pool, now: NOW, connections: TRUEDY_ALONE }, 'default', terms);
  await adopted(id, 'the run');
  const step = async (exchangeNumber: number, changes: Partial<ExchangeRequest>, runId = 'the run') => {
    const request = exchangeRequest({ campaignId: id, now: NOW, exchangeNumber, ...changes });
    const reply = await exchange(database.pool, request, runId);
    if (reply.kind === 'superseded') throw new Error('another run owns the records');
    return reply;
  };
  await step(1, { want: 2 });
  const released = [{ seq: 2, attempt: 1, until: NOW + 5 * MINUTE, waitsFor: 'number' as const }];
  return { id, step, returnOne: (changes: Partial<ExchangeRequest> = {}) => step(2, { released, ...changes }) };
}

describe('a contact that is returned until a due time', () => {
  it('waits in its bucket, and the answer says when it is due and what for', async () => {
    const { returnOne } = await withOneThatWaits();
    expect(await returnOne()).toMatchObject({
      buckets: { pending: 4, retrying: 0 },
      groups: [{ group: 0, more: true, dueAt: NOW + 5 * MINUTE, dueFor: 'number' }],
    });
  });

  it('is not claimed before that time, and then before those that have none', async () => {
    const { step, returnOne } = await withOneThatWaits();
    await returnOne();
    const before = await step(3, { now: NOW + 5 * MINUTE - 1, want: 1 });
    expect(before.claimed).toEqual([{ seq: 3, attempt: 1 }]);
    const due = await step(4, { now: NOW + 5 * MINUTE, want: 2 });
    expect(due.claimed).toEqual([
      { seq: 2, attempt: 1, isDue: true },
      { seq: 4, attempt: 1 },
    ]);
    expect(due.groups).toEqual([]);
    expect((await step(4, { now: NOW + 5 * MINUTE, want: 2 })).claimed).toEqual(due.claimed);
  });

  it('is claimed also where no other contact is wanted, and brings none along', async () => {
    const { step, returnOne } = await withOneThatWaits();
    await returnOne();
    expect((await step(3, { now: NOW + 5 * MINUTE - 1, want: 0, wantDue: 2 })).claimed).toEqual([]);
    const due = await step(4, { now: NOW + 5 * MINUTE, want: 0, wantDue: 2 });
    expect(due.claimed).toEqual([{ seq: 2, attempt: 1, isDue: true }]);
    expect(due.groups).toMatchObject([{ more: true, dueAt: null }]);
    const others = await step(5, { now: NOW + 5 * MINUTE, want: 1, wantDue: 2 });
    expect(others.claimed).toEqual([{ seq: 3, attempt: 1 }]);
  });

  it('stays returned when the exchange is repeated', async () => {
    const { returnOne } = await withOneThatWaits();
    const claiming = { now: NOW + 5 * MINUTE, want: 1 };
    const first = await returnOne(claiming);
    expect(first.claimed).toEqual([{ seq: 2, attempt: 1, isDue: true }]);
    expect(await returnOne(claiming)).toEqual(first);
  });

  it('keeps its time when another run adopts the records, and the others their turn', async () => {
    const { id, step, returnOne } = await withOneThatWaits();
    await returnOne();
    expect(await adopted(id, 'another run')).toMatchObject({
      groups: [{ more: true, dueAt: NOW + 5 * MINUTE }],
    });
    const { claimed } = await step(3, { epoch: 2, want: 4 }, 'another run');
    expect(claimed.map(({ seq }) => seq)).toEqual([1, 3, 4]);
  });
});
