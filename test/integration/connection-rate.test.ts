/** Reservations of instants on a connection's row, and dials that wait for theirs. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DialPermit } from '../../db/dial.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { findCalls } from '../../db/known-calls.ts';
import { ratesFinding, unloadedFinding } from '../../cli/doctor/database.ts';
import { differingRates, forgetLoads, recordLoads, unloadedConnections } from '../../db/connection-loads.ts';
import { reserveInstant, type Reservation, type ReservationRequest } from '../../db/connection-rate.ts';
import { openPool, type Pool } from '../../db/pool.ts';
import { DIAL } from '../../domain/engine/dial-budget.ts';
import { callId } from '../../domain/engine/ids.ts';
import type { PlacementResult } from '../../domain/engine/placement.ts';
import { VirtualRate } from '../simulation/connection-rate.ts';
import { OpenConnections } from '../../providers/connections/open-connections.ts';
import { limitedConnection } from '../support/factories/connections.ts';
import { callActivity, dialOf, recordCampaign } from '../support/factories/dials.ts';
import { nextId } from '../support/factories/ids.ts';
import { ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

let database: TestDatabase;
let pools: Pool[];
beforeAll(async () => {
  database = await createTestDatabase();
  pools = [openPool(database.url), openPool(database.url)];
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

const AHEAD = DIAL.reserveAheadMs;
/** Instants almost as far apart as a dial may reserve ahead leave a busy machine time between two steps. */
const SLOW_SPACING_MS = 2_900;
const SLOW = 1_000 / SLOW_SPACING_MS;

function reserve(connection: string, rate: number, more: Partial<ReservationRequest> = {}, pool = database.pool) {
  return reserveInstant(pool, { connection, callsPerSecond: rate, withinMs: AHEAD, missed: null, ...more });
}

async function reserved(...given: Parameters<typeof reserve>) {
  const reservation = await reserve(...given);
  if (reservation.kind !== 'reserved') throw new Error(`nothing was reserved: ${reservation.kind}`);
  return reservation;
}

/** Sets the connection's next instant to so many milliseconds from now. */
async function nextIn(connection: string, ms: number): Promise<void> {
  await reserve(connection, 1_000);
  await database.pool.query(
    `update connections set next_at = clock_timestamp() + $2 * interval '1 millisecond' where name = $1`,
    [connection, ms],
  );
}

describe('instants that two workers reserve at the same time', () => {
  it('are apart by the rate, and refused dials come back apart by the rate too', async () => {
    const connection = nextId('connection');
    const began = performance.now();
    const asked = Array.from({ length: 60 }, (_, index) => reserve(connection, 10, {}, pools[index % 2]));
    const answers = await Promise.all(asked);
    const took = performance.now() - began;
    const instants = answers
      .flatMap((one) => (one.kind === 'reserved' ? [Number(one.instant)] : []))
      .sort((a, b) => a - b);
    // Three seconds at ten a second, and what the clock has gained since the first.
    expect(instants.length).toBeGreaterThanOrEqual(31);
    expect(instants.slice(1).map((instant, index) => instant - instants[index]!)).toEqual(
      instants.slice(1).map(() => 100_000),
    );
    const told = answers.flatMap((one) => (one.kind === 'later' ? [one.afterMs] : [])).sort((a, b) => a - b);
    expect(told).toHaveLength(60 - instants.length);
    // Each counts from its own answer, so they may move together by the time that all answers took.
    expect(told[0]).toBeGreaterThan(AHEAD - took);
    expect(told.at(-1)! - told[0]!).toBeGreaterThan((told.length - 1) * 100 - took);
  });

  it('are those of the model that the simulation uses', async () => {
    const connection = nextId('connection');
    const model = new VirtualRate(SLOW);
    let missed: { readonly instant: string; readonly ofModel: number } | null = null;
    const kinds: string[] = [];
    for (const withinMs of [AHEAD, AHEAD, 500, ...Array.from({ length: 9 }, () => AHEAD)]) {
      const before = missed;
      const answer: Reservation = await reserve(connection, SLOW, { withinMs, missed: before?.instant ?? null });
      const instant = answer.kind === 'reserved' ? Number(answer.instant) / 1_000 : null;
      const now = answer.kind === 'reserved' ? instant! - answer.waitMs : Date.now();
      const expected = model.reserve(now, withinMs, before?.ofModel ?? null);
      expect(answer.kind).toBe(expected.kind);
      kinds.push(answer.kind);
      missed = null;
      if (answer.kind !== 'reserved' || expected.kind !== 'reserved') continue;
      expect(expected.instant).toBeCloseTo(instant!, 1);
      // Every other instant is missed, and reserved again.
      if (before === null) missed = { instant: answer.instant, ofModel: expected.instant };
    }
    expect(new Set(kinds)).toEqual(new Set(['reserved', 'too_late', 'later']));
  });
});

describe('a reservation', () => {
  it('of a free connection is for now, also where no worker has recorded it', async () => {
    expect(await reserved(nextId('connection'), 1)).toMatchObject({ waitMs: 0 });
  });

  it('takes a missed instant again if no other was reserved after it, and as soon as it can be', async () => {
    const connection = nextId('connection');
    const first = await reserved(connection, SLOW);
    const again = await reserved(connection, SLOW, { missed: first.instant });
    expect(again.waitMs).toBe(0);
    const second = await reserved(connection, SLOW);
    expect(Number(second.instant) - Number(again.instant)).toBe(SLOW_SPACING_MS * 1_000);
    const behind = await reserved(connection, SLOW, { missed: second.instant });
    expect(behind.instant).toBe(second.instant);
    expect((await reserve(connection, SLOW, { missed: first.instant })).kind).toBe('later');
  });

  it('is refused without a trace if the instant comes after what the dial can wait for', async () => {
    const connection = nextId('connection');
    const first = await reserved(connection, SLOW);
    expect(await reserve(connection, SLOW, { withinMs: 100 })).toEqual({ kind: 'too_late' });
    expect(Number((await reserved(connection, SLOW)).instant) - Number(first.instant)).toBe(SLOW_SPACING_MS * 1_000);
  });

  it('waits no longer than the rate asks for after the clock was set back, or the rate raised', async () => {
    const connection = nextId('connection');
    await nextIn(connection, 3_600_000);
    const refused = await reserve(connection, 2);
    expect(refused).toMatchObject({ kind: 'later' });
    expect(refused.kind === 'later' && refused.afterMs).toBeLessThanOrEqual(AHEAD + 500);
  });
});

describe('the rate of a connection', () => {
  const asked = async (connection: string, callsPerSecond: number | null): Promise<DialPermit> => {
    const { id } = await recordCampaign(database.pool, 1, Date.now());
    const dial = dialOf({ campaignId: id, seq: 1, attempt: 1 }, { connection });
    return permitDial(database.pool, dial, () => 'a request', undefined, { callsPerSecond, reservation: null });
  };

  it('is the lowest that a worker has loaded, until that worker stops or is not seen for two minutes', async () => {
    const connection = nextId('connection');
    const [slow, fast] = [randomUUID(), randomUUID()];
    await recordLoads(database.pool, slow, [{ connection, callsPerSecond: 2, maxConcurrentCalls: null }]);
    await recordLoads(database.pool, fast, [{ connection, callsPerSecond: 5, maxConcurrentCalls: null }]);
    expect(await asked(connection, 5)).toMatchObject({ kind: 'reserve', callsPerSecond: 2 });
    expect(await asked(connection, null)).toMatchObject({ kind: 'reserve', callsPerSecond: 2 });
    expect(await asked(connection, 1)).toMatchObject({ kind: 'reserve', callsPerSecond: 1 });
    expect(await differingRates(database.pool)).toEqual([
      {
        connection,
        rates: [
          { calls_per_second: 2, workers: 1 },
          { calls_per_second: 5, workers: 1 },
        ],
      },
    ]);

    expect(ratesFinding(await differingRates(database.pool))).toMatchObject({
      state: 'trouble',
      found: expect.stringContaining(`${connection}: 2 (1 worker), 5 (1 worker)`),
    });

    await database.pool.query(
      `update connection_loads set seen_at = now() - interval '121 seconds' where process = $1`,
      [slow],
    );
    expect(await asked(connection, null)).toMatchObject({ kind: 'reserve', callsPerSecond: 5 });
    expect(await differingRates(database.pool)).toEqual([]);
    await recordLoads(database.pool, slow, []);
    await forgetLoads(database.pool, fast);
    expect(await asked(connection, null)).toMatchObject({ kind: 'send' });
  });

  it('is missing where a campaign calls through a connection that no worker has loaded, and doctor says so', async () => {
    const [connection, process] = [nextId('connection'), randomUUID()];
    const { id } = await recordCampaign(database.pool, 1, Date.now());
    await database.pool.query('update campaigns set connection = $2 where id = $1', [id, connection]);
    const unloaded = async () =>
      (await unloadedConnections(database.pool)).filter((each) => each.connection === connection);
    const load = (name: string) =>
      recordLoads(database.pool, process, [{ connection: name, callsPerSecond: 2, maxConcurrentCalls: null }]);
    await load(connection);
    expect(await unloaded()).toEqual([]);
    await load(nextId('connection'));
    expect(await unloaded()).toEqual([{ connection, campaigns: 1 }]);
    expect(unloadedFinding(await unloaded())).toMatchObject({
      state: 'trouble',
      found: `no worker has loaded ${connection} (1 campaign)`,
    });
    await database.pool.query(`update campaigns set status = 'completed' where id = $1`, [id]);
    expect(await unloaded()).toEqual([]);
    await forgetLoads(database.pool, process);
  });

  it('is reserved only after every gate: a contact that is not called takes no instant', async () => {
    const connection = nextId('connection');
    const { id } = await recordCampaign(database.pool, 1, Date.now());
    const dial = dialOf({ campaignId: id, seq: 1, attempt: 1 }, { connection, notAfter: 0 });
    const pace = { callsPerSecond: 1, reservation: null };
    expect(await permitDial(database.pool, dial, () => 'a request', undefined, pace)).toEqual({ kind: 'expired' });
  });
});

describe('a dial through a connection with a rate', () => {
  /** A campaign of so many people, and its dials. */
  async function campaignAt(rate: number, more: { readonly finds?: 'nothing'; readonly keyTtlMs?: number } = {}) {
    const { pool } = database;
    const provider = new ScriptedProvider(pool, Date.now, more);
    // Each test has a connection to itself.
    Object.assign(provider, { name: nextId('scripted') });
    const { id } = await recordCampaign(pool, 3, Date.now());
    const callIdOf = (seq: number) => callId({ campaignId: id, seq, attempt: 1 });
    const dial = (seq: number, placement = 1): Promise<PlacementResult> =>
      callActivity(
        'placeCall',
        {
          pool,
          provider,
          now: Date.now,
          connections: new OpenConnections([limitedConnection(provider, { callsPerSecond: rate })]),
        },
        {
          campaignId: id,
          seq,
          attempt: 1,
          epoch: 1,
          placement,
          day: '2026-03-18',
          notBefore: 0,
          notAfter: Date.now() + 3_600_000,
        },
      );
    const record = async (seq: number) => (await findCalls(pool, [callIdOf(seq)])).get(callIdOf(seq));
    return { provider, connection: provider.name, dial, record };
  }

  it('leaves at its instant, and is on record as sent only shortly before', async () => {
    const { provider, connection, dial, record } = await campaignAt(SLOW);
    const { instant } = await reserved(connection, SLOW);
    const placed = dial(1);
    // Once the dial has its instant, no other is free for so long that one could wait for it.
    await expect.poll(async () => (await reserve(connection, SLOW, { withinMs: 0 })).kind).toBe('later');
    expect(await record(1)).toBeUndefined();
    expect(await placed).toMatchObject({ kind: 'accepted' });
    expect(provider.requests[0]!.at).toBeGreaterThanOrEqual(Number(instant) / 1_000 + SLOW_SPACING_MS);
  });

  it('is told to come later if the next instant is far ahead: nothing was sent under its number, and never will be', async () => {
    const { provider, connection, dial, record } = await campaignAt(0.1);
    await reserved(connection, 0.1);
    const told = await dial(1);
    expect(told).toMatchObject({ kind: 'later' });
    expect(await record(1)).toMatchObject({ sent: false });
    expect(await dial(1)).toEqual({ kind: 'withdrawn' });
    expect(provider.requests).toEqual([]);
  });

  it('of a request that may have been sent is not said to be unplaced', async () => {
    const { provider, dial } = await campaignAt(0.1);
    provider.script = () => ({ kind: 'unknown', reason: 'timeout' });
    expect(await dial(1)).toMatchObject({ kind: 'unknown' });
    expect(await dial(1, 2)).toEqual({ kind: 'unresolved' });
    expect(provider.requests).toHaveLength(1);
  });

  it('takes another instant in the same try if the connection to the provider was not ready at the first', async () => {
    const { provider, connection, dial } = await campaignAt(0.2, { keyTtlMs: 0, finds: 'nothing' });
    const place = provider.place.bind(provider);
    const late: number[] = [];
    provider.place = async (...request) => {
      if (late.length > 0) return place(...request);
      // A handshake that lasts longer than the instant.
      while (Date.now() < request[2]) await new Promise((resolve) => setTimeout(resolve, 20));
      late.push(request[2]);
      return { kind: 'expired' };
    };
    expect(await dial(1)).toMatchObject({ kind: 'accepted' });
    expect(late).toHaveLength(1);
    // At one call in five seconds it is the missed one: the next would be too far ahead.
    expect((await reserve(connection, 0.2)).kind).toBe('later');
  });
});
