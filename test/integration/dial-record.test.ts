import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import {
  type Dial,
  type DialPermit,
  findCalls,
  permitDial,
  recordAcceptance,
  recordAnswer,
  type SendPermit,
} from '../../db/calls.ts';
import { inTransaction, type Queryable } from '../../db/pool.ts';
import { CreateCampaign } from '../../domain/campaign-request.ts';
import { callId } from '../../domain/ids.ts';
import type { PlaceResult } from '../../domain/provider-messages.ts';
import { createCampaign } from '../../gateway/create-campaign.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { nextId } from '../support/ids.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const RUN = 'the run';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A call that may be placed. */
async function newDial(): Promise<Dial> {
  const { pool } = database;
  const request = CreateCampaign.parse({
    name: nextId('Reminders'),
    agent_id: 'agent-1',
    contacts: [{ phone_number: '+14155550100' }],
  });
  const { answer } = await createCampaign({ pool, now: NOW }, 'default', request, null);
  await inTransaction(pool, (tx) => adoptRoster(tx, answer.id, RUN, NOW));
  const address = { campaignId: answer.id, seq: 1, attempt: 1 };
  return { ...address, callId: callId(address), day: '2026-03-18', provider: 'truedy', runId: RUN, now: NOW };
}

async function permit(dial: Dial): Promise<SendPermit> {
  const given = await permitDial(database.pool, dial, () => 'a request');
  if (given.kind !== 'send') throw new Error(`the dial was not permitted: ${given.kind}`);
  return given;
}

const known = async ({ callId }: Dial) => (await findCalls(database.pool, [callId])).get(callId);

const NOTHING_SENT: PlaceResult[] = [
  { kind: 'expired' },
  { kind: 'unavailable', reason: 'refused_connection' },
  { kind: 'throttled', retryAfterMs: null },
  { kind: 'blocked', reason: 'http_401' },
];

describe('a try that sent nothing', () => {
  it.each(NOTHING_SENT)('and is the only one leaves nothing that may have been placed ($kind)', async (answer) => {
    const dial = await newDial();
    await recordAnswer(database.pool, dial, answer, await permit(dial));
    expect(await known(dial)).toMatchObject({ sent: false });
    expect(await permit(dial)).toMatchObject({ sentBefore: null });
  });

  it.each(NOTHING_SENT)('and says so late leaves a later try as it was ($kind)', async (answer) => {
    const dial = await newDial();
    const frozen = await permit(dial);
    const later = await permit(dial);
    expect(later.sentBefore).toBe(NOW);
    await recordAnswer(database.pool, dial, { kind: 'unknown', reason: 'timeout' }, later);
    await recordAnswer(database.pool, dial, answer, frozen);
    expect(await known(dial)).toMatchObject({ sent: true, firstSentAt: NOW });
  });

  it('and says so late does not undo an acceptance', async () => {
    const dial = await newDial();
    const frozen = await permit(dial);
    await recordAnswer(database.pool, dial, { kind: 'accepted', providerCallId: nextId('call') }, await permit(dial));
    await recordAnswer(database.pool, dial, { kind: 'expired' }, frozen);
    expect(await known(dial)).toMatchObject({ sent: true });
  });
});

it('a refusal of a later try says nothing about the first', async () => {
  const dial = await newDial();
  await permit(dial);
  await recordAnswer(database.pool, dial, { kind: 'rejected', reason: 'invalid_number' }, await permit(dial));
  expect(await known(dial)).toMatchObject({ sent: true, refusal: null });
});

it('a refusal that comes after an acceptance is not believed', async () => {
  const dial = await newDial();
  const first = await permit(dial);
  await recordAnswer(database.pool, dial, { kind: 'accepted', providerCallId: nextId('call') }, await permit(dial));
  await recordAnswer(database.pool, dial, { kind: 'rejected', reason: 'invalid_number' }, first);
  expect(await known(dial)).toMatchObject({ sent: true, refusal: null });
});

describe('a try whose record another one is writing to at that moment', () => {
  /** Asks for the permit while `other` has written and not committed, which is waited for. */
  async function permitWhile(dial: Dial, other: (tx: Queryable) => Promise<unknown>): Promise<DialPermit> {
    const { pool } = database;
    const asked = await inTransaction(pool, async (tx) => {
      await other(tx);
      const permit = permitDial(pool, dial, () => 'other bytes');
      await vi.waitFor(async () => {
        const { rowCount } = await pool.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        expect(rowCount).toBe(1);
      });
      return { permit };
    });
    return asked.permit;
  }

  it('sends the bytes of the first, and knows that it may have sent them', async () => {
    const dial = await newDial();
    const permit = await permitWhile(dial, (tx) =>
      tx.query(
        `insert into calls (id, campaign_id, seq, attempt, provider, request, day, first_sent_at)
         values ($1, $2, 1, 1, 'truedy', 'a request', '2026-03-18', to_timestamp($3 / 1000.0))`,
        [dial.callId, dial.campaignId, dial.now],
      ),
    );
    expect(permit).toEqual({ kind: 'send', request: 'a request', sentBefore: NOW, tryNumber: 2 });
  });

  it('does not send what the provider has accepted', async () => {
    const dial = await newDial();
    await permit(dial);
    expect(await permitWhile(dial, (tx) => recordAcceptance(tx, dial, nextId('call')))).toEqual({
      kind: 'accepted',
      ended: null,
    });
  });

  it('does not send what the provider has refused', async () => {
    const dial = await newDial();
    await permit(dial);
    const refused = (tx: Queryable): Promise<unknown> =>
      tx.query("update calls set not_placed_reason = 'invalid_number' where id = $1", [dial.callId]);
    expect(await permitWhile(dial, refused)).toEqual({ kind: 'rejected', reason: 'invalid_number' });
  });
});
