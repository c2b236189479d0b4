import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import type { Dial, DialPermit, SendPermit } from '../../db/dial.ts';
import { recordAcceptance, recordAnswer } from '../../db/dial-answers.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { withdrawPlacements } from '../../db/dial-records.ts';
import { findCalls } from '../../db/known-calls.ts';
import { recordEnd } from '../../db/workflow-records.ts';
import { inTransaction, type Queryable } from '../../db/pool.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import type { PlaceResult } from '../../domain/dialling/provider-messages.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { dialOf } from '../support/factories/dials.ts';
import { nextId } from '../support/factories/ids.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const clock = () => Promise.resolve(NOW);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A call that may be placed. */
async function newDial(): Promise<Dial & { readonly now: number }> {
  const { pool } = database;
  const request = CreateCampaign.parse({
    name: nextId('Reminders'),
    agent_id: 'agent-1',
    contacts: [{ phone_number: '+14155550100' }],
  });
  const { id } = await createCampaign({ pool, now: NOW, connections: TRUEDY_ALONE }, 'default', request);
  await inTransaction(pool, (tx) => adoptRoster(tx, { campaignId: id, runId: 'the run', number: 1 }, NOW));
  return { ...dialOf({ campaignId: id, seq: 1, attempt: 1 }), now: NOW };
}

async function permit(dial: Dial): Promise<SendPermit> {
  const given = await permitDial(database.pool, dial, freeze, clock);
  if (given.kind !== 'send') throw new Error(`the dial was not permitted: ${given.kind}`);
  return given;
}

const freeze = () => 'a request';

/** Resolves when a statement waits for a lock. */
async function somebodyWaits(): Promise<void> {
  await vi.waitFor(async () => {
    const { rowCount } = await database.pool.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(rowCount).toBe(1);
  });
}

/** Asks for the permit while `other` has written and not committed, which is waited for. */
async function permitWhile(dial: Dial, other: (tx: Queryable) => Promise<unknown>): Promise<DialPermit> {
  const { pool } = database;
  const asked = await inTransaction(pool, async (tx) => {
    await other(tx);
    const permit = permitDial(pool, dial, () => 'other bytes', clock);
    await somebodyWaits();
    return { permit };
  });
  return asked.permit;
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
    expect(await permit({ ...dial, placement: 2 })).toMatchObject({ sentBefore: null });
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

it('a repeat that was frozen sends nothing after a look-up of its placement; a later one may', async () => {
  const dial = await newDial();
  const repeat = { ...dial, placement: 2 };
  await recordAnswer(database.pool, dial, { kind: 'unknown', reason: 'timeout' }, await permit(dial));
  expect(await withdrawPlacements(database.pool, dial, [repeat])).toEqual(new Set());
  expect(await known(dial)).toMatchObject({ sent: true, firstSentAt: NOW });
  expect(await permitDial(database.pool, repeat, freeze, clock)).toEqual({ kind: 'unresolved' });
  expect(await permit({ ...dial, placement: 3 })).toMatchObject({ sentBefore: NOW, tryNumber: 2 });
});

describe('a try whose record another one is writing to at that moment', () => {
  it('sends the bytes of the first, and knows that it may have sent them', async () => {
    const dial = await newDial();
    const permit = await permitWhile(dial, (tx) =>
      tx.query(
        `insert into calls (id, campaign_id, seq, attempt, connection, made_for, request, day, first_sent_at, tries)
         values ($1, $2, 1, 1, 'truedy', 'truedy', 'a request', '2026-03-18', to_timestamp($3 / 1000.0), 1)`,
        [dial.callId, dial.campaignId, dial.now],
      ),
    );
    expect(permit).toMatchObject({
      kind: 'send',
      request: 'a request',
      permittedAt: NOW,
      sentBefore: NOW,
      tryNumber: 2,
    });
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

describe('a placement that is concluded as not placed', () => {
  const withdraw = (dial: Dial) => withdrawPlacements(database.pool, dial, [dial]);

  it('sends nothing any more, and neither does one before it; the next one may', async () => {
    const dial = await newDial();
    expect(await withdraw({ ...dial, placement: 2 })).toEqual(new Set([dial.callId]));
    for (const placement of [1, 2]) {
      expect(await permitDial(database.pool, { ...dial, placement }, freeze, clock)).toEqual({ kind: 'withdrawn' });
    }
    expect(await known(dial)).toMatchObject({ sent: false });
    expect(await permit({ ...dial, placement: 3 })).toMatchObject({ sentBefore: null, request: 'a request' });
  });

  it('is not, where a request may have left', async () => {
    const dial = await newDial();
    await permit(dial);
    expect(await withdraw(dial)).toEqual(new Set());
    expect(await known(dial)).toMatchObject({ sent: true });
  });

  it('is not, where the provider has accepted or refused it', async () => {
    const accepted = await newDial();
    await recordAnswer(
      database.pool,
      accepted,
      { kind: 'accepted', providerCallId: nextId('call') },
      await permit(accepted),
    );
    const refused = await newDial();
    await recordAnswer(database.pool, refused, { kind: 'rejected', reason: 'invalid_number' }, await permit(refused));
    expect(await withdraw(accepted)).toEqual(new Set());
    expect(await withdraw(refused)).toEqual(new Set());
  });

  it('is not undone by an earlier conclusion that is recorded later', async () => {
    const dial = await newDial();
    await withdraw({ ...dial, placement: 5 });
    await withdraw({ ...dial, placement: 3 });
    expect(await permitDial(database.pool, { ...dial, placement: 4 }, freeze, clock)).toEqual({ kind: 'withdrawn' });
  });

  it('counts for its epoch: a run that adopts begins with small numbers again', async () => {
    const dial = await newDial();
    await withdraw({ ...dial, placement: 900 });
    const { pool } = database;
    await inTransaction(pool, (tx) => adoptRoster(tx, { ...dial, number: 2 }, NOW));
    expect(await permit({ ...dial, epoch: 2, placement: 1 })).toMatchObject({ kind: 'send' });
  });

  it.each(NOTHING_SENT)(
    'also by a try that sent nothing: one that was frozen wakes too late ($kind)',
    async (answer) => {
      const dial = await newDial();
      await recordAnswer(database.pool, dial, answer, await permit(dial));
      expect(await permitDial(database.pool, dial, freeze, clock)).toEqual({ kind: 'withdrawn' });
    },
  );

  it('waits for a dial that is being permitted at that moment, and sees it', async () => {
    const dial = await newDial();
    const { pool } = database;
    const conclusion = await inTransaction(pool, async (tx) => {
      await tx.query(
        `insert into calls (id, campaign_id, seq, attempt, connection, made_for, request, day, first_sent_at, tries)
         values ($1, $2, 1, 1, 'truedy', 'truedy', 'a request', '2026-03-18', now(), 1)`,
        [dial.callId, dial.campaignId],
      );
      const withdrawn = withdraw(dial);
      await somebodyWaits();
      return { withdrawn };
    });
    expect(await conclusion.withdrawn).toEqual(new Set());
  });

  it('is seen by a dial that is being permitted at that moment', async () => {
    const dial = await newDial();
    expect(await permitWhile(dial, (tx) => withdrawPlacements(tx, dial, [dial]))).toEqual({ kind: 'withdrawn' });
  });
});

describe('a dial sends nothing', () => {
  const CASES: readonly [string, string, (dial: Dial) => Promise<Partial<Dial>>][] = [
    ['by the database’s clock at the last instant', 'expired', async () => ({ notAfter: NOW })],
    ['by the database’s clock before the first instant', 'delayed', async () => ({ notBefore: NOW + 1 })],
    ['when its contact is done', 'removed', (dial) => contact(dial, "bucket = 'failed', reason = 'busy'")],
    ['when its contact is at another attempt', 'removed', (dial) => contact(dial, "bucket = 'retrying', attempt = 2")],
    ['when its campaign is ending', 'removed', (dial) => campaign(dial, "ending = 'cancelled'")],
    ['when its campaign is over', 'superseded', (dial) => end(dial)],
    ['for a run that is of an earlier epoch', 'superseded', async () => ({ epoch: 0 })],
  ];
  const contact = async ({ campaignId }: Dial, set: string) => {
    await database.pool.query(`update campaign_contacts set ${set} where campaign_id = $1`, [campaignId]);
    return {};
  };
  const campaign = async ({ campaignId }: Dial, set: string) => {
    await database.pool.query(`update campaigns set ${set} where id = $1`, [campaignId]);
    return {};
  };
  const end = async (dial: Dial) => {
    expect(await recordEnd(database.pool, dial, 'cancelled')).toBe('recorded');
    return {};
  };

  it.each(CASES)('%s: %s', async (_when, kind, arrange) => {
    const dial = await newDial();
    const changes = await arrange(dial);
    expect(await permitDial(database.pool, { ...dial, ...changes }, freeze, clock)).toEqual({ kind });
    expect((await known(dial))?.sent ?? false).toBe(false);
  });

  it('on a repeat either, and does not say that nothing was placed', async () => {
    const dial = await newDial();
    await permit(dial);
    const late = { ...dial, placement: 2, notAfter: NOW };
    expect(await permitDial(database.pool, late, freeze, clock)).toEqual({ kind: 'unresolved' });
    expect(await known(dial)).toMatchObject({ sent: true });
  });
});
