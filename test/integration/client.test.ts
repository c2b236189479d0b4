import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import Long from 'long';
import { pino } from 'pino';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { Ringfence } from '../../client/index.ts';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { controlOverTemporal } from '../../client/temporal/control-over-temporal.ts';
import { editOverTemporal } from '../../client/temporal/edit-over-temporal.ts';
import { EventDelivery, eventSignaller } from '../../gateway/temporal/event-delivery.ts';
import { commandRecaller } from '../../gateway/temporal/recall-command.ts';
import { campaignNotifier } from '../../gateway/temporal/notify-campaign.ts';
import { workflowRestarter, workflowStarter } from '../../gateway/temporal/start-workflow.ts';
import { coordinatorWaker } from '../../gateway/temporal/wake-coordinators.ts';
import { readWorkflowStatus } from '../../gateway/temporal/workflow-status.ts';
import { addApiKey, hashKey } from '../../db/api-keys.ts';
import {
  campaignTerms,
  CreateCampaign,
  type CreateCampaignInput,
  engineSpec,
} from '../../domain/api/campaign-request.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { buildGateway } from '../../gateway/app.ts';
import { nextId, nextTaskQueue } from '../support/factories/ids.ts';
import { SystemHarness, type SystemHarnessOptions } from '../support/harness/system-harness.ts';
import { connectionsTo } from '../support/factories/connections.ts';

const KEY = 'client-test-key-1';
const SECRET = 'whsec_client';
const PATIENCE = { interval: 50 };
const NOBODY = '00000000-0000-4000-8000-000000000000';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface System {
  readonly harness: SystemHarness;
  readonly app: FastifyInstance;
  /** A client with a connection to Temporal. */
  readonly campaigns: Ringfence['campaigns'];
  readonly baseUrl: string;
  /** Breaks off this many of the requests that come next. */
  readonly gatewayAway: (requests: number) => void;
  /** Carries out the requests that come next, and loses this many of the answers. */
  readonly loseAnswers: (answers: number) => void;
}

/** Commands that no worker answers are given up after this time, where none is to answer. */
const SOON_MS = 1_000;

/** Workers, provider and a gateway that listens, with a client that knows both the gateway and Temporal. */
async function openSystem(options: SystemHarnessOptions = {}, commandTimeoutMs = 30_000): Promise<System> {
  const harness = await SystemHarness.start({ ...options, provider: { webhookSecrets: [SECRET] } });
  closing.push(() => harness.close());
  await addApiKey(harness.db.pool, { account: 'acme', name: 'test', scope: 'write', hash: hashKey(KEY) });
  const provider = harness.provider();
  const control = controlOverTemporal(harness.client);
  const editing = editOverTemporal(harness.client);
  const given = { timeoutMs: commandTimeoutMs };
  const app = await buildGateway({
    pool: harness.db.pool,
    connections: connectionsTo(provider),
    campaigns: {
      pause: (id, options) => control.pause(id, { ...options, ...given }),
      resume: (id, options) => control.resume(id, { ...options, ...given }),
      cancel: (id, options) => control.cancel(id, { ...options, ...given }),
      edit: (id, change) => editing.edit(id, change, given),
    },
    startCampaign: workflowStarter(harness.client, { taskQueue: harness.taskQueue }),
    restartWorkflow: workflowRestarter(harness.client, { taskQueue: harness.taskQueue }),
    readWorkflowStatus: (campaignId) => readWorkflowStatus(harness.client, campaignId),
    wakeCoordinators: coordinatorWaker(harness.client, harness),
    recallCommand: commandRecaller(harness.client),
    notify: campaignNotifier(harness.client),
    delivery: new EventDelivery(eventSignaller(harness.client)),
    pingTemporal: async () => {},
    logger: pino({ level: 'silent' }),
    clock: Date.now,
  });
  let toBreakOff = 0;
  app.addHook('onRequest', async ({ raw }) => {
    if (toBreakOff === 0) return;
    toBreakOff -= 1;
    raw.socket.destroy();
  });
  let toLose = 0;
  app.addHook('onSend', async ({ raw, routeOptions }) => {
    if (toLose === 0 || !routeOptions.url?.startsWith(API_ROOT)) return;
    toLose -= 1;
    raw.socket.destroy();
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  closing.push(
    () => provider.close(),
    () => app.close(),
  );
  harness.simulator.setWebhook({ url: `${address}/webhooks/${provider.name}`, secret: SECRET });
  return {
    harness,
    app,
    campaigns: new Ringfence({ baseUrl: address + API_ROOT, apiKey: KEY, temporal: harness.client }).campaigns,
    baseUrl: address + API_ROOT,
    gatewayAway: (requests) => (toBreakOff = requests),
    loseAnswers: (answers) => (toLose = answers),
  };
}

function campaignOf(people: number, more: Partial<CreateCampaignInput> = {}): CreateCampaignInput {
  return {
    name: nextId('campaign'),
    agent_id: 'agent-1',
    contacts: Array.from({ length: people }, (_, index) => ({
      phone_number: `+141555501${String(index).padStart(2, '0')}`,
    })),
    working_days: [1, 2, 3, 4, 5, 6, 7],
    ...more,
  };
}

const command = async (app: FastifyInstance, id: string, name: string) => {
  const reply = await app.inject({
    method: 'POST',
    url: `${API_ROOT}/batch-calls/${id}/${name}`,
    headers: { authorization: `Bearer ${KEY}` },
  });
  const { data, error } = reply.json<{ data?: Record<string, unknown>; error?: { code: string } }>();
  return { status: reply.statusCode, data, code: error?.code };
};

/** Starts a campaign whose calls last, and waits until all its slots are in use. */
async function withLiveCalls({ harness, campaigns }: System, slots: number): Promise<string> {
  const { id } = await campaigns.create(campaignOf(slots + 3, { max_concurrent_calls: slots }));
  closing.push(() =>
    harness
      .handle(id)
      .terminate()
      .catch(() => {}),
  );
  await vi.waitFor(async () => expect((await campaigns.progress(id)).in_flight).toBe(slots), PATIENCE);
  return id;
}

describe('a campaign, from any backend', () => {
  it('is started, followed and awaited; its calls end by webhooks', async () => {
    const { harness, campaigns } = await openSystem({ simulator: { timeScale: 1_000 } });
    const campaign = campaignOf(20, { max_concurrent_calls: 5 });
    const idempotencyKey = nextId(`key-${process.pid}`);
    const [first, repeat] = await Promise.all([
      campaigns.create(campaign, { idempotencyKey }),
      campaigns.create(campaign, { idempotencyKey }),
    ]);
    expect(repeat).toEqual(first);
    const ended = await campaigns.untilOver(first.id);
    expect(ended).toMatchObject({ id: first.id, status: 'completed' });
    expect(ended.completed + ended.failed).toBe(20);
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 20, duplicate_keys: 0 });
    await expect(campaigns.pause(first.id)).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('is paused, resumed and cancelled, each with its acknowledgement', async () => {
    const system = await openSystem();
    const { campaigns, app } = system;
    const id = await withLiveCalls(system, 2);

    const paused = await campaigns.pause(id);
    expect(paused).toMatchObject({ acknowledged: true, status: 'paused', paused_at: expect.any(String), unknown: [] });
    expect(paused.acknowledged && paused.live).toHaveLength(2);
    expect(await campaigns.progress(id)).toMatchObject({ status: 'paused' });
    await expect(campaigns.pause(id)).rejects.toMatchObject({ code: 'wrong_state' });
    expect(await command(app, id, 'pause')).toMatchObject({ status: 409, code: 'wrong_state' });

    expect(await command(app, id, 'resume')).toMatchObject({
      status: 200,
      data: { id, acknowledged: true, status: 'active', resumed_at: expect.any(String) },
    });
    await expect(campaigns.resume(id)).rejects.toMatchObject({ code: 'wrong_state' });
    expect(await command(app, id, 'pause')).toMatchObject({ status: 200, data: { id, status: 'paused' } });
    const shown = await system.harness.client.workflow
      .getHandle(workflowId(id))
      .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(shown.currentDetails).toMatch(/^- Paused: \S+ \S+ UTC, by `API key test`$/m);

    expect(await campaigns.cancel(id)).toMatchObject({ acknowledged: true, cancel_requested_at: expect.any(String) });
    await expect(campaigns.resume(id)).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('keeps both of two edits that are made at the same time, in its workflow and on record', async () => {
    const system = await openSystem();
    const { campaigns, app } = system;
    const id = await withLiveCalls(system, 1);
    const patch = (payload: Record<string, unknown>) =>
      app.inject({
        method: 'PATCH',
        url: `${API_ROOT}/batch-calls/${id}`,
        headers: { authorization: `Bearer ${KEY}` },
        payload,
      });
    const [, patched, direct] = await Promise.all([
      patch({ start_time: '00:00', end_time: '24:00' }),
      patch({ max_concurrent_calls: 2 }),
      editOverTemporal(system.harness.client).edit(id, { max_calls_per_day: 77 }),
    ]);
    expect(patched.statusCode).toBe(200);
    expect(direct).toMatchObject({ status: 'active', edited_at: expect.any(String) });
    expect(await campaigns.progress(id)).toMatchObject({ max_concurrent_calls: 2, max_calls_per_day: 77 });
    const { data } = (await patch({ retry_failed: true })).json<{ data: unknown }>();
    expect(data).toMatchObject({
      max_concurrent_calls: 2,
      max_calls_per_day: 77,
      start_time: '00:00',
      end_time: '24:00',
      retry_failed: true,
      max_retry_attempts: 1,
    });
    await campaigns.edit(id, { max_retry_attempts: 3 });
    await campaigns.edit(id, { retry_failed: false });
    expect((await patch({ max_concurrent_calls: 3 })).json<{ data: unknown }>().data).toMatchObject({
      retry_failed: false,
      max_retry_attempts: 3,
    });
    // Only as many as before: the campaign itself remembers how many that were.
    await campaigns.edit(id, { retry_failed: true });
    expect((await patch({ max_concurrent_calls: 2 })).json<{ data: unknown }>().data).toMatchObject({
      retry_failed: true,
      max_retry_attempts: 3,
    });
    const none = { retry_failed: true, max_retry_attempts: 0 };
    expect((await patch(none)).json()).toMatchObject({
      error: { code: 'validation_error', details: { field: 'max_retry_attempts' } },
    });
    await expect(campaigns.edit(id, none)).rejects.toMatchObject({ field: 'max_retry_attempts' });
    expect((await patch({ max_retry_attempts: 0 })).json<{ data: unknown }>().data).toMatchObject({
      retry_failed: false,
      max_retry_attempts: 0,
    });

    await expect(campaigns.edit(id, { end_time: null })).rejects.toMatchObject({
      code: 'validation_error',
      field: 'end_time',
    });
    await expect(campaigns.edit(id, { ends_at: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({ field: 'ends_at' });
    await expect(campaigns.edit(NOBODY, { max_concurrent_calls: 1 })).rejects.toMatchObject({ code: 'not_found' });
    await campaigns.cancel(id);
    await expect(campaigns.edit(id, { max_concurrent_calls: 1 })).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('takes a command once, however often it is sent under one id', async () => {
    const system = await openSystem();
    const id = await withLiveCalls(system, 1);
    const idempotencyKey = nextId('pause');
    const first = await system.campaigns.pause(id, { idempotencyKey });
    expect(await system.campaigns.pause(id, { idempotencyKey })).toEqual(first);
  });

  it('is not said to be paused when no worker answers, and is as soon as one does', async () => {
    const system = await openSystem({}, SOON_MS);
    const { harness, app, campaigns } = system;
    const id = await withLiveCalls(system, 1);
    await harness.stopWorkers();
    expect(await command(app, id, 'pause')).toEqual({
      status: 202,
      data: { id, acknowledged: false, status: 'active' },
      code: undefined,
    });
    await harness.startWorkers();
    await vi.waitFor(async () => expect((await campaigns.progress(id)).status).toBe('paused'), PATIENCE);
  });

  it('does what it was told last, when no worker answered at the time', async () => {
    const system = await openSystem();
    const { harness, campaigns } = system;
    const id = await withLiveCalls(system, 1);
    const soon = { timeoutMs: SOON_MS };
    await harness.stopWorkers();
    expect(await campaigns.pause(id, soon)).toEqual({ acknowledged: false });
    expect(await campaigns.resume(id, soon)).toEqual({ acknowledged: false });
    await harness.startWorkers();
    // Answered after everything before it: the updates that nobody answered have had their turn by then.
    expect(await campaigns.pause(id)).toMatchObject({ acknowledged: true });

    await harness.stopWorkers();
    expect(await campaigns.resume(id, soon)).toEqual({ acknowledged: false });
    expect(await campaigns.pause(id, soon)).toEqual({ acknowledged: false });
    await harness.startWorkers();
    await expect(campaigns.pause(id)).rejects.toMatchObject({ code: 'wrong_state' });
    expect((await campaigns.progress(id)).status).toBe('paused');
  });

  it('is unknown under an id that nobody gave', async () => {
    const { campaigns } = await openSystem();
    for (const ask of ['pause', 'resume', 'cancel', 'progress', 'untilOver'] as const) {
      // Temporal knows no such workflow, and the gateway no such campaign.
      await expect(campaigns[ask](NOBODY)).rejects.toMatchObject({ code: 'not_found', status: 404, field: 'id' });
    }
  });

  it('passes the gateway’s refusals on as they are', async () => {
    const { campaigns } = await openSystem();
    await expect(campaigns.create(campaignOf(0))).rejects.toMatchObject({
      code: 'validation_error',
      field: 'contacts',
      status: 422,
      requestId: expect.any(String),
    });
  });
});

describe('over HTTP alone', () => {
  const overHttp = async (options: SystemHarnessOptions = {}, commandTimeoutMs?: number) => {
    const system = await openSystem(options, commandTimeoutMs);
    const ringfence = new Ringfence({ baseUrl: system.baseUrl, apiKey: KEY });
    return { ...system, temporal: system.campaigns, campaigns: ringfence.campaigns, ringfence };
  };

  it('a campaign is started and awaited, through pauses of its gateway', async () => {
    const { harness, campaigns, gatewayAway } = await overHttp({ simulator: { timeScale: 1_000 } });
    const { id } = await campaigns.create(campaignOf(6, { max_concurrent_calls: 2 }));
    const over = campaigns.untilOver(id.toUpperCase(), { maxRetries: 0 });
    gatewayAway(3);
    expect(await over).toMatchObject({ id, status: 'completed' });
    const { completed, failed } = await over;
    expect(completed + failed).toBe(6);
    const progress = await campaigns.progress(id);
    expect(progress).toMatchObject({ status: 'completed', in_flight: 0, buckets: { completed, failed } });
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 6 });
    await expect(campaigns.pause(id)).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('a campaign is paused, edited, resumed and cancelled, and its workflow says the same', async () => {
    const system = await overHttp();
    const { campaigns, temporal } = system;
    const id = await withLiveCalls({ ...system, campaigns: temporal }, 2);

    // The repeat would be refused, because the campaign is paused already, if it were another command.
    system.loseAnswers(1);
    const paused = await campaigns.pause(id);
    expect(paused).toEqual({
      acknowledged: true,
      status: 'paused',
      paused_at: expect.any(String),
      live: [expect.any(String), expect.any(String)],
      unknown: [],
    });
    expect(await temporal.progress(id)).toMatchObject({ status: 'paused' });

    const edited = await campaigns.edit(id, { max_calls_per_day: 77 });
    expect(edited).toMatchObject({ id, status: 'paused', max_calls_per_day: 77 });
    const { late_events, duplicate_events, malformed_signals, ...seen } = await temporal.progress(id);
    expect([late_events, duplicate_events, malformed_signals]).toEqual([0, 0, 0]);
    await vi.waitFor(async () => expect(await campaigns.progress(id)).toEqual(seen), PATIENCE);

    expect(await campaigns.resume(id)).toEqual({
      acknowledged: true,
      status: 'active',
      resumed_at: expect.any(String),
    });
    const cancelled = await campaigns.cancel(id);
    expect(cancelled).toEqual({
      acknowledged: true,
      status: expect.any(String),
      cancel_requested_at: expect.any(String),
    });
    await expect(campaigns.edit(id, { max_concurrent_calls: 1 })).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('a command is not acknowledged when no worker answers', async () => {
    const { harness, campaigns } = await overHttp({}, SOON_MS);
    await harness.stopWorkers();
    const { id } = await campaigns.create(campaignOf(1));
    expect(await campaigns.pause(id)).toEqual({ acknowledged: false });
  });

  it('a campaign whose workflow was ended from outside is not waited for', async () => {
    const system = await overHttp();
    const id = await withLiveCalls({ ...system, campaigns: system.temporal }, 1);
    await system.harness.handle(id).terminate();
    await expect(system.campaigns.pause(id)).rejects.toMatchObject({ code: 'wrong_state' });
    await expect(system.campaigns.untilOver(id)).rejects.toMatchObject({
      code: 'wrong_state',
      details: { status: 'interrupted', reason: 'terminated' },
    });
  });

  it('a campaign whose workflow was ended from outside is cancelled by the gateway, also with a connection to Temporal', async () => {
    const system = await overHttp();
    const id = await withLiveCalls({ ...system, campaigns: system.temporal }, 1);
    await system.harness.handle(id).terminate();
    await expect(system.temporal.pause(id)).rejects.toMatchObject({ code: 'wrong_state', status: 409 });
    await system.campaigns.restart(id);
    expect(await system.temporal.pause(id)).toMatchObject({ acknowledged: true });
    await system.harness.handle(id).terminate();
    await expect(system.temporal.resume(id)).rejects.toMatchObject({ details: { reason: 'terminated' } });
    expect(await system.temporal.cancel(id)).toMatchObject({ acknowledged: true });
  });

  it('contacts are imported, listed, suppressed and explained', async () => {
    const { ringfence, campaigns } = await overHttp();
    const folder = await ringfence.folders.create({ name: nextId('folder') });
    const file = Buffer.from('phone,first_name\n+14155550101,Ada\n+14155550102,Grace\nnonsense,Alan\n');
    const sent: number[] = [];
    const imported = await ringfence.contacts.import(
      file,
      { folder_id: folder.id },
      { onProgress: ({ sentBytes }) => void sent.push(sentBytes) },
    );
    expect(imported).toMatchObject({ imported: 2, errors: 1, error_details: [{ row: 4 }] });
    expect(sent).toEqual([file.length]);
    const numbers: string[] = [];
    for await (const { phone_number } of ringfence.contacts.list({ folder_id: folder.id, limit: 1 })) {
      numbers.push(phone_number);
    }
    expect(numbers.toSorted()).toEqual(['+14155550101', '+14155550102']);
    expect((await ringfence.connections.list()).data).toMatchObject([{ provider: 'truedy', ready: true }]);
    const twice = await ringfence.folders.create({ name: folder.name }).catch((error: unknown) => error);
    expect(twice).toMatchObject({ code: 'conflict', field: 'name' });

    await ringfence.suppressions.create({ phone_number: '+1 415 555 0102', reason: 'asked' });
    expect((await ringfence.suppressions.list()).data).toMatchObject([{ phone_number: '+14155550102' }]);
    const later = { schedule_type: 'scheduled', scheduled_at: '2099-01-01T00:00:00Z' } as const;
    const plan = { contact_source: 'folder', contact_folder_id: folder.id, ...later } as const;
    expect(await campaigns.forecast(plan)).toMatchObject({ contacts: 2, status: null });
    const { id } = await campaigns.create({ name: nextId('campaign'), agent_id: 'agent-1', ...plan });
    expect(await campaigns.forecast(id, { call_seconds: 60 })).toMatchObject({ assumed: { call_seconds: 60 } });
    const page = await campaigns.contacts(id, { status: 'pending' });
    expect(page.pagination.total).toBe(2);
    const explained = await campaigns.explain(id, page.data[0]!.contact_id);
    expect(explained).toMatchObject({ call_status: 'pending', gate: 'start', attempts: [] });
    expect((await campaigns.list({ status: 'scheduled' })).data.map((campaign) => campaign.id)).toContain(id);
    await campaigns.cancel(id);
    await campaigns.untilOver(id);
    expect(await campaigns.delete(id)).toEqual({ id, deleted: true });
    await ringfence.suppressions.delete('+14155550102');
    expect(await ringfence.folders.delete(folder.id)).toEqual({ id: folder.id, deleted: true });
  });
});

describe('starting a workflow', () => {
  const spec = engineSpec(campaignTerms(CreateCampaign.parse(campaignOf(1)), 'truedy'));

  async function client(namespace = 'default'): Promise<Client> {
    const { connection } = await connectTemporal({ env: { TEMPORAL_ADDRESS: inject('temporalAddress') } });
    closing.push(() => connection.close());
    return new Client({ connection, namespace });
  }

  it('changes nothing when it was started before, even after it has ended', async () => {
    const temporal = await client();
    const start = workflowStarter(temporal, { taskQueue: nextTaskQueue() });
    const id = randomUUID();
    await start(id, spec);
    const handle = temporal.workflow.getHandle(workflowId(id));
    const { runId } = await handle.describe();
    await start(id, spec);
    await handle.terminate();
    await start(id, spec);
    expect(await handle.describe()).toMatchObject({ runId, status: { name: 'TERMINATED' } });
  });

  it('says what it is in the Web UI, without anybody’s data', async () => {
    const temporal = await client();
    const id = randomUUID();
    await workflowStarter(temporal, { taskQueue: nextTaskQueue() })(id, spec);
    const handle = temporal.workflow.getHandle(workflowId(id));
    closing.push(() => handle.terminate());
    const description = await handle.describe();
    expect(description.typedSearchAttributes.toJSON().map(({ value }) => value)).toEqual(
      expect.arrayContaining([spec.name, 'agent-1', 'scheduled']),
    );
    expect(await description.staticSummary()).toContain(spec.name);
    expect(await description.staticDetails()).toContain('Agent: `agent-1`');
  });

  it('does without search attributes where the server does not know them', async () => {
    const namespace = nextId(`bare-${process.pid}`);
    const temporal = await client(namespace);
    await temporal.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: Long.fromNumber(86_400) },
    });
    const start = workflowStarter(temporal, { taskQueue: nextTaskQueue() });
    const id = randomUUID();
    // A new namespace takes a moment to be known to all parts of the server.
    await vi.waitFor(() => start(id, spec), PATIENCE);
    const { typedSearchAttributes, status } = await temporal.workflow.getHandle(workflowId(id)).describe();
    expect([typedSearchAttributes.toJSON(), status.name]).toEqual([[], 'RUNNING']);
  });
});

describe('without a server', () => {
  it('says that Temporal cannot be reached', async () => {
    const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    await expect(connectTemporal({ env: nowhere, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'temporal_unavailable',
    });
    const temporal = await connectTemporal({ env: nowhere, lazy: true });
    closing.push(() => temporal.connection.close());
    const { campaigns } = new Ringfence({ baseUrl: 'http://127.0.0.1:1', apiKey: 'any', temporal });
    await expect(campaigns.pause(NOBODY, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'temporal_unavailable' });
    const signal = AbortSignal.timeout(10);
    await expect(campaigns.pause(NOBODY, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('names what is wrong with the configuration', async () => {
    await expect(connectTemporal({ profile: 'nobody-made-this', env: {} })).rejects.toMatchObject({
      code: 'misconfigured',
    });
    for (const address of ['http://127.0.0.1:7233', '127.0.0.1:7233/', '127.0.0.1:port', ' ', 'two words']) {
      for (const lazy of [false, true]) {
        const connecting = connectTemporal({ env: { TEMPORAL_ADDRESS: address }, lazy });
        await expect(connecting).rejects.toMatchObject({ code: 'misconfigured', field: 'TEMPORAL_ADDRESS' });
      }
    }
  });

  it('names the namespace that the server does not have', async () => {
    const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'of-nobody' };
    const temporal = await connectTemporal({ env });
    closing.push(() => temporal.connection.close());
    const { campaigns } = new Ringfence({ baseUrl: 'http://127.0.0.1:1', apiKey: 'any', temporal });
    for (const call of [() => campaigns.pause(NOBODY), () => campaigns.progress(NOBODY)]) {
      await expect(call()).rejects.toMatchObject({
        code: 'temporal_unavailable',
        message: expect.stringContaining('no namespace "of-nobody": correct TEMPORAL_NAMESPACE'),
      });
    }
  });
});
