/** One circuit breaker for all campaigns and workers of a connection. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Dial, SendPermit } from '../../db/dial.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { readBreaker, recordVerdict } from '../../db/connection-breakers.ts';
import { openPool, type Pool } from '../../db/pool.ts';
import { beginStop, endStop } from '../../db/stops.ts';
import type { Verdict } from '../../domain/dialling/connection-verdict.ts';
import { OpenConnections } from '../../providers/connections/open-connections.ts';
import { limitedConnection, type StatedLimits } from '../support/factories/connections.ts';
import { callActivity, dialOf, recordCampaign } from '../support/factories/dials.ts';
import { nextId } from '../support/factories/ids.ts';
import { type Answer, ScriptedProvider } from '../support/fakes/scripted-provider.ts';
import { createTestDatabase, type TestDatabase } from '../support/harness/database.ts';

const NOW = Date.UTC(2026, 2, 18, 12);
const SECOND = 1_000;
const WORKS: Verdict = { kind: 'works' };
const THROTTLED: Verdict = { kind: 'fails', reason: 'throttled', retryAfterMs: 10 * SECOND };

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

/** Five campaigns of four people on one connection, and two workers that dial for them. */
async function fiveCampaigns() {
  const connection = nextId('connection');
  const campaigns = await Promise.all(Array.from({ length: 5 }, () => recordCampaign(database.pool, 4, NOW)));
  let placement = 0;
  /** Dials everybody at the same time, and returns who may send. */
  const dialAll = async (now: number): Promise<(Dial & { readonly permit: SendPermit })[]> => {
    placement += 1;
    const dials = campaigns.flatMap(({ id: campaignId }) =>
      [1, 2, 3, 4].map((seq) => dialOf({ campaignId, seq, attempt: 1 }, { connection, placement })),
    );
    const permits = await Promise.all(
      dials.map((dial, index) =>
        permitDial(
          pools[index % 2]!,
          dial,
          () => 'a request',
          () => Promise.resolve(now),
        ),
      ),
    );
    return dials.flatMap((dial, index) => {
      const permit = permits[index]!;
      if (permit.kind === 'send') return [{ ...dial, permit }];
      // A call that may have been placed is not dialled again, and nothing else is refused here.
      expect(['held', 'unresolved']).toContain(permit.kind);
      return [];
    });
  };
  const answer = async (
    dials: readonly (Dial & { readonly permit: SendPermit })[],
    verdict: Verdict,
    now: number,
  ): Promise<void> => {
    await Promise.all(
      dials.map(({ callId, permit: { passage } }, index) =>
        recordVerdict(pools[index % 2]!, connection, { callId, opening: passage.opening, verdict }, now),
      ),
    );
  };
  return { connection, dialAll, answer, breaker: () => readBreaker(database.pool, connection) };
}

it('opens once for a burst of refusals; then one probe runs, another after its worker has died, and then twice as many each time', async () => {
  const { dialAll, answer, breaker } = await fiveCampaigns();
  const burst = await dialAll(NOW);
  expect(burst).toHaveLength(20);
  expect(await breaker()).toEqual({ opening: 0, trouble: null });
  await answer(burst, THROTTLED, NOW);
  expect(await breaker()).toMatchObject({ opening: 1, trouble: { times: 1, failures: 1, openUntil: NOW + 10_000 } });
  expect(await dialAll(NOW + 10 * SECOND - 1)).toEqual([]);

  // The records of the burst say that they may have been sent. The next dials are those of other campaigns.
  await database.pool.query('update calls set first_sent_at = null');
  const reopened = NOW + 10 * SECOND;
  const [first, ...others] = await dialAll(reopened);
  expect(others).toEqual([]);
  // Its activity is tried again meanwhile, which is the same call.
  expect((await dialAll(reopened + SECOND)).map(({ callId }) => callId)).toEqual([first!.callId]);
  const probe = await dialAll(reopened + 31 * SECOND);
  expect(probe).toHaveLength(1);
  const now = reopened + 32 * SECOND;
  await answer(probe, WORKS, now);
  const passed: number[] = [];
  while ((await breaker()).trouble) {
    await database.pool.query('update calls set first_sent_at = null');
    const dialled = await dialAll(now);
    passed.push(dialled.length);
    await answer(dialled, WORKS, now);
    expect(passed.length).toBeLessThan(20);
  }
  expect(passed.slice(0, 4)).toEqual([2, 4, 8, 16]);
});

describe('a dial', () => {
  /** Campaigns of one person each that call through a provider with such answers, and their dials. */
  async function campaignsAt(...answers: Answer[]) {
    return limitedTo({}, ...answers);
  }

  async function limitedTo(limits: StatedLimits, ...answers: Answer[]) {
    const { pool } = database;
    let now = NOW;
    const provider = new ScriptedProvider(pool, () => now);
    Object.assign(provider, { name: nextId('scripted') });
    provider.script = () => answers.shift() ?? { kind: 'accept' };
    const [one, another] = [await recordCampaign(pool, 1, NOW), await recordCampaign(pool, 1, NOW)];
    const dial = ({ id }: typeof one, placement = 1, more: { readonly probeNow?: true } = {}) =>
      callActivity(
        'placeCall',
        { pool, provider, now: () => now, connections: new OpenConnections([limitedConnection(provider, limits)]) },
        {
          campaignId: id,
          seq: 1,
          attempt: 1,
          epoch: 1,
          placement,
          day: '2026-03-18',
          notBefore: 0,
          notAfter: NOW + 3_600_000,
          ...more,
        },
      );
    const pass = (ms: number) => {
      now += ms;
    };
    return { provider, dial, one, another, pass };
  }

  it('that the account is refused for holds another campaign too, for the same reason; nothing is sent for that one', async () => {
    const { provider, dial, one, another, pass } = await campaignsAt({ kind: 'throttled', retryAfterMs: 60_000 });
    const trouble = { reason: 'throttled', since: NOW, times: 1 };
    expect(await dial(one)).toEqual({ kind: 'held', afterMs: expect.any(Number), trouble });
    const held = await dial(another);
    expect(held).toMatchObject({ kind: 'held', trouble });
    expect(held.kind === 'held' && held.afterMs).toBeGreaterThanOrEqual(60_000);
    expect(provider.requests).toHaveLength(1);
    pass(59_000);
    expect(await dial(another, 2)).toMatchObject({ kind: 'held' });
    expect(await dial(another, 3, { probeNow: true })).toMatchObject({ kind: 'accepted' });
    expect(await dial(one, 2)).toMatchObject({ kind: 'accepted' });
    expect(await dial(another, 3)).toMatchObject({ kind: 'accepted' });
    expect(provider.requests).toHaveLength(3);
  });

  it('that the provider accepts is on record before the breaker is told, which may fail', async () => {
    const { provider, dial, one, another, pass } = await campaignsAt({ kind: 'throttled', retryAfterMs: 1_000 });
    await dial(one);
    pass(2_000);
    const blocker = await pools[0]!.connect();
    provider.script = async () => {
      await blocker.query('begin');
      await blocker.query('select from connection_breakers where connection = $1 for update', [provider.name]);
      return { kind: 'accept' };
    };
    const dialled = dial(another);
    const record = () => database.pool.query('select provider_call_id from calls where id = $1', [another.callId(1)]);
    await vi.waitFor(async () =>
      expect((await record()).rows).toEqual([{ provider_call_id: expect.any(String) as string }]),
    );
    await blocker.query('rollback');
    blocker.release();
    expect(await dialled).toMatchObject({ kind: 'accepted' });
  });

  it('that misses its instant and is then held by another gate gives its turn back', async () => {
    const refuses = { kind: 'throttled', retryAfterMs: 1_000 } as const;
    const { provider, dial, one, another, pass } = await limitedTo({ callsPerSecond: 100 }, refuses);
    await dial(one);
    pass(2_000);
    provider.script = async () => {
      await beginStop(database.pool, { scope: 'all', stopped_by: 'a test', reason: null });
      pass(1_000);
      return { kind: 'expired' };
    };
    expect(await dial(another)).toEqual({ kind: 'stopped' });
    expect((await readBreaker(database.pool, provider.name)).trouble).toMatchObject({ turns: [] });
    await endStop(database.pool, 'all');
  });

  it('whose agent is refused holds no other campaign', async () => {
    const { dial, one, another } = await campaignsAt({ kind: 'blocked', reason: 'agent_not_found' });
    expect(await dial(one)).toEqual({ kind: 'blocked', reason: 'agent_not_found' });
    expect(await dial(another)).toMatchObject({ kind: 'accepted' });
    expect((await database.pool.query('select from connection_breakers where state is null')).rowCount).toBe(0);
  });

  it('that meets an error of the server stays unknown, and others are not sent', async () => {
    const { provider, dial, one, another } = await campaignsAt({ kind: 'unknown', reason: 'http_503' });
    expect(await dial(one)).toEqual({ kind: 'unknown', reason: 'http_503', retryAfterMs: null });
    expect(await dial(another)).toMatchObject({ kind: 'held', trouble: { reason: 'unavailable:http_503' } });
    // Not even a repeat, which might be told that nothing was sent.
    expect(await dial(one, 2)).toEqual({ kind: 'unresolved' });
    expect(provider.requests).toHaveLength(1);
  });

  const TIMEOUT = { kind: 'unknown', reason: 'timeout' } as const;

  it('that is not answered holds others once those of three campaigns were not answered in a row', async () => {
    const { provider, dial, one, another } = await campaignsAt(TIMEOUT, TIMEOUT, TIMEOUT);
    const [third, fourth] = [await recordCampaign(database.pool, 1, NOW), await recordCampaign(database.pool, 1, NOW)];
    for (const campaign of [one, another, third])
      expect(await dial(campaign)).toMatchObject({ kind: 'unknown', reason: 'timeout' });
    const trouble = { reason: 'unknown:timeout', since: NOW, times: 1 };
    expect(await dial(fourth)).toMatchObject({ kind: 'held', trouble });
    expect(provider.requests).toHaveLength(3);
  });

  it('that is not answered concerns its campaign alone while others are answered', async () => {
    const { provider, dial, one, another } = await campaignsAt(TIMEOUT, TIMEOUT, { kind: 'accept' }, TIMEOUT);
    const [third, fourth, last] = await Promise.all([1, 2, 3].map(() => recordCampaign(database.pool, 1, NOW)));
    await dial(one);
    await dial(another);
    expect(await dial(third!)).toMatchObject({ kind: 'accepted' });
    expect(await readBreaker(database.pool, provider.name)).toEqual({ opening: 0, trouble: null });
    expect(await dial(fourth!)).toMatchObject({ kind: 'unknown' });
    expect(await dial(last!)).toMatchObject({ kind: 'accepted' });
  });
});
