/** Limits of calls to one number, over all campaigns of an account, at the dial. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptRoster } from '../../db/adoption.ts';
import type { Dial, DialPermit } from '../../db/dial.ts';
import { recordAnswer } from '../../db/dial-answers.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { deleteEndedCampaign } from '../../db/campaigns.ts';
import { explainContact } from '../../db/contact-explanation.ts';
import { forgetPlacements } from '../../db/number-placements.ts';
import { inTransaction, openPool, type Pool } from '../../db/pool.ts';
import { CreateCampaign } from '../../domain/api/campaign-request.ts';
import type { PlaceResult } from '../../domain/dialling/provider-messages.ts';
import { policiesNamed } from '../../domain/windows/policies/built-in.ts';
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
async function campaignTo(
  number: string,
  contacts: number,
  account = 'an account',
  terms: object = {},
): Promise<Dial[]> {
  const { pool } = database;
  const request = CreateCampaign.parse({
    name: nextId('Reminders'),
    agent_id: 'agent-1',
    contacts: Array.from({ length: contacts }, (_, index) => ({ phone_number: number, extension: String(index + 1) })),
    ...terms,
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
  it('is called no more often because campaigns are deleted, and is forgotten when no limit counts the calls', async () => {
    const { pool } = database;
    const now = Date.now();
    const dials = await campaignTo('+14155550140', 11, 'deletes');
    for (const dial of dials.slice(0, 10)) {
      await place(dial, now);
      await settle(dial, 'no_answer', now);
    }
    await pool.query("update campaigns set status = 'completed' where id = $1", [dials[0]!.campaignId]);
    expect(await deleteEndedCampaign(pool, 'deletes', dials[0]!.campaignId, () => 0)).toBe('deleted');
    const [again] = await campaignTo('+14155550140', 1, 'deletes');
    const until = now + 1_000 + 24 * HOUR;
    expect(await permit(again!, now + HOUR)).toEqual(postponedUntil(until, now + HOUR));
    expect(await permit({ ...again!, placement: 2 }, until)).toMatchObject({ kind: 'send' });
    expect(await forgetPlacements(pool, 100)).toBe(0);
    await pool.query("update deleted_placements set kept_until = kept_until - interval '400 days'");
    expect(await forgetPlacements(pool, 100)).toBe(10);
  });

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

describe('policies of a campaign', () => {
  const policy = { policy: ['us-fl', 'us-reg-f'] };

  it('limit the calls to a number besides the account, where the person is', async () => {
    const florida = await campaignTo('+13055550105', 4, 'florida', policy);
    for (const dial of florida.slice(0, 3)) expect(await inVain(dial)).toBe('send');
    const until = NOW + 1_000 + 24 * HOUR;
    expect(await permit(florida[3]!, NOW + HOUR)).toEqual(postponedUntil(until, NOW + HOUR));
    const elsewhere = await campaignTo('+12125550105', 4, 'florida', policy);
    for (const dial of elsewhere) expect(await inVain(dial)).toBe('send');
  });

  it('stand on the dial record with their versions, and in the explanation with the limit', async () => {
    const dials = await campaignTo('+13055550106', 4, 'recorded', policy);
    for (const dial of dials.slice(0, 3)) await inVain(dial);
    const { rows } = await database.pool.query('select policies from calls where id = $1', [dials[0]!.callId]);
    const versions = policiesNamed(policy.policy).map(({ name, version }) => ({ name, version }));
    expect(rows).toEqual([{ policies: versions }]);
    const { rows: contacts } = await database.pool.query<{ contact_id: string }>(
      'select contact_id from campaign_contacts where campaign_id = $1 and seq = 4',
      [dials[0]!.campaignId],
    );
    const ids = { campaignId: dials[0]!.campaignId, contactId: contacts[0]!.contact_id };
    const explained = await explainContact(database.pool, 'recorded', ids, { now: NOW + HOUR, allowedBy: () => null });
    expect(explained).toMatchObject({ number_limit: '3 in 24 hours (us-fl)', policies: versions });
  });

  it('allow no call for their time after a conversation, nor while one may be going on', async () => {
    const [first, second] = await campaignTo('+12125550107', 2, 'talks', policy);
    await place(first!, NOW);
    const soon = NOW + HOUR;
    expect(await permit(second!, soon)).toEqual(postponedUntil(soon + 60_000, soon));
    await settle(first!, 'completed', soon);
    const until = soon + 7 * 24 * HOUR;
    expect(await permit({ ...second!, placement: 2 }, soon + HOUR)).toEqual(postponedUntil(until, soon + HOUR));
    expect(await permit({ ...second!, placement: 3 }, until)).toMatchObject({ kind: 'send' });
  });

  it('hold no longer than to its deadline for a call that nobody follows any more', async () => {
    const { pool } = database;
    const [left] = await campaignTo('+12125550142', 1, 'left', policy);
    await place(left!, NOW);
    const [dial] = await campaignTo('+12125550142', 1, 'left', policy);
    const afterDeadline = NOW + left!.lostAfterMs;
    expect(await permit(dial!, afterDeadline)).toEqual(postponedUntil(afterDeadline + 60_000, afterDeadline));
    await pool.query("update campaigns set status = 'interrupted', owner_run_id = null where id = $1", [
      left!.campaignId,
    ]);
    expect(await permit({ ...dial!, placement: 2 }, afterDeadline - 1)).toMatchObject({ kind: 'postponed' });
    expect(await permit({ ...dial!, placement: 3 }, afterDeadline)).toMatchObject({ kind: 'send' });
  });

  it('count conversations of deleted campaigns', async () => {
    const { pool } = database;
    const now = Date.now();
    const [dial] = await campaignTo('+12125550141', 1, 'talks', policy);
    await place(dial!, now);
    await settle(dial!, 'completed', now + HOUR);
    await pool.query("update campaigns set status = 'completed' where id = $1", [dial!.campaignId]);
    await deleteEndedCampaign(pool, 'talks', dial!.campaignId, () => 0);
    const [again] = await campaignTo('+12125550141', 1, 'talks', policy);
    const until = now + HOUR + 7 * 24 * HOUR;
    expect(await permit(again!, now + 2 * HOUR)).toEqual(postponedUntil(until, now + 2 * HOUR));
  });

  it('are refused by name where nobody knows them', async () => {
    await expect(campaignTo('+12125550108', 1, 'talks', { policy: ['us-tpca'] })).rejects.toMatchObject({
      code: 'validation_error',
      field: 'policy',
      message: expect.stringMatching(/^policy must be one of us-tcpa, us-fl, /) as string,
    });
  });
});

/** Calls a contact who does not answer. */
async function inVain(dial: Dial): Promise<DialPermit['kind']> {
  const { kind } = await place(dial, NOW);
  await settle(dial, 'no_answer');
  return kind;
}

/** Records how a call ended, as an exchange does. */
async function settle({ callId }: Dial, outcome: string, endedAt = NOW + HOUR): Promise<void> {
  await database.pool.query(
    'update calls set outcome = $2, ended_at = to_timestamp($3 / 1000.0), settled_at = now() where id = $1',
    [callId, outcome, endedAt],
  );
}

async function setLimits(account: string, perNumber: readonly object[]): Promise<void> {
  await database.pool.query('insert into accounts (name, per_number) values ($1, $2)', [
    account,
    JSON.stringify(perNumber),
  ]);
}
