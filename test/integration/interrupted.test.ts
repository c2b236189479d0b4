/** Campaigns whose workflow was ended from outside: noticed, shown, restarted, cancelled, deleted. */
import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import { describe, expect, inject, it, vi } from 'vitest';
import { pino } from 'pino';
import { coordinatorWaker } from '../../gateway/temporal/wake-coordinators.ts';
import { readWorkflowStatus } from '../../gateway/temporal/workflow-status.ts';
import { engineSpec } from '../../domain/api/campaign-request.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { findCommanded } from '../../db/campaigns.ts';
import { API_ROOT } from '../../domain/api/api-root.ts';
import { reconcile, type ReconcileOptions, startReconciling } from '../../gateway/background/reconciler.ts';
import { CAMPAIGN_WORKFLOW } from '../../workflows/messages.ts';
import { openGateway } from '../support/harness/gateway.ts';
import { SystemHarness, HARNESS_API_KEY } from '../support/harness/system-harness.ts';
import { captureCli, closing, err, out, runCli } from '../support/harness/cli.ts';

captureCli();

const LATER = { schedule_type: 'scheduled', scheduled_at: '2099-01-01T00:00:00Z' } as const;
/** Ids that no workflow has. */
const FORGOTTEN = Array.from({ length: 5 }, (_, index) => `00000000-0000-4000-8000-00000000000${index}`);

async function openHarness(timeScale: number): Promise<SystemHarness> {
  const harness = await SystemHarness.start({ simulator: { timeScale } });
  closing.push(() => harness.close());
  vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
  vi.stubEnv('RINGFENCE_API_URL', harness.apiUrl + API_ROOT);
  vi.stubEnv('RINGFENCE_API_KEY', HARNESS_API_KEY);
  return harness;
}

/** Compares every campaign that is due with its workflow, as a gateway does once a second. */
function gatewayOf(harness: SystemHarness, more: Partial<ReconcileOptions> = {}) {
  const log: Record<string, unknown>[] = [];
  const options = {
    pool: harness.db.pool,
    readWorkflowStatus: (id: string) => readWorkflowStatus(harness.client, id),
    wakeCoordinators: coordinatorWaker(harness.client, harness),
    logger: pino({ level: 'warn' }, { write: (line: string) => void log.push(JSON.parse(line) as never) }),
    everyMs: 0,
    ...more,
  };
  const compare = async () => {
    await whenNoneIsHeld(harness);
    return reconcile(options);
  };
  return { log, options, compare };
}

/** An exchange that is under way, also one of a run that has ended, holds the row of its campaign; such a row is passed over. */
const whenNoneIsHeld = ({ db }: SystemHarness) =>
  vi.waitFor(async () => {
    const { rowCount } = await db.pool.query('select from campaigns for share skip locked');
    const { rows } = await db.pool.query<{ all: number }>('select count(*)::int as all from campaigns');
    expect(rowCount).toBe(rows[0]!.all);
  });

const pass = (harness: SystemHarness, column: 'workflow_started_at' | 'workflow_missing_since', seconds: number) =>
  harness.db.pool.query(`update campaigns set ${column} = ${column} - $1 * interval '1 second'`, [seconds]);

const whenAccepted = (harness: SystemHarness, calls: number) =>
  vi.waitFor(() => expect(harness.simulator.ledger().accepted).toBeGreaterThanOrEqual(calls), { timeout: 30_000 });

const read = async (harness: SystemHarness, id: string) =>
  (await harness.api('GET', `/batch-calls/${id}`)).data as Record<string, unknown>;

async function terminate(harness: SystemHarness, id: string): Promise<void> {
  await harness.handle(id).terminate('by hand, because of +12125550100');
  const { compare } = gatewayOf(harness);
  // A row that an exchange of the ended run still holds is passed over, and looked at the next time.
  await vi.waitFor(async () => {
    await compare();
    expect(await read(harness, id)).toMatchObject({ status: 'interrupted' });
  });
}

/** The workflow waits for the start, and has made the record its own. */
const whenScheduled = (harness: SystemHarness, id: string) =>
  vi.waitFor(async () => {
    expect(await harness.campaigns.progress(id)).toMatchObject({ status: 'scheduled' });
    const { rows } = await harness.db.pool.query('select owner_run_id from campaigns where id = $1', [id]);
    expect(rows).toEqual([{ owner_run_id: expect.any(String) }]);
  });

/** Fails the workflow by answering its next task in the worker's place. */
async function fail(harness: SystemHarness, id: string, type: string): Promise<void> {
  await harness.stopWorkers();
  await harness.handle(id).signal('pause');
  const service = harness.client.workflowService;
  let taskToken: Uint8Array | null | undefined;
  // Tasks of the worker's own cache queue come to the common one after a few seconds.
  while (!taskToken?.length) {
    const taskQueue = { name: harness.taskQueue };
    ({ taskToken } = await harness.client.withDeadline(Date.now() + 70_000, () =>
      service.pollWorkflowTaskQueue({ namespace: 'default', taskQueue, identity: 'by hand' }),
    ));
  }
  await service.respondWorkflowTaskCompleted({
    namespace: 'default',
    taskToken,
    identity: 'by hand',
    commands: [
      {
        commandType: proto.temporal.api.enums.v1.CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
        failWorkflowExecutionCommandAttributes: {
          failure: {
            message: 'Ada Lovelace at +12125550100',
            cause: { message: 'the same', applicationFailureInfo: { type } },
          },
        },
      },
    ],
  });
}

/** Sends requests that all find the campaign's row taken, and so are all under way before the first goes on. */
async function atOnce<T>(harness: SystemHarness, id: string, requests: number, send: () => Promise<T>): Promise<T[]> {
  const holder = await harness.db.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select from campaigns where id = $1 for update', [id]);
    const sent = Array.from({ length: requests }, send);
    await vi.waitFor(async () => {
      // Not by the holder: within a transaction the view stays as it was first read.
      const { rows } = await harness.db.pool.query<{ waiting: number }>(
        `select count(*)::integer as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rows).toEqual([{ waiting: requests }]);
    }, 20_000);
    await holder.query('commit');
    return await Promise.all(sent);
  } finally {
    holder.release();
  }
}

async function startByHand(harness: SystemHarness, id: string) {
  const recorded = await findCommanded(harness.db.pool, 'default', id);
  return harness.client.workflow.start(CAMPAIGN_WORKFLOW, {
    workflowId: workflowId(id),
    taskQueue: harness.taskQueue,
    args: [{ campaignId: id, spec: engineSpec(recorded!.terms) }],
  });
}

/** How many runs there have been under the campaign's workflow id. */
async function runsOf(harness: SystemHarness, id: string): Promise<number> {
  const runs = new Set<string>();
  for await (const { runId } of harness.client.workflow.list({ query: `WorkflowId = "${workflowId(id)}"` }))
    runs.add(runId);
  return runs.size;
}

describe('a campaign whose workflow was terminated', () => {
  it('is interrupted, says so wherever it is looked at, and goes on when it is restarted: nobody is called twice', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(40, { max_concurrent_calls: 5 });
    await whenAccepted(harness, 10);
    await harness.handle(id).terminate('by hand, because of +12125550100');
    const { log, compare } = gatewayOf(harness);
    await compare();

    expect(await read(harness, id)).toMatchObject({
      status: 'interrupted',
      waiting_for: null,
      interrupted: { reason: 'terminated', code: null, since: expect.any(String) },
    });
    expect(log).toMatchObject([{ level: 40, campaign: id, reason: 'terminated' }]);
    expect(JSON.stringify(log)).not.toContain('5550100');
    const listed = (await harness.api('GET', '/batch-calls?status=interrupted')).data as { id: string }[];
    expect(listed.map((campaign) => campaign.id)).toEqual([id]);
    const waiting = (await harness.api('GET', `/batch-calls/${id}/contacts?status=pending&limit=1`)).data as [
      { contact_id: string },
    ];
    expect((await harness.api('GET', `/batch-calls/${id}/contacts/${waiting[0].contact_id}`)).data).toMatchObject({
      campaign_status: 'interrupted',
      gate: 'interrupted',
      next_eligible_at: null,
    });
    expect((await harness.api('GET', `/batch-calls/${id}/forecast`)).data).toMatchObject({
      status: 'interrupted',
      outcome: 'interrupted',
      finishes_at: null,
      limited_by: [{ limit: 'interrupted' }],
      if_resumed_now: { outcome: 'finishes' },
    });
    for (const [method, path, body] of [
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['PATCH', '', { max_concurrent_calls: 3 }],
    ] as const) {
      expect(await harness.api(method, `/batch-calls/${id}${path}`, body)).toMatchObject({
        status: 409,
        data: {
          code: 'wrong_state',
          message: expect.stringMatching(/interrupted: its workflow was terminated.*\/restart.*\/cancel/),
          details: { status: 'interrupted', reason: 'terminated' },
        },
      });
    }

    expect(await harness.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 200,
      data: { id, status: 'active', restarted_at: expect.any(String) },
    });
    const { typedSearchAttributes } = await harness.handle(id).describe();
    expect(
      typedSearchAttributes
        .getAll()
        .map(({ key }) => key.name)
        .sort(),
    ).toEqual(expect.arrayContaining(['AgentId', 'CampaignName', 'CampaignStatus']));
    const result = await harness.result(id);
    expect(result.buckets.completed + result.buckets.failed).toBe(40);
    const ledger = harness.simulator.ledger();
    expect(ledger).toMatchObject({ accepted: 40, duplicate_keys: 0 });
    expect(ledger.peak_in_flight).toBeLessThanOrEqual(5);
    expect(await read(harness, id)).toMatchObject({ status: 'completed', interrupted: null });
    await compare();
    expect(await read(harness, id)).toMatchObject({ status: 'completed' });
  });

  it('is noticed by the command that finds it so: the refusal names the way out, and a cancel ends it', async () => {
    const harness = await openHarness(20);
    const id = await harness.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(harness, 3);
    await harness.handle(id).terminate('by hand');
    expect(await harness.api('POST', `/batch-calls/${id}/pause`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', message: expect.stringMatching(/\/restart/) },
    });
    expect(await read(harness, id)).toMatchObject({ status: 'interrupted' });

    const other = await harness.startCampaign(20, LATER);
    await harness.handle(other).terminate('by hand');
    expect(await harness.api('POST', `/batch-calls/${other}/cancel`)).toMatchObject({
      status: 200,
      data: { acknowledged: true },
    });
    expect(await harness.result(other)).toMatchObject({ status: 'cancelled', buckets: { skipped: 20 } });

    const third = await harness.startCampaign(1, LATER);
    await harness.handle(third).terminate('by hand');
    expect((await harness.api('POST', `/batch-calls/${third}/restart`)).status).toBe(200);
    expect((await harness.handle(third).describe()).status.name).toBe('RUNNING');
  });

  it('has no owner any more: a dial that the ended run still has under way is refused', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(30, { max_concurrent_calls: 4 });
    await whenAccepted(harness, 4);
    await terminate(harness, id);
    const { rows } = await harness.db.pool.query('select owner_run_id from campaigns where id = $1', [id]);
    expect(rows).toEqual([{ owner_run_id: null }]);
  });

  it.each(['the API', 'hand'])('stays paused when it was paused, started again by %s', async (by) => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(harness, 3);
    await harness.campaigns.pause(id);
    const { accepted } = harness.simulator.ledger();
    await terminate(harness, id);
    if (by === 'hand') await startByHand(harness, id);
    else expect((await harness.api('POST', `/batch-calls/${id}/restart`)).data).toMatchObject({ status: 'paused' });
    await vi.waitFor(
      async () => expect(await harness.campaigns.progress(id)).toMatchObject({ status: 'paused', in_flight: 0 }),
      {
        timeout: 30_000,
      },
    );
    expect(await read(harness, id)).toMatchObject({ status: 'paused', interrupted: null });
    expect(harness.simulator.ledger().accepted).toBe(accepted);
    await harness.campaigns.resume(id);
    await harness.result(id);
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 20, duplicate_keys: 0 });
  });

  it('is restarted once by any number of requests at once; what runs or is over is not', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(3, LATER);
    expect((await harness.api('POST', `/batch-calls/${id}/restart`)).data).toMatchObject({
      code: 'wrong_state',
      message: 'The campaign is scheduled; only an interrupted one can be restarted.',
    });
    await terminate(harness, id);
    // No worker tells the record that a run has come: only the requests do.
    await harness.stopWorkers();
    const answers = await atOnce(harness, id, 6, () => harness.api('POST', `/batch-calls/${id}/restart`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    await vi.waitFor(async () => expect(await runsOf(harness, id)).toBe(2));
    expect(await harness.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', details: { status: 'scheduled' } },
    });
    await harness.startWorkers();
    await harness.campaigns.cancel(id);
    await harness.result(id);
    expect(await harness.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', details: { status: 'cancelled' } },
    });
    expect(await runsOf(harness, id)).toBe(2);
    const nobody = await harness.api('POST', `/batch-calls/${randomUUID()}/restart`);
    expect(nobody).toMatchObject({ status: 404 });
  });

  it('is never run twice: a run that was started by hand is found, and brings the record back by its own adoption', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(12, { max_concurrent_calls: 2 });
    await whenAccepted(harness, 3);
    await terminate(harness, id);
    await harness.stopWorkers();
    const byHand = await startByHand(harness, id);
    expect(await harness.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({ status: 200 });
    expect((await harness.handle(id).describe()).runId).toBe(byHand.firstExecutionRunId);
    // As if nobody had asked: the run adopts by itself.
    await harness.db.pool.query(
      `update campaigns set status = 'interrupted', interrupted_from = 'active', interrupted_reason = 'terminated',
              interrupted_at = now() where id = $1`,
      [id],
    );
    await harness.startWorkers();
    await harness.result(id);
    expect(await read(harness, id)).toMatchObject({ status: 'completed', interrupted: null });
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 12, duplicate_keys: 0 });
  });

  it('ends when it is cancelled: live calls are followed to their end, everybody else is skipped', async () => {
    const harness = await openHarness(20);
    const id = await harness.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(harness, 3);
    await terminate(harness, id);
    const { accepted } = harness.simulator.ledger();
    expect(await harness.api('POST', `/batch-calls/${id}/cancel`)).toMatchObject({
      status: 200,
      data: { id, acknowledged: true, cancel_requested_at: expect.any(String) },
    });
    expect(await harness.result(id)).toMatchObject({
      status: 'cancelled',
      buckets: { skipped: 20 - accepted, in_progress: 0 },
    });
    expect(harness.callsOf(id).every(({ ended_at }) => ended_at !== null)).toBe(true);
    expect(harness.simulator.ledger().accepted).toBe(accepted);
    expect(await read(harness, id)).toMatchObject({ status: 'cancelled', interrupted: null });
  });

  it('is deleted once no call of it can be going on', async () => {
    const harness = await openHarness(1);
    const id = await harness.startCampaign(5, { max_concurrent_calls: 2 });
    await whenAccepted(harness, 2);
    await terminate(harness, id);
    const refused = await harness.api('DELETE', `/batch-calls/${id}`);
    expect(refused).toMatchObject({
      status: 409,
      data: {
        code: 'wrong_state',
        message: expect.stringMatching(/may be live until .*cancel it/),
        details: { status: 'interrupted', call_until: expect.any(String) },
      },
    });
    await harness.db.pool.query(
      `update calls set first_sent_at = first_sent_at - interval '1 day' where campaign_id = $1`,
      [id],
    );
    expect((await harness.api('DELETE', `/batch-calls/${id}`)).status).toBe(200);
    expect((await harness.api('GET', `/batch-calls/${id}`)).status).toBe(404);
  });
});

describe('a campaign whose workflow was ended in another way', () => {
  it('failed: the code is shown, and nothing of the message', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(3, LATER);
    await whenScheduled(harness, id);
    await fail(harness, id, 'not_found');
    const { log, compare } = gatewayOf(harness);
    await compare();
    expect(await read(harness, id)).toMatchObject({
      status: 'interrupted',
      interrupted: { reason: 'failed', code: 'not_found' },
    });
    expect(JSON.stringify([log, await read(harness, id)])).not.toMatch(/Lovelace|5550100/);
    expect((await harness.api('POST', `/batch-calls/${id}/restart`)).status).toBe(200);
    await harness.startWorkers();
    await harness.campaigns.cancel(id);
    expect(await harness.result(id)).toMatchObject({ status: 'cancelled' });
  });

  it('forgotten: it counts when it is not found twice, half a minute apart', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(3, LATER);
    await harness.client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: workflowId(id) },
    });
    await vi.waitFor(
      async () => expect(await readWorkflowStatus(harness.client, id)).toEqual({ kind: 'not_found' }),
      20_000,
    );
    const { compare } = gatewayOf(harness);
    const status = async () => (await read(harness, id)).status;
    await compare();
    await compare();
    expect(await status()).toBe('scheduled');
    await pass(harness, 'workflow_started_at', 61);
    await compare();
    await compare();
    expect(await status()).toBe('scheduled');
    expect(await harness.api('POST', `/batch-calls/${id}/pause`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', message: expect.stringMatching(/for a minute/) },
    });
    await pass(harness, 'workflow_missing_since', 31);
    await compare();
    expect(await read(harness, id)).toMatchObject({ status: 'interrupted', interrupted: { reason: 'not_found' } });
    expect((await harness.api('POST', `/batch-calls/${id}/restart`)).status).toBe(200);
    await whenScheduled(harness, id);
    expect(await status()).toBe('scheduled');
  });

  it('completed, and the record knows of contacts left: it is interrupted and not restarted, but ends when it is cancelled', async () => {
    const harness = await openHarness(1_000);
    const id = await harness.startCampaign(3);
    await harness.result(id);
    // The record of an earlier moment, as a backup brings it.
    await harness.db.pool.query(
      `update campaigns set status = 'active', pending = 1, ended_at = null,
              completed = completed - (contact.bucket = 'completed')::int, failed = failed - (contact.bucket = 'failed')::int
         from campaign_contacts contact
        where campaigns.id = $1 and contact.campaign_id = campaigns.id and contact.seq = 1`,
      [id],
    );
    await harness.db.pool.query(`update campaign_contacts set bucket = 'pending' where campaign_id = $1 and seq = 1`, [
      id,
    ]);
    await gatewayOf(harness).compare();
    expect(await read(harness, id)).toMatchObject({ status: 'interrupted', interrupted: { reason: 'completed' } });
    expect(await harness.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', message: expect.stringMatching(/call people again/) },
    });
    expect((await harness.api('POST', `/batch-calls/${id}/cancel`)).status).toBe(200);
    expect(await harness.result(id)).toMatchObject({ status: 'cancelled', buckets: { skipped: 1 } });
    expect(harness.simulator.ledger().accepted).toBe(3);
  });

  it('completed, and the record lacks nothing but the word: it is written down', async () => {
    const harness = await openHarness(1_000);
    const id = await harness.startCampaign(3);
    await harness.result(id);
    await harness.db.pool.query(`update campaigns set status = 'active', ended_at = null where id = $1`, [id]);
    await gatewayOf(harness).compare();
    expect(await read(harness, id)).toMatchObject({ status: 'completed', interrupted: null });
  });
});

describe('a campaign whose workflow goes on', () => {
  it('is not interrupted by a reset, nor when it has changed its run', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(30, { max_concurrent_calls: 3 });
    await whenAccepted(harness, 3);
    const { runId } = await harness.handle(id).describe();
    const { events } = await harness.handle(id).fetchHistory();
    const early = events!.find((event) => event.workflowTaskCompletedEventAttributes)!;
    await harness.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: workflowId(id), runId },
      reason: 'by hand',
      workflowTaskFinishEventId: early.eventId!,
      requestId: randomUUID(),
    });
    const { log, compare } = gatewayOf(harness);
    await compare();
    expect(await read(harness, id)).toMatchObject({ status: 'active', interrupted: null });
    await harness.result(id);
    expect(log).toEqual([]);
    expect(harness.simulator.ledger()).toMatchObject({ accepted: 30, duplicate_keys: 0 });
  });

  it('is not interrupted while Temporal does not answer', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(3, LATER);
    await harness.handle(id).terminate('by hand');
    const away = () => Promise.reject(new RingfenceError('temporal_unavailable', 'away'));
    expect(await gatewayOf(harness, { readWorkflowStatus: away }).compare()).toBe(false);
    expect(await read(harness, id)).toMatchObject({ status: 'scheduled' });
    // What was claimed in vain is due at once, also for a gateway that waits between two looks.
    expect(await gatewayOf(harness, { everyMs: 20_000 }).compare()).toBe(true);
    expect(await read(harness, id)).toMatchObject({ status: 'interrupted' });
  });

  it('is interrupted although Temporal fails to answer about another one', async () => {
    const harness = await openHarness(60);
    const ids: string[] = [];
    for (let campaign = 0; campaign < 14; campaign += 1) ids.push(await harness.startCampaign(1, LATER));
    for (const id of ids) await harness.handle(id).terminate('by hand');
    let odd: string | undefined;
    // The first that is asked about, of ten at once.
    const lookAt = (id: string) => {
      odd ??= id;
      if (id === odd) return Promise.reject(new RingfenceError('temporal_unavailable', 'about this one'));
      return readWorkflowStatus(harness.client, id);
    };
    expect(await gatewayOf(harness, { readWorkflowStatus: lookAt }).compare()).toBe(true);
    for (const id of ids) {
      expect(await read(harness, id)).toMatchObject({ status: id === odd ? 'scheduled' : 'interrupted' });
    }
  });

  it('is back by itself when its workflow is found again', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(3, LATER);
    await whenScheduled(harness, id);
    const gone = () => Promise.resolve({ kind: 'closed', as: 'terminated', code: null } as const);
    // A row that the run's first exchange still holds is passed over, and looked at the next time.
    await vi.waitFor(async () => {
      await gatewayOf(harness, { readWorkflowStatus: gone }).compare();
      expect(await read(harness, id)).toMatchObject({ status: 'interrupted' });
    });
    await gatewayOf(harness).compare();
    expect(await read(harness, id)).toMatchObject({ status: 'scheduled', interrupted: null });
    await harness.campaigns.cancel(id);
    expect(await harness.result(id)).toMatchObject({ status: 'cancelled', buckets: { skipped: 3 } });
  });
});

describe('gateways side by side', () => {
  it('share the campaigns among them, and tell of each once', async () => {
    const harness = await openHarness(60);
    const ids: string[] = [];
    for (let campaign = 0; campaign < 6; campaign++) ids.push(await harness.startCampaign(1, LATER));
    await Promise.all(ids.map((id) => whenScheduled(harness, id)));
    await Promise.all(ids.map((id) => harness.handle(id).terminate('by hand')));
    const asked: string[] = [];
    const counting = (id: string) => {
      asked.push(id);
      return readWorkflowStatus(harness.client, id);
    };
    const gateways = [1, 2, 3].map(() => gatewayOf(harness, { everyMs: 20_000, readWorkflowStatus: counting }));
    await whenNoneIsHeld(harness);
    await Promise.all(gateways.map(({ options }) => reconcile(options)));
    expect(asked.toSorted()).toEqual(ids.toSorted());
    expect(gateways.flatMap(({ log }) => log.map(({ campaign }) => campaign as string)).toSorted()).toEqual(
      ids.toSorted(),
    );
  });

  it('ask about no more than fifty campaigns at a time, the ones that waited longest first', async () => {
    const gateway = await openGateway();
    closing.push(() => gateway.close());
    const { pool } = gateway.db;
    await pool.query(
      `insert into campaigns (id, account, name, agent_id, spec, status, total, pending, workflow_started_at, workflow_checked_at)
       select gen_random_uuid(), 'acme', 'Reminders', 'agent-1', '{}', 'active', 0, 0, now(), now() - n * interval '1 minute'
         from generate_series(1, 120) as n`,
    );
    const asked: string[] = [];
    const logger = pino({ level: 'silent' });
    const readWorkflowStatus = async (id: string) => {
      asked.push(id);
      return { kind: 'running' } as const;
    };
    const options = { pool, logger, readWorkflowStatus, wakeCoordinators: async () => {} };
    await reconcile(options);
    const { rows } = await pool.query<{ id: string }>(
      `select id from campaigns where workflow_checked_at > now() - interval '30 seconds'`,
    );
    expect(asked).toHaveLength(50);
    expect(rows.map(({ id }) => id).toSorted()).toEqual(asked.toSorted());
    await reconcile(options);
    await reconcile(options);
    expect(new Set(asked).size).toBe(120);
    await reconcile(options);
    expect(asked).toHaveLength(120);
  });
});

describe('a Temporal that was emptied', () => {
  it('interrupts nothing, and is found by the doctor', async () => {
    const harness = await openHarness(60);
    const { pool } = harness.db;
    for (const id of FORGOTTEN) {
      await pool.query(
        `insert into campaigns (id, account, name, agent_id, spec, status, total, pending, workflow_started_at)
         values ($1, 'default', 'Reminders', 'agent-1', '{}', 'active', 1, 1, now() - interval '1 hour')`,
        [id],
      );
    }
    const statuses = async () =>
      (await pool.query<{ status: string }>('select distinct status from campaigns')).rows.map(({ status }) => status);
    const { log, compare } = gatewayOf(harness);
    await compare();
    await pass(harness, 'workflow_missing_since', 31);
    await compare();
    expect(await statuses()).toEqual(['active']);
    expect(log[0]).toMatchObject({ compared: 5, missing: 5, msg: expect.stringContaining('another Temporal') });
    expect(await runCli('doctor', '--json')).toBe(7);
    const { findings } = JSON.parse(out) as { findings: { check: string; state: string; found: string }[] };
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'campaigns',
        state: 'trouble',
        found: expect.stringContaining('data was deleted'),
      }),
    );

    // Where most are found the others are missing in truth.
    for (let campaign = 0; campaign < 5; campaign++) await harness.startCampaign(1, LATER);
    await pass(harness, 'workflow_started_at', 61);
    await compare();
    await pass(harness, 'workflow_missing_since', 31);
    await compare();
    expect((await statuses()).toSorted()).toEqual(['interrupted', 'scheduled']);
  });
});

describe('the tool', () => {
  it('watches until the campaign is interrupted, finds it as doctor, and restarts or cancels it', async () => {
    const harness = await openHarness(60);
    const reconciling = startReconciling(gatewayOf(harness).options);
    closing.push(() => reconciling.stop());
    const id = await harness.startCampaign(3, LATER);
    const watching = runCli('campaigns', 'watch', id, '--every', '0.1');
    await vi.waitFor(() => expect(out).toContain('scheduled'));
    await harness.handle(id).terminate('by hand');
    expect(await watching).toBe(8);
    expect(out).toMatch(/interrupted \(its workflow was terminated\)/);
    expect(err).toContain(`campaigns restart ${id}`);
    await reconciling.stop();

    expect(await runCli('campaigns', 'show', id)).toBe(0);
    expect(out).toMatch(/^status +interrupted \(its workflow was terminated\)$/m);
    expect(await runCli('campaigns', 'list', '--status', 'interrupted')).toBe(0);
    expect(out).toContain(id);
    for (const url of ['', harness.db.url]) {
      vi.stubEnv('DATABASE_URL', url);
      expect(await runCli('doctor')).toBe(7);
      expect(out).toMatch(
        new RegExp(`^TROUBLE +campaigns +interrupted: ${id} \\(its workflow was terminated\\)\n.*restart`, 'm'),
      );
    }
    expect(await runCli('campaigns', 'pause', id)).toBe(4);
    expect(err).toContain(`campaigns restart ${id}`);

    expect(await runCli('campaigns', 'restart', id)).toBe(0);
    expect(out).toMatch(/^Restarted at .*; the campaign is scheduled/);
    expect(await runCli('campaigns', 'restart', id)).toBe(4);
    await harness.handle(id).terminate('by hand');
    // What the run was doing may go on for a moment, and the comparison passes over a campaign whose row is held.
    await vi.waitFor(async () => {
      await gatewayOf(harness).compare();
      const { rows } = await harness.db.pool.query('select status from campaigns');
      expect(rows).toEqual([{ status: 'interrupted' }]);
    });
    expect(await runCli('campaigns', 'cancel', id, '--yes')).toBe(0);
    expect(await harness.result(id)).toMatchObject({ status: 'cancelled', buckets: { skipped: 3 } });
  });
});
