/** What `GET /connections/{name}` and `connections show` say of a connection that two accounts use. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { limitsFinding } from '../../cli/doctor/database.ts';
import { readAccount, readAccountUse } from '../../db/accounts.ts';
import { permitDial } from '../../db/dial-permits.ts';
import { adoptRoster } from '../../db/adoption.ts';
import { recordVerdict } from '../../db/connection-breakers.ts';
import { differingLimits, recordLoads } from '../../db/connection-loads.ts';
import { recordShareReport, divideShares } from '../../db/connection-shares.ts';
import { readDatabaseClock } from '../../db/clock.ts';
import { inTransaction } from '../../db/pool.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { beginStop } from '../../db/stops.ts';
import { captureCli, err, out, runCli } from '../support/harness/cli.ts';
import { KEYS, openGateway, type TestGateway } from '../support/harness/gateway.ts';
import { dialOf } from '../support/factories/dials.ts';
import { fictitiousPerson } from '../support/factories/people.ts';

captureCli();

let gateway: TestGateway;
let own: string;
beforeAll(async () => {
  gateway = await openGateway();
  const { pool } = gateway.db;
  await recordLoads(pool, '00000000-0000-4000-8000-000000000001', [
    { connection: 'truedy', callsPerSecond: 5, maxConcurrentCalls: 3 },
  ]);
  await recordLoads(pool, '00000000-0000-4000-8000-000000000002', [
    { connection: 'truedy', callsPerSecond: null, maxConcurrentCalls: 9 },
  ]);
  own = await campaignOf(KEYS.write, 2, 0);
  await campaignOf(KEYS.other, 1, 10);
  await divideShares(pool, { connection: 'truedy', limit: 3, lostAfterMs: 0 }, readDatabaseClock);
});
afterAll(() => gateway.close());

/** A campaign that needs five calls and has this many in flight. */
async function campaignOf(key: string, inFlight: number, first: number): Promise<string> {
  const { pool } = gateway.db;
  const contacts = Array.from({ length: 5 }, (_, index) => fictitiousPerson(first + index));
  const body = { name: `Of ${key}`, agent_id: 'agent-1', contacts };
  // The id follows from the key of the write. The order of the ids decides who is given the call that cannot be divided.
  const headers = { 'x-idempotency-key': `campaign ${first}` };
  const created = await gateway.send({ method: 'POST', path: '/batch-calls', body, key, headers });
  const { id } = created.body.data;
  await inTransaction(pool, (tx) => adoptRoster(tx, { campaignId: id, runId: 'the run', number: 1 }, Date.now()));
  const report = { campaignId: id, epoch: 1, number: 1, revision: 0, need: 5, inFlight };
  await recordShareReport(pool, 'truedy', 'the run', report);
  for (let seq = 1; seq <= inFlight; seq += 1) {
    const dial = dialOf({ campaignId: id, seq, attempt: 1 });
    const paced = { callsPerSecond: 5, reservation: { kind: 'reserved' } } as const;
    expect((await permitDial(pool, dial, () => 'a request', undefined, paced)).kind).toBe('send');
  }
  return id;
}

const show = async (name: string, key: string = KEYS.write) => gateway.send({ path: `/connections/${name}`, key });

it('names the campaigns of the account, and counts those of others', async () => {
  const { data } = (await show('truedy')).body;
  expect(data).toMatchObject({
    name: 'truedy',
    calls_per_second: 5,
    max_concurrent_calls: 3,
    in_flight: 3,
    campaigns: [{ id: own, name: `Of ${KEYS.write}`, in_flight: 2, need: 5 }],
    other_campaigns: { campaigns: 1, in_flight: 1, need: 5 },
    placed_last_minute: 3,
    breaker: { state: 'closed', reason: null },
    stopped: null,
  });
  const [campaign] = data.campaigns as { share: number }[];
  const others = data.other_campaigns as { share: number };
  expect(campaign!.share + others.share).toBe(3);
  const theirs = await show('truedy', KEYS.other);
  expect(theirs.text).not.toContain(own);
  expect(theirs.text).not.toContain(KEYS.write);
  expect(theirs.body.data).toMatchObject({ campaigns: [{ in_flight: 1 }], other_campaigns: { in_flight: 2 } });
});

it('counts no more calls in flight than a campaign may have: ends that look-ups have found are recorded later', async () => {
  const { pool } = gateway.db;
  const { rows } = await pool.query<{ share: number; held: number }>(
    'select share, held from connection_shares where campaign_id = $1',
    [own],
  );
  const give = ({ share, held }: { share: number; held: number }) =>
    pool.query('update connection_shares set share = $2, held = $3 where campaign_id = $1', [own, share, held]);
  await give({ share: 1, held: 1 });
  expect((await show('truedy')).body.data).toMatchObject({ in_flight: 2, campaigns: [{ in_flight: 1 }] });
  const account = (await readAccount(pool, 'acme'))!;
  expect(await readAccountUse(pool, account)).toMatchObject({ calls_in_flight: 1 });
  await give(rows[0]!);
  expect(await readAccountUse(pool, account)).toMatchObject({ calls_in_flight: 2 });
});

it('shows an open breaker and the stop of the account', async () => {
  const { pool } = gateway.db;
  const verdict = { kind: 'fails', reason: 'throttled', retryAfterMs: 30_000 } as const;
  await recordVerdict(pool, 'truedy', { callId: 'a call', opening: 0, verdict }, Date.now());
  await beginStop(pool, { scope: 'account:acme', stopped_by: 'test', reason: null });
  expect((await show('truedy')).body.data).toMatchObject({
    breaker: { state: 'open', reason: 'throttled', times: 1 },
    stopped: { scope: 'account' },
  });
  expect((await show('truedy', KEYS.other)).body.data.stopped).toBeNull();
  await pool.query('delete from stops');
});

it('is not found where the account may not use it', async () => {
  expect(await show('nowhere')).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
});

it('is shown at the command line', async () => {
  vi.stubEnv('RINGFENCE_API_URL', (await gateway.app.listen({ host: '127.0.0.1', port: 0 })) + API_ROOT);
  vi.stubEnv('RINGFENCE_API_KEY', KEYS.write);
  expect(await runCli('connections', 'show', 'truedy')).toBe(0);
  expect(out).toMatch(/^in flight +3 of 3$/m);
  expect(out).toMatch(/^rate +at most 5 a second; 3 placed in the last minute/m);
  expect(out).toContain('And 1 other campaign: 1 in flight');
  expect(await runCli('connections', 'show', 'nowhere')).toBe(3);
  expect(err).toContain('The account may use no connection of this name');
});

it('the doctor names workers that have loaded different limits', async () => {
  expect(limitsFinding(await differingLimits(gateway.db.pool))).toMatchObject({
    state: 'trouble',
    found: expect.stringContaining('truedy: 3 (1 worker), 9 (1 worker)') as string,
  });
});
