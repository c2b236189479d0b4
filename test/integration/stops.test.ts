/** A stop against dials that are decided at the same moment, on a real database. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { untilNothingIsSent } from '../../cli/stop/acknowledge.ts';
import { startCalls } from '../../cli/stop/end-stop.ts';
import { placeUnlessStopped } from '../../cli/stop/place-unless-stopped.ts';
import { stopCalls } from '../../cli/stop/stop-calls.ts';
import type { Dial, SendPermit } from '../../db/dial.ts';
import { recordAnswer } from '../../db/dial-answers.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { beginStop, liveCalls, type StopScope } from '../../db/stops.ts';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { callId } from '../../domain/engine/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';
import { dialOf, recordCampaign } from '../support/factories/dials.ts';
import { nextId } from '../support/factories/ids.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const clock = () => Promise.resolve(NOW);
const freeze = () => 'a request';
const told = { reason: null, tell: () => Promise.resolve([]) };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.pool.query('delete from stops'));
afterAll(() => database.drop());

const ask = (dial: Dial, readClock = clock) => permitDial(database.pool, dial, freeze, readClock);
const stopAll = () => stopCalls(database.pool, 'all', told);

async function newDial(seq = 1): Promise<Dial> {
  const { id } = await recordCampaign(database.pool, seq, NOW);
  return dialOf({ campaignId: id, seq, attempt: 1 });
}

async function accept(dial: Dial, permit: SendPermit): Promise<void> {
  const answer = { kind: 'accepted', providerCallId: nextId('call') } as const;
  await recordAnswer(database.pool, { ...dial, now: NOW }, answer, permit);
}

it('nothing is permitted after the answer, and the answer names what was before', async () => {
  const { pool } = database;
  const campaigns = await Promise.all([1, 2, 3].map(() => recordCampaign(pool, 60, NOW)));
  const permitted = new Set<string>();
  const afterTheAnswer: string[] = [];
  let answered = false;
  const dialAll = async ({ id }: { readonly id: string }, from: number) => {
    for (let seq = from; seq <= 60; seq += 3) {
      const dial = dialOf({ campaignId: id, seq, attempt: 1 });
      const isAfter = answered;
      const permit = await ask(dial);
      if (permit.kind !== 'send') {
        expect(permit).toEqual({ kind: 'stopped' });
        continue;
      }
      permitted.add(dial.callId);
      if (isAfter || answered) afterTheAnswer.push(dial.callId);
      await sleep(2);
      await accept(dial, permit);
    }
  };
  const dialling = campaigns.flatMap((campaign) => [1, 2, 3].map((from) => dialAll(campaign, from)));
  await vi.waitFor(() => expect(permitted.size).toBeGreaterThan(20), { interval: 1 });
  const { stopped } = await stopAll();
  answered = true;
  await Promise.all(dialling);
  expect(stopped.acknowledged).toBe(true);
  expect(afterTheAnswer).toEqual([]);
  expect(permitted.size).toBeLessThan(180);
  const named = stopped.campaigns.flatMap(({ live, unknown }) => [...live, ...unknown]);
  expect(named.filter((id) => permitted.has(id)).sort()).toEqual([...permitted].sort());
});

it('waits for a dial that was decided before its commit', async () => {
  const dial = await newDial();
  let goOn = (_now: number) => {};
  const read = new Promise<number>((resolve) => (goOn = resolve));
  const permit = ask(dial, () => read);
  await vi.waitFor(async () => {
    const { rowCount } = await database.pool.query(
      // In this test's database: the server has those of others as well.
      `select from pg_locks join pg_database on pg_database.oid = database
        where locktype = 'advisory' and mode = 'ShareLock' and datname = current_database()`,
    );
    expect(rowCount).toBeGreaterThan(0);
  });
  let isAnswered = false;
  const stopping = stopAll().finally(() => (isAnswered = true));
  await vi.waitFor(async () => expect((await database.pool.query('select from stops')).rowCount).toBe(1));
  // To another number: two dials to one wait for each other.
  expect(await ask(await newDial(2))).toEqual({ kind: 'stopped' });
  expect(isAnswered).toBe(false);
  goOn(NOW);
  const given = await permit;
  expect(given.kind).toBe('send');
  await accept(dial, given as SendPermit);
  const { stopped } = await stopping;
  expect(stopped.campaigns.find(({ id }) => id === dial.campaignId)?.live).toEqual([dial.callId]);
});

it('is not acknowledged if somebody ends it meanwhile', async () => {
  const dial = await newDial();
  const permit = (await ask(dial)) as SendPermit;
  const stopping = stopAll();
  await vi.waitFor(() => expect(startCalls(database.pool, 'all', told)).resolves.toBeDefined());
  await accept(dial, permit);
  await expect(stopping).rejects.toMatchObject({ code: 'conflict', field: '--all' });
});

it('waits for a test call that read the stops before its commit, and later ones are refused', async () => {
  const env = { DATABASE_URL: database.url };
  const connection = { name: 'truedy', accounts: ['default'] };
  let accept = (_answer: string) => {};
  const answer = new Promise<string>((resolve) => (accept = resolve));
  const place = vi.fn((_sendBefore: number) => answer);
  const placing = placeUnlessStopped(env, connection, place);
  await vi.waitFor(() => expect(place).toHaveBeenCalledOnce());
  expect(place.mock.calls[0]![0]).toBeLessThanOrEqual(Date.now() + DIAL.sendWithinMs);

  let isAnswered = false;
  const stopping = stopCalls(database.pool, 'account:default', told).finally(() => (isAnswered = true));
  await vi.waitFor(async () => expect((await database.pool.query('select from stops')).rowCount).toBe(1));
  await expect(placeUnlessStopped(env, connection, place)).rejects.toMatchObject({ code: 'conflict' });
  expect(isAnswered).toBe(false);
  accept('accepted');
  expect(await placing).toBe('accepted');
  expect((await stopping).stopped.acknowledged).toBe(true);
  expect(place).toHaveBeenCalledOnce();
});

it('waits for a permitted dial as long as it may send, and then names it', async () => {
  const { pool } = database;
  const dial = await newDial();
  expect((await ask(dial)).kind).toBe('send');
  await beginStop(pool, { scope: 'all', stopped_by: 'test', reason: null });
  let elapsed = 0;
  const waited: number[] = [];
  const virtual = {
    elapsed: () => elapsed,
    sleep: async (ms: number) => {
      waited.push(ms);
      elapsed += ms * 10;
    },
  };
  expect(await untilNothingIsSent(pool, 'all', virtual)).toBe(true);
  expect(elapsed).toBeGreaterThanOrEqual(DIAL.sendWithinMs);
  expect((await liveCalls(pool, 'all')).filter(({ campaignId }) => campaignId === dial.campaignId)).toEqual([
    { callId: dial.callId, campaignId: dial.campaignId, connection: 'truedy', providerCallId: null },
  ]);
});

it('answers at once when every permitted dial is answered', async () => {
  const { pool } = database;
  await pool.query('delete from campaigns');
  const dial = await newDial();
  await accept(dial, (await ask(dial)) as SendPermit);
  await beginStop(pool, { scope: 'all', stopped_by: 'test', reason: null });
  const elapsed = () => performance.now();
  const never = () => Promise.reject(new Error('there is nothing to wait for'));
  expect(await untilNothingIsSent(pool, 'all', { elapsed, sleep: never })).toBe(true);
});

it('a dial that a stop refuses leaves its contact as it was, and a later one may send', async () => {
  const dial = await newDial();
  await stopAll();
  expect(await ask(dial)).toEqual({ kind: 'stopped' });
  await startCalls(database.pool, 'all', told);
  expect(await ask({ ...dial, placement: 2 })).toMatchObject({ kind: 'send', sentBefore: null });
});

describe('a stop covers', () => {
  it.each<[StopScope, StopScope, 'send' | 'stopped']>([
    ['account:default', 'account:default', 'stopped'],
    ['connection:truedy', 'connection:truedy', 'stopped'],
    ['account:other', 'account:other', 'send'],
    ['connection:other', 'connection:other', 'send'],
    // One of the two ends, and the other holds.
    ['all', 'account:default', 'stopped'],
  ])('%s', async (scope, other, kind) => {
    const { pool } = database;
    for (const each of [scope, other]) await beginStop(pool, { scope: each, stopped_by: 'test', reason: null });
    if (scope !== other) {
      const { resumed, still_stopped: still } = await startCalls(pool, scope, told);
      expect(resumed).toEqual([]);
      expect(still.length).toBeGreaterThan(0);
    }
    const dial = await newDial();
    expect((await ask({ ...dial, callId: callId({ ...dial }) })).kind).toBe(kind);
  });
});
