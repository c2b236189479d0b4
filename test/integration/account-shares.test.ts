/** One account floods the API, or waits for what others hold: everybody else is served meanwhile. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AccountPool } from '../../db/account-pool.ts';
import { openPool, type Pool } from '../../db/pool.ts';
import { createTestDatabase } from '../support/harness/database.ts';
import { type ApiReply, KEYS, openGateway, type TestGateway, WEBHOOK_SECRET } from '../support/harness/gateway.ts';

const SIZE = 8;
const LIMITS = { connectMs: 3_000, lockMs: 5_000, statementMs: 6_000, queryMs: 12_000 };

let gateway: TestGateway;
let pools: Pool[];
/** A gateway with pools like those of the process, only smaller. */
async function open(limits: Partial<typeof LIMITS> = {}): Promise<{ shared: AccountPool }> {
  const db = await createTestDatabase();
  const openOne = (max: number, shared = false) => openPool(db.url, { max, shared, limits: { ...LIMITS, ...limits } });
  const shared = openOne(SIZE, true) as AccountPool;
  pools = [shared, openOne(2), openOne(1)];
  gateway = await openGateway({ pool: shared, webhookPool: pools[1]!, healthPool: pools[2]! }, db);
  return { shared };
}
beforeEach(() => {
  pools = [];
});
afterEach(async () => {
  await gateway.app.close();
  await Promise.all(pools.map((pool) => pool.end()));
  await gateway.close();
});

const sql = (text: string, values: unknown[] = []) => gateway.db.pool.query(text, values);

async function newFolder(): Promise<string> {
  const reply = await gateway.send({ method: 'POST', path: '/contacts/folders', body: { name: 'people' } });
  return reply.body.data.id;
}

/** Holds what `lock` locks, as a long import would, until it is told to let go. */
async function hold(lock: string, values: unknown[] = []): Promise<() => Promise<void>> {
  const holder = await gateway.db.pool.connect();
  await holder.query('begin');
  await holder.query(lock, values);
  return async () => {
    await holder.query('rollback');
    holder.release();
  };
}
const holdFolder = (id: string) => hold('select from contact_folders where id = $1 for update', [id]);

/** In this test's database: the server has those of others as well. */
const waitingForLocks = async () =>
  (await sql(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
    .rowCount ?? 0;

function add(folder_id: string, index: number): Promise<ApiReply> {
  const body = { folder_id, phone_number: `+141555501${String(index).padStart(2, '0')}` };
  return gateway.send({ method: 'POST', path: '/contacts', body });
}

async function webhook(): Promise<number> {
  const body = JSON.stringify({
    id: 'event-1',
    event: 'call.ended',
    timestamp: new Date().toISOString(),
    data: { call_id: 'of-nobody', status: 'completed', joined: true },
  });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${timestamp}.${body}`).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-truedy-timestamp': timestamp,
    'x-truedy-signature': signature,
  };
  return (await gateway.app.inject({ method: 'POST', url: '/webhooks/truedy', headers, payload: body })).statusCode;
}

describe('an account that floods a folder which an import holds', () => {
  it('holds its share of the connections and no more; others, webhooks and health are served meanwhile', async () => {
    const { shared } = await open();
    const letGo = await holdFolder(await newFolder());
    const { rows } = await sql('select id from contact_folders');
    const flood = Array.from({ length: 25 }, (_, index) => add(String(rows[0]!.id), index));
    await vi.waitFor(async () => expect(await waitingForLocks()).toBe(shared.mostOfOneAccount));

    for (let request = 0; request < 3 * SIZE; request += 1) {
      expect((await gateway.send({ path: '/batch-calls', key: KEYS.other })).status).toBe(200);
    }
    expect(await webhook()).toBe(200);
    expect((await gateway.app.inject({ url: '/readyz' })).statusCode).toBe(200);
    expect((await gateway.app.inject({ url: '/healthz' })).statusCode).toBe(200);
    expect(await waitingForLocks()).toBe(shared.mostOfOneAccount);

    await letGo();
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 201 && status !== 429)).toEqual([]);
    expect((await sql('select from contacts')).rowCount).toBe(statuses.filter((status) => status === 201).length);
    // Nothing is kept of what it held.
    expect((await gateway.send({ path: '/batch-calls' })).status).toBe(200);
  });

  it('can still stop its calls', async () => {
    const { shared } = await open();
    const campaign = { name: 'Reminders', agent_id: 'agent-1', contacts: [{ phone_number: '+14155550101' }] };
    const { id } = (await gateway.send({ method: 'POST', path: '/batch-calls', body: campaign })).body.data;
    const folder = await newFolder();
    const letGo = await holdFolder(folder);
    const flood = Array.from({ length: 25 }, (_, index) => add(folder, index));
    await vi.waitFor(async () => expect(await waitingForLocks()).toBe(shared.mostOfOneAccount));
    for (const command of ['pause', 'cancel']) {
      const { body } = await gateway.send({ method: 'POST', path: `/batch-calls/${id}/${command}` });
      // So far it came: to Temporal, which is not there.
      expect([command, body.error.code]).toEqual([command, 'temporal_unavailable']);
    }
    await letGo();
    await Promise.all(flood);
  });

  it('is told which folder is in use, and when to come back', async () => {
    // Long enough for a connection to be opened on a busy machine, too short for everybody to have a turn at the lock.
    await open({ connectMs: 2_000, lockMs: 1_500 });
    const folder = await newFolder();
    const letGo = await holdFolder(folder);
    const flood = await Promise.all(Array.from({ length: 25 }, (_, index) => add(folder, index)));
    for (const { status, body, headers } of flood) {
      const { code, message, details } = body.error;
      if (status === 409) expect([code, details.field]).toEqual(['conflict', 'folder_id']);
      else expect([status, code]).toEqual([429, 'rate_limit_exceeded']);
      expect(message).toMatch(/try again/);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([409, 429]));
    await letGo();
    expect((await sql('select from contacts')).rowCount).toBe(0);
    expect((await add(folder, 1)).status).toBe(201);
  });
});

describe('a campaign from a folder that an import holds', () => {
  it('is refused by the name of the field, and nothing is recorded', async () => {
    await open({ lockMs: 200 });
    const folder = await newFolder();
    await add(folder, 1);
    const letGo = await holdFolder(folder);
    const body = { name: 'Reminders', agent_id: 'agent-1', contact_source: 'folder', contact_folder_id: folder };
    const reply = await gateway.send({ method: 'POST', path: '/batch-calls', body });
    expect([reply.status, reply.body.error.code, reply.body.error.details.field]).toEqual([
      409,
      'conflict',
      'contact_folder_id',
    ]);
    await letGo();
    expect((await sql('select from campaigns')).rowCount).toBe(0);
  });

  it('is deleted later, with its folder in use until then', async () => {
    await open({ lockMs: 200 });
    const folder = await newFolder();
    const letGo = await holdFolder(folder);
    const deletion = gateway.send({ method: 'DELETE', path: `/contacts/folders/${folder}` });
    await vi.waitFor(async () => expect(await waitingForLocks()).toBe(1));
    await letGo();
    expect((await deletion).status).toBe(200);
  });
});

describe('a read', () => {
  it('that takes longer than it may is answered with 503, and what to do', async () => {
    await open({ statementMs: 200 });
    const letGo = await hold('lock table suppressions in access exclusive mode');
    const reply = await gateway.send({ path: '/suppressions', key: KEYS.read });
    expect([reply.status, reply.body.error.code]).toEqual([503, 'database_unavailable']);
    expect(reply.body.error.message).toMatch(/ask for less/);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    await letGo();
    expect((await gateway.send({ path: '/suppressions', key: KEYS.read })).status).toBe(200);
  });

  it('that waits for a lock longer than it may is answered with 409, and when to come back', async () => {
    await open({ lockMs: 200 });
    const letGo = await hold('lock table suppressions in access exclusive mode');
    const reply = await gateway.send({ path: '/suppressions', key: KEYS.read });
    expect([reply.status, reply.body.error.code]).toEqual([409, 'conflict']);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    await letGo();
  });
});
