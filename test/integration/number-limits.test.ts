/** Limits of calls to one number, over all campaigns of an account, at the dial. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import { type Dial, type DialPermit, permitDial, recordAnswer } from '../../db/calls.ts';
import { inTransaction, openPool, type Pool } from '../../db/pool.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import type { PlaceResult } from '../../domain/dialling/provider-messages.ts';
import { createCampaign } from '../../gateway/routes/create-campaign.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';
import { dialOf } from '../support/factories/dials.ts';
import { nextId } from '../support/factories/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 2, 18, 12);
/** A placement without an answer counts this much later: the provider may have got its request until then. */
const REACHES_WITHIN_MS = 23_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Dials of a campaign that calls one number under so many extensions. */
async function campaignTo(number: string, contacts: number, account = 'an account'): Promise<Dial[]> {
  const { pool } = database;
  const request = CreateCampaign.parse({
    name: nextId('Reminders'),
    agent_id: 'agent-1',
    contacts: Array.from({ length: contacts }, (_, index) => ({ phone_number: number, extension: String(index + 1) })),
  });
  const { id } = await createCampaign({ pool, now: NOW, connections: TRUEDY_ALONE }, account, request);
  await inTransaction(pool, (tx) => adoptRoster(tx, { campaignId: id, runId: 'the run', number: 1 }, NOW));
  return Array.from({ length: contacts }, (_, index) => dialOf({ campaignId: id, seq: index + 1, attempt: 1 }));
}

const permit = (dial: Dial, now: number, pool: Pool = database.pool): Promise<DialPermit> =>
  permitDial(
    pool,
    dial,
    () => '{}',
    () => Promise.resolve(now),
  );

/** Dials, and the provider answers a second later. */
async function place(dial: Dial, now: number, answer?: PlaceResult, pool = database.pool): Promise<DialPermit> {
  const given = await permit(dial, now, pool);
  if (given.kind !== 'send') return given;
  const answered = answer ?? { kind: 'accepted', providerCallId: nextId('call') };
  await recordAnswer(pool, { ...dial, now: now + 1_000 }, answered, given);
  return given;
}

const postponedUntil = (until: number, now: number) => ({
  kind: 'postponed',
  until,
  afterMs: until - now,
  waitsFor: 'number',
});

describe('a number', () => {
  it('is called ten times in a day by 320 contacts of twenty campaigns that are dialled at once', async () => {
    const dials = await Promise.all(Array.from({ length: 20 }, () => campaignTo('+14155550100', 16)));
    const waiting = dials.flat();
    const permits: DialPermit[] = [];
    const pools = Array.from({ length: 4 }, () => openPool(database.url, { max: 4 }));
    const lines = pools.flatMap((pool) => Array.from({ length: 4 }, () => pool));
    await Promise.all(
      lines.map(async (pool) => {
        for (let dial = waiting.pop(); dial; dial = waiting.pop())
          permits.push(await place(dial, NOW, undefined, pool));
      }),
    );
    await Promise.all(pools.map((pool) => pool.end()));
    expect(permits.filter(({ kind }) => kind === 'send')).toHaveLength(10);
    expect(permits.filter(({ kind }) => kind === 'postponed')).toHaveLength(310);
  });

  it('may be called again at the exact instant at which the oldest call is a day old', async () => {
    const dials = await campaignTo('+14155550101', 13);
    for (const [index, dial] of dials.slice(0, 10).entries()) await place(dial, NOW + index * HOUR);
    const until = NOW + 1_000 + 24 * HOUR;
    const last = NOW + 9 * HOUR + 1_000;
    expect(await permit(dials[10]!, last)).toEqual(postponedUntil(until, last));
    expect(await permit({ ...dials[10]!, placement: 2 }, until - 1)).toEqual(postponedUntil(until, until - 1));
    expect(await permit({ ...dials[10]!, placement: 3 }, until)).toMatchObject({ kind: 'send' });
    // One call has left and one has come.
    expect(await permit(dials[11]!, until)).toEqual(postponedUntil(until + HOUR, until));
  });

  it('gets the unit of a definite refusal back, and not that of an unknown outcome', async () => {
    await setLimits('refusals', [{ max: 2, hours: 24 }]);
    const [refused, unsent, unknown, next, last] = await campaignTo('+14155550102', 5, 'refusals');
    await place(refused!, NOW, { kind: 'rejected', reason: 'invalid_number' });
    await place(unsent!, NOW, { kind: 'throttled', retryAfterMs: null });
    await place(unknown!, NOW, { kind: 'unknown', reason: 'timeout' });
    await place(next!, NOW + HOUR);
    const until = NOW + 24 * HOUR;
    expect(await permit(last!, NOW + HOUR)).toEqual(postponedUntil(until, NOW + HOUR));
    // No answer has come, so the request may have reached the provider late.
    const late = postponedUntil(until + REACHES_WITHIN_MS, until);
    expect(await permit({ ...last!, placement: 2 }, until)).toEqual(late);
  });

  it('is not called twice by a call that is repeated under its own key', async () => {
    await setLimits('repeats', [{ max: 1, hours: 24 }]);
    const [unknown, other] = await campaignTo('+14155550103', 2, 'repeats');
    await place(unknown!, NOW, { kind: 'unknown', reason: 'timeout' });
    expect(await permit({ ...unknown!, placement: 2 }, NOW + HOUR)).toMatchObject({ kind: 'send', sentBefore: NOW });
    // The repeat may be the try that the provider took.
    const until = NOW + HOUR + 24 * HOUR;
    expect(await permit(other!, NOW + 2 * HOUR)).toEqual(postponedUntil(until, NOW + 2 * HOUR));
  });

  it('has a limit in each account, and none in that of another', async () => {
    await setLimits('once', [{ max: 1, hours: 24 }]);
    const [first, second] = await campaignTo('+14155550104', 2, 'once');
    const [another] = await campaignTo('+14155550104', 1, 'another');
    await place(first!, NOW);
    expect(await permit(another!, NOW)).toMatchObject({ kind: 'send' });
    expect(await permit(second!, NOW)).toMatchObject({ kind: 'postponed' });
  });
});

async function setLimits(account: string, perNumber: readonly object[]): Promise<void> {
  await database.pool.query('insert into accounts (name, per_number) values ($1, $2)', [
    account,
    JSON.stringify(perNumber),
  ]);
}
