/** Campaigns that Temporal refuses to start, for good: a real server whose limits are too low for them. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { workflowRestarter, workflowStarter } from '../../gateway/temporal/start-workflow.ts';
import { campaignTerms, CreateCampaign, engineSpec } from '../../domain/api/campaign-request.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { startRingfenceGateway } from '../../gateway/ringfence-gateway.ts';
import { sweepUnstarted } from '../../gateway/background/unstarted-sweeper.ts';
import { type DevServer, startDevServer } from '../../scripts/dev-server.ts';
import { obtainTemporalCli } from '../../scripts/temporal-binaries.ts';
import { TRUEDY_ALONE } from '../support/factories/connections.ts';
import { createTestDatabase } from '../support/harness/database.ts';
import { type ApiReply, KEYS, type TestGateway } from '../support/harness/gateway.ts';
import { nextId, nextTaskQueue } from '../support/factories/ids.ts';
import { OBTAIN } from '../support/setup/shared.ts';
import { captureCli, closing, err, listeningGateway, out, runCli } from '../support/harness/cli.ts';

captureCli();

/** Bytes of the largest input that the server takes. By default it takes 2 MiB, and warns from 512 KiB on. */
const LARGEST_BLOB = 8 * 1024;
const REASON = 'Blob data size exceeds limit';
const NOBODY = '00000000-0000-4000-8000-000000000000';

const body = {
  name: 'Reminders',
  agent_id: 'agent-1',
  contacts: [{ phone_number: '+14155550132' }, { phone_number: '+14155550133' }],
};
/** As much as the API takes: thirteen kilobytes. */
const large = {
  ...body,
  blackout_dates: Array.from({ length: 1_000 }, (_, day) =>
    new Date(Date.UTC(2099, 0, 1 + day)).toISOString().slice(0, 10),
  ),
};
const spec = engineSpec(campaignTerms(CreateCampaign.parse(body), 'truedy'));

const directory = mkdtempSync(join(tmpdir(), 'ringfence-start-refused-'));
let executable: string;
let server: DevServer;
let temporal: Client;

beforeAll(async () => {
  executable = (await obtainTemporalCli(OBTAIN)).path;
  server = await startDevServer({
    executable,
    port: 0,
    logFile: join(directory, 'temporal.log'),
    dynamicConfig: { 'limit.blobSize.error': LARGEST_BLOB, 'limit.blobSize.warn': LARGEST_BLOB / 2 },
  });
  temporal = await connectTemporal({ env: { TEMPORAL_ADDRESS: server.address } });
});
afterAll(async () => {
  await temporal.connection.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const isStarted = (id: string) =>
  temporal.workflow
    .getHandle(workflowId(id))
    .describe()
    .then(
      () => true,
      () => false,
    );

describe('a campaign that Temporal refuses to start', () => {
  let gateway: TestGateway;
  let away: boolean;
  const taskQueue = nextTaskQueue();
  const startCampaign: ReturnType<typeof workflowStarter> = async (id, terms) => {
    if (away) throw new RingfenceError('temporal_unavailable', 'Temporal is away.');
    await workflowStarter(temporal, { taskQueue })(id, terms);
  };

  beforeEach(async () => {
    away = false;
    gateway = await listeningGateway({ startCampaign, restartWorkflow: workflowRestarter(temporal, { taskQueue }) });
  });

  const create = (campaign: object = large, key?: string) =>
    gateway.send({
      method: 'POST',
      path: '/batch-calls',
      body: campaign,
      headers: key === undefined ? {} : { 'x-idempotency-key': key },
    });
  const read = async (id: string) => (await gateway.send({ path: `/batch-calls/${id}` })).body.data;
  const command = (id: string, name: string) => gateway.send({ method: 'POST', path: `/batch-calls/${id}/${name}` });
  const remove = (id: string) => gateway.send({ method: 'DELETE', path: `/batch-calls/${id}` });
  const idOf = ({ body: answer }: ApiReply) => String(answer.error.details.campaign);
  const sweepNow = () =>
    sweepUnstarted({ pool: gateway.db.pool, startCampaign, logger: gateway.app.log, olderThanMs: 0 });
  /** Records a campaign while Temporal is away, and answers with its id. */
  const recordUnstarted = async (campaign: object = large, key?: string) => {
    away = true;
    const { status, body: answer } = await create(campaign, key);
    expect([status, answer.data.failure]).toEqual([201, null]);
    away = false;
    return answer.data.id;
  };

  it('has failed, says why wherever it is looked at, skips everybody, and can be deleted', async () => {
    const refused = await create();
    expect([refused.status, refused.body.error.code]).toEqual([422, 'start_refused']);
    expect(refused.body.error.message).toContain(REASON);
    expect(refused.body.error.details).toMatchObject({ status: 'failed', reason: REASON });

    const id = idOf(refused);
    const failed = { status: 'failed', failure: REASON, waiting_for: null, until: null, pending: 0, skipped: 2 };
    expect(await read(id)).toMatchObject({ ...failed, total_contacts: 2, called: 0 });
    const { body: listed } = await gateway.send({ path: '/batch-calls?status=failed' });
    expect(listed.data).toMatchObject([{ id, ...failed }]);
    const { body: contacts } = await gateway.send({ path: `/batch-calls/${id}/contacts?status=skipped` });
    expect(contacts.items.map(({ reason }) => reason)).toEqual(['start_refused', 'start_refused']);

    expect(await runCli('campaigns', 'show', id)).toBe(0);
    expect(out).toContain(`failed: Temporal refuses to start its workflow (${REASON})`);
    expect(await runCli('campaigns', 'watch', id)).toBe(6);
    expect(err).toContain(REASON);

    expect((await remove(id)).status).toBe(200);
    expect((await gateway.send({ path: `/batch-calls/${id}` })).status).toBe(404);
    expect(await isStarted(id)).toBe(false);
  });

  it('takes no command, and each says why', async () => {
    const id = idOf(await create());
    for (const name of ['pause', 'resume', 'cancel', 'restart']) {
      const { status, body: answer } = await command(id, name);
      expect([name, status, answer.error.code]).toEqual([name, 409, 'wrong_state']);
      expect(answer.error).toMatchObject({ message: expect.stringContaining(REASON), details: { status: 'failed' } });
    }
    const change = { max_concurrent_calls: 3 };
    const edit = await gateway.send({ method: 'PATCH', path: `/batch-calls/${id}`, body: change });
    expect([edit.status, edit.body.error.code]).toEqual([409, 'wrong_state']);
    expect(await isStarted(id)).toBe(false);
  });

  it('is refused to every repeat under its key, also when it was deleted; another key is free', async () => {
    const key = nextId('key');
    const first = await create(large, key);
    const repeat = await create(large, key);
    expect([repeat.status, repeat.headers['idempotency-replayed']]).toEqual([422, 'true']);
    expect(repeat.body.error).toEqual(first.body.error);
    expect((await create(body, key)).body.error.code).toBe('idempotency_mismatch');

    const id = idOf(first);
    await remove(id);
    expect((await create(large, key)).body.error).toEqual(first.body.error);
    await sweepNow();
    expect(await isStarted(id)).toBe(false);

    const again = await create(body, nextId('key'));
    expect([again.status, await isStarted(again.body.data.id)]).toEqual([201, true]);
  });

  it('that was recorded while Temporal was away has failed when it is back, also for a repeat of its request', async () => {
    const key = nextId('key');
    const id = await recordUnstarted(large, key);
    const sound = await recordUnstarted(body);
    expect(await sweepNow()).toBeNull();
    expect(await read(id)).toMatchObject({ status: 'failed', failure: REASON, skipped: 2 });
    expect([await isStarted(id), await isStarted(sound)]).toEqual([false, true]);
    const repeat = await create(large, key);
    expect([repeat.status, repeat.body.error.code]).toEqual([422, 'start_refused']);
    expect(gateway.log.join('\n')).toContain('Temporal refuses to start it');
  });

  it.each(['pause', 'cancel'])('and was recorded before fails when it is told to %s', async (name) => {
    const id = await recordUnstarted();
    const { status, body: answer } = await command(id, name);
    expect([status, answer.error.code]).toEqual([422, 'start_refused']);
    expect(await read(id)).toMatchObject({ status: 'failed', failure: REASON });
  });

  it('takes no copy of its folder any more, which can be changed and deleted', async () => {
    const { pool } = gateway.db;
    const { rows } = await pool.query(`insert into contact_folders (account, name) values ('acme', 'f') returning id`);
    const folderId: string = rows[0].id;
    await pool.query(`insert into contacts (folder_id, phone_number) values ($1, '+14155550140')`, [folderId]);
    const { contacts: _, ...terms } = large;
    const refused = await create({ ...terms, contact_source: 'folder', contact_folder_id: folderId });
    const id = idOf(refused);
    expect(await read(id)).toMatchObject({ status: 'failed', total_contacts: 1, skipped: 1 });
    const removed = await gateway.send({ method: 'DELETE', path: `/contacts/folders/${folderId}` });
    expect(removed.status).toBe(200);
    expect((await pool.query('select from campaign_contacts where campaign_id = $1', [id])).rowCount).toBe(0);
  });

  it('once more, having been interrupted, stays interrupted: neither restarted nor cancelled, but deletable', async () => {
    const id = await recordUnstarted();
    await gateway.db.pool.query(
      `update campaigns set status = 'interrupted', interrupted_from = 'active', interrupted_reason = 'terminated',
              interrupted_at = now(), workflow_started_at = now() where id = $1`,
      [id],
    );
    for (const name of ['restart', 'cancel']) {
      const { status, body: answer } = await command(id, name);
      expect([name, status, answer.error.code]).toEqual([name, 422, 'start_refused']);
      expect(answer.error.details).toMatchObject({ status: 'interrupted', reason: REASON });
      expect(await read(id)).toMatchObject({ status: 'interrupted', failure: null });
    }
    expect((await remove(id)).status).toBe(200);
  });
});

describe('an answer of the server to a start', () => {
  /** Answers every start with this status. */
  async function answering(status: number): Promise<Client> {
    const stub = createHttp2Server();
    stub.on('stream', (stream, headers) => {
      const head = { ':status': 200, 'content-type': 'application/grpc' };
      if (headers[':path']?.endsWith('StartWorkflowExecution')) {
        stream.respond({ ...head, 'grpc-status': String(status) }, { endStream: true });
        return;
      }
      stream.respond(head, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      // An empty message.
      stream.end(Buffer.alloc(5));
    });
    stub.listen(0, '127.0.0.1');
    await once(stub, 'listening');
    const { port } = stub.address() as AddressInfo;
    const client = await connectTemporal({ env: { TEMPORAL_ADDRESS: `127.0.0.1:${port}` }, lazy: true });
    closing.push(async () => {
      await client.connection.close();
      stub.close();
    });
    return client;
  }

  it.each([
    ['cancelled', 1, 'temporal_unavailable'],
    ['unknown', 2, 'temporal_unavailable'],
    ['invalid argument', 3, 'start_refused'],
    ['deadline exceeded', 4, 'temporal_unavailable'],
    ['not found, which is the namespace', 5, 'temporal_unavailable'],
    ['permission denied', 7, 'temporal_unavailable'],
    ['resource exhausted', 8, 'temporal_unavailable'],
    ['failed precondition', 9, 'temporal_unavailable'],
    ['internal', 13, 'temporal_unavailable'],
    ['unavailable', 14, 'temporal_unavailable'],
    ['unauthenticated', 16, 'temporal_unavailable'],
  ])('says of %s (%i) whether the campaign has failed', async (_, status, code) => {
    const start = workflowStarter(await answering(status), { taskQueue: nextTaskQueue() });
    await expect(start(NOBODY, spec)).rejects.toMatchObject({ code });
  });

  it('that has no room for the request is told from one that has no time for it', async () => {
    const huge = { ...spec, more: 'x'.repeat(5 * 1024 * 1024) };
    const start = workflowStarter(temporal, { taskQueue: nextTaskQueue() });
    await expect(start(NOBODY, huge)).rejects.toMatchObject({ code: 'start_refused' });
  });
});

describe('when Temporal comes back', () => {
  it('all campaigns are started but those that it refuses, which have failed and hold no other up', async () => {
    const options = { executable, dbFilename: join(directory, 'back.db'), logFile: join(directory, 'back.log') };
    let back = await startDevServer({ ...options, port: 0 });
    closing.push(() => back.stop());
    const db = await createTestDatabase();
    closing.push(() => db.drop());
    const env = { TEMPORAL_ADDRESS: back.address };
    const client = await connectTemporal({ env });
    closing.push(() => client.connection.close());
    const gateway = await startRingfenceGateway({
      connections: TRUEDY_ALONE,
      databaseUrl: db.url,
      temporal: client,
      taskQueue: nextTaskQueue(),
      port: 0,
      apiKey: KEYS.write,
      logger: pino({ level: 'silent' }),
    });
    closing.push(() => gateway.close());
    const create = async (): Promise<string> => {
      const reply = await fetch(`${gateway.url}${API_ROOT}/batch-calls`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(reply.status).toBe(201);
      return ((await reply.json()) as { data: { id: string } }).data.id;
    };

    await back.kill();
    const poisoned = [await create(), await create()];
    // More than the server takes of one input, and more than it reads at all.
    for (const [index, outcomes] of [280_000, 460_000].entries()) {
      await db.pool.query(
        `update campaigns set spec = jsonb_set(spec, '{retry_on}', to_jsonb(array_fill('no_answer'::text, array[$2::int])))
          where id = $1`,
        [poisoned[index], outcomes],
      );
    }
    const sound = await Promise.all(Array.from({ length: 30 }, create));
    await db.pool.query(`update campaigns set created_at = now() - interval '1 minute' where id = any($1)`, [poisoned]);

    back = await startDevServer({ ...options, port: Number(back.address.split(':')[1]) });
    expect(back.address).toBe(env.TEMPORAL_ADDRESS);
    await vi.waitFor(
      async () => {
        const { rows } = await db.pool.query<{ started: boolean; status: string; ids: string[] }>(
          `select workflow_started_at is not null as started, status, array_agg(id::text order by id) as ids
             from campaigns group by 1, 2 order by 1`,
        );
        expect(rows).toEqual([
          { started: false, status: 'failed', ids: poisoned.toSorted() },
          { started: true, status: 'active', ids: sound.toSorted() },
        ]);
      },
      { interval: 100 },
    );
    const { rows } = await db.pool.query(`select failure from campaigns where status = 'failed' order by failure`);
    expect(rows).toMatchObject([{ failure: REASON }, { failure: expect.stringMatching(/^its terms take \d+ bytes/) }]);
  });
});
