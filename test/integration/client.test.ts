import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import Long from 'long';
import { pino } from 'pino';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { CampaignClient } from '../../client/campaign-client.ts';
import { connectTemporal } from '../../client/temporal/connection.ts';
import { EventDelivery, eventSignaller } from '../../gateway/temporal/event-delivery.ts';
import { workflowRestarter, workflowStarter } from '../../gateway/temporal/start-workflow.ts';
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
  readonly campaigns: CampaignClient;
  readonly baseUrl: string;
  /** Breaks off this many of the requests that come next. */
  readonly gatewayAway: (requests: number) => void;
}

/** Workers, provider and a gateway that listens, with a client that knows both the gateway and Temporal. */
async function openSystem(options: SystemHarnessOptions = {}): Promise<System> {
  const harness = await SystemHarness.start({ ...options, provider: { webhookSecrets: [SECRET] } });
  closing.push(() => harness.close());
  await addApiKey(harness.db.pool, { account: 'acme', name: 'test', scope: 'write', hash: hashKey(KEY) });
  const provider = harness.provider();
  const campaigns = new CampaignClient({ temporal: harness.client });
  // A command that no worker answers is given up after this time instead of the usual one.
  const soon = { timeoutMs: 1_000 };
  const app = await buildGateway({
    pool: harness.db.pool,
    connections: connectionsTo(provider),
    campaigns: {
      pause: (id) => campaigns.pause(id, soon),
      resume: (id) => campaigns.resume(id, soon),
      cancel: (id) => campaigns.cancel(id, soon),
      edit: (id, edit) => campaigns.edit(id, edit, soon),
    },
    startCampaign: workflowStarter(harness.client, { taskQueue: harness.taskQueue }),
    restartWorkflow: workflowRestarter(harness.client, { taskQueue: harness.taskQueue }),
    readWorkflowStatus: (campaignId) => readWorkflowStatus(harness.client, campaignId),
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
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  closing.push(
    () => provider.close(),
    () => app.close(),
  );
  harness.simulator.setWebhook({ url: `${address}/webhooks/${provider.name}`, secret: SECRET });
  return {
    harness,
    app,
    campaigns: new CampaignClient({ temporal: harness.client, api: { baseUrl: address + API_ROOT, key: KEY } }),
    baseUrl: address + API_ROOT,
    gatewayAway: (requests) => (toBreakOff = requests),
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
  const { id } = await campaigns.start(campaignOf(slots + 3, { max_concurrent_calls: slots }));
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
      campaigns.start(campaign, { idempotencyKey }),
      campaigns.start(campaign, { idempotencyKey }),
    ]);
    expect(repeat).toEqual(first);
    const result = await campaigns.result(first.id);
    expect(result).toMatchObject({ campaign_id: first.id, status: 'completed' });
    expect(result.buckets.completed + result.buckets.failed).toBe(20);
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
      campaigns.edit(id, { max_calls_per_day: 77 }),
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
    const updateId = nextId('pause');
    const first = await system.campaigns.pause(id, { updateId });
    expect(await system.campaigns.pause(id, { updateId })).toEqual(first);
  });

  it('is not said to be paused when no worker answers, and is as soon as one does', async () => {
    const system = await openSystem();
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
    const soon = { timeoutMs: 500 };
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
    for (const ask of ['pause', 'resume', 'cancel', 'progress', 'result'] as const) {
      await expect(campaigns[ask](NOBODY)).rejects.toMatchObject({ name: 'RingfenceError', code: 'not_found' });
    }
  });

  it('passes the gateway’s refusals on as they are', async () => {
    const { campaigns } = await openSystem();
    await expect(campaigns.start(campaignOf(0))).rejects.toMatchObject({
      code: 'validation_error',
      details: { field: 'contacts', http_status: 422 },
    });
  });
});

describe('over HTTP alone', () => {
  const overHttp = async (options: SystemHarnessOptions = {}) => {
    const system = await openSystem(options);
    const api = { baseUrl: system.baseUrl, key: KEY };
    return { ...system, temporal: system.campaigns, campaigns: new CampaignClient({ api }) };
  };

  it('a campaign is started and awaited, through pauses of its gateway', async () => {
    const { harness, campaigns, gatewayAway } = await overHttp({ simulator: { timeScale: 1_000 } });
    const { id } = await campaigns.start(campaignOf(6, { max_concurrent_calls: 2 }));
    const result = campaigns.result(id.toUpperCase());
    gatewayAway(3);
    expect(await result).toMatchObject({ campaign_id: id, status: 'completed' });
    const { buckets } = await result;
    expect(buckets.completed + buckets.failed).toBe(6);
    expect(await campaigns.progress(id)).toMatchObject({ status: 'completed', in_flight: 0, buckets });
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 6 });
    await expect(campaigns.pause(id)).rejects.toMatchObject({ code: 'wrong_state' });
  });

  it('a campaign is paused, edited, resumed and cancelled, and its workflow says the same', async () => {
    const system = await overHttp();
    const { campaigns, temporal } = system;
    const id = await withLiveCalls({ ...system, campaigns: temporal }, 2);

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
    expect(edited).toEqual({ status: 'paused', waiting_for: null, until: null, edited_at: expect.any(String) });
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
    const { harness, campaigns } = await overHttp();
    await harness.stopWorkers();
    const { id } = await campaigns.start(campaignOf(1));
    expect(await campaigns.pause(id)).toEqual({ acknowledged: false });
  });

  it('a campaign whose workflow was ended from outside has no result', async () => {
    const system = await overHttp();
    const id = await withLiveCalls({ ...system, campaigns: system.temporal }, 1);
    await system.harness.handle(id).terminate();
    await expect(system.campaigns.pause(id)).rejects.toMatchObject({ code: 'wrong_state' });
    await expect(system.campaigns.result(id)).rejects.toMatchObject({
      code: 'wrong_state',
      details: { status: 'interrupted', reason: 'terminated' },
    });
  });

  it('what nobody gave an id, and what the gateway decides, is refused', async () => {
    const { campaigns } = await overHttp();
    for (const ask of ['pause', 'resume', 'cancel', 'progress', 'result'] as const) {
      await expect(campaigns[ask](NOBODY)).rejects.toMatchObject({ code: 'not_found' });
      await expect(campaigns[ask]('../contacts')).rejects.toMatchObject({ code: 'not_found', field: 'id' });
    }
    await expect(campaigns.pause(NOBODY, { updateId: 'once' })).rejects.toMatchObject({
      code: 'misconfigured',
      field: 'updateId',
    });
    await expect(campaigns.edit(NOBODY, {}, { timeoutMs: 1 })).rejects.toMatchObject({ field: 'timeoutMs' });
    expect(() => new CampaignClient({})).toThrow(expect.objectContaining({ code: 'misconfigured', field: 'api' }));
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
    expect(await description.staticDetails()).toContain('At most 10 calls at a time');
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

describe('a client without a server', () => {
  it('says that Temporal cannot be reached', async () => {
    const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    await expect(CampaignClient.connect({ env: nowhere, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'temporal_unavailable',
    });
    const lazy = await CampaignClient.connect({ env: nowhere, lazy: true });
    closing.push(() => lazy.close());
    await expect(lazy.pause(NOBODY, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'temporal_unavailable' });
  });

  it('says that the gateway cannot be reached, and what it needs to reach one', async () => {
    const api = { baseUrl: 'http://127.0.0.1:1', key: 'any' };
    const lazy = await CampaignClient.connect({ env: {}, lazy: true, api });
    closing.push(() => lazy.close());
    await expect(lazy.start(campaignOf(1))).rejects.toMatchObject({ code: 'api_unreachable' });
    const without = await CampaignClient.connect({ env: {}, lazy: true });
    closing.push(() => without.close());
    await expect(without.start(campaignOf(1))).rejects.toMatchObject({ code: 'misconfigured' });
  });

  it('names what is wrong with its configuration', async () => {
    await expect(CampaignClient.connect({ profile: 'nobody-made-this', env: {} })).rejects.toMatchObject({
      code: 'misconfigured',
    });
  });
});
