/** Campaigns whose workflow was ended from outside: noticed, shown, restarted, cancelled, deleted. */
import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import { describe, expect, inject, it, vi } from 'vitest';
import { pino } from 'pino';
import { lookAtWorkflow } from '../../gateway/temporal/workflow-standing.ts';
import { engineSpec } from '../../domain/api/campaign-request.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { findCommanded } from '../../db/campaigns.ts';
import { API_ROOT } from '../../gateway/app.ts';
import { reconcile, type ReconcileOptions, startReconciling } from '../../gateway/background/reconciler.ts';
import { CAMPAIGN_WORKFLOW } from '../../workflows/messages.ts';
import { openGateway } from '../support/gateway.ts';
import { Rig, RIG_API_KEY } from '../support/rig.ts';
import { closing, err, out, runTool } from '../support/tool.ts';

const LATER = { schedule_type: 'scheduled', scheduled_at: '2099-01-01T00:00:00Z' } as const;
/** Ids that no workflow has. */
const FORGOTTEN = Array.from({ length: 5 }, (_, index) => `00000000-0000-4000-8000-00000000000${index}`);

async function openRig(timeScale: number): Promise<Rig> {
  const rig = await Rig.start({ simulator: { timeScale } });
  closing.push(() => rig.close());
  vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
  vi.stubEnv('RINGFENCE_API_URL', rig.apiUrl + API_ROOT);
  vi.stubEnv('RINGFENCE_API_KEY', RIG_API_KEY);
  return rig;
}

/** Compares every campaign that is due with its workflow, as a gateway does once a second. */
function gatewayOf(rig: Rig, more: Partial<ReconcileOptions> = {}) {
  const log: Record<string, unknown>[] = [];
  const options = {
    pool: rig.db.pool,
    lookAtWorkflow: (id: string) => lookAtWorkflow(rig.client, id),
    logger: pino({ level: 'warn' }, { write: (line: string) => void log.push(JSON.parse(line) as never) }),
    everyMs: 0,
    ...more,
  };
  const compare = async () => {
    await whenNoneIsHeld(rig);
    return reconcile(options);
  };
  return { log, options, compare };
}

/** An exchange that is under way, also one of a run that has ended, holds the row of its campaign; such a row is passed over. */
const whenNoneIsHeld = ({ db }: Rig) =>
  vi.waitFor(
    async () => {
      const { rowCount } = await db.pool.query('select from campaigns for share skip locked');
      const { rows } = await db.pool.query<{ all: number }>('select count(*)::int as all from campaigns');
      expect(rowCount).toBe(rows[0]!.all);
    },
    { timeout: 20_000 },
  );

const pass = (rig: Rig, column: 'workflow_started_at' | 'workflow_missing_since', seconds: number) =>
  rig.db.pool.query(`update campaigns set ${column} = ${column} - $1 * interval '1 second'`, [seconds]);

const whenAccepted = (rig: Rig, calls: number) =>
  vi.waitFor(() => expect(rig.simulator.ledger().accepted).toBeGreaterThanOrEqual(calls), { timeout: 30_000 });

const read = async (rig: Rig, id: string) =>
  (await rig.api('GET', `/batch-calls/${id}`)).data as Record<string, unknown>;

async function terminate(rig: Rig, id: string): Promise<void> {
  await rig.handle(id).terminate('by hand, because of +12125550100');
  const { compare } = gatewayOf(rig);
  // A row that an exchange of the ended run still holds is passed over, and looked at the next time.
  await vi.waitFor(
    async () => {
      await compare();
      expect(await read(rig, id)).toMatchObject({ status: 'interrupted' });
    },
    { timeout: 20_000 },
  );
}

/** The workflow waits for the start, and has made the record its own. */
const whenScheduled = (rig: Rig, id: string) =>
  vi.waitFor(
    async () => {
      expect(await rig.campaigns.progress(id)).toMatchObject({ status: 'scheduled' });
      const { rows } = await rig.db.pool.query('select owner_run_id from campaigns where id = $1', [id]);
      expect(rows).toEqual([{ owner_run_id: expect.any(String) }]);
    },
    { timeout: 20_000 },
  );

/** Fails the workflow by answering its next task in the worker's place. */
async function fail(rig: Rig, id: string, type: string): Promise<void> {
  await rig.stopWorkers();
  await rig.handle(id).signal('pause');
  const service = rig.client.workflowService;
  let taskToken: Uint8Array | null | undefined;
  // Tasks of the worker's own cache queue come to the common one after a few seconds.
  while (!taskToken?.length) {
    const taskQueue = { name: rig.taskQueue };
    ({ taskToken } = await rig.client.withDeadline(Date.now() + 70_000, () =>
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
async function atOnce<T>(rig: Rig, id: string, requests: number, send: () => Promise<T>): Promise<T[]> {
  const holder = await rig.db.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select from campaigns where id = $1 for update', [id]);
    const sent = Array.from({ length: requests }, send);
    await vi.waitFor(async () => {
      // Not by the holder: within a transaction the view stays as it was first read.
      const { rows } = await rig.db.pool.query<{ waiting: number }>(
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

async function startByHand(rig: Rig, id: string) {
  const recorded = await findCommanded(rig.db.pool, 'default', id);
  return rig.client.workflow.start(CAMPAIGN_WORKFLOW, {
    workflowId: workflowId(id),
    taskQueue: rig.taskQueue,
    args: [{ campaignId: id, spec: engineSpec(recorded!.terms) }],
  });
}

/** How many runs there have been under the campaign's workflow id. */
async function runsOf(rig: Rig, id: string): Promise<number> {
  const runs = new Set<string>();
  for await (const { runId } of rig.client.workflow.list({ query: `WorkflowId = "${workflowId(id)}"` }))
    runs.add(runId);
  return runs.size;
}

describe('a campaign whose workflow was terminated', () => {
  it('is interrupted, says so wherever it is looked at, and goes on when it is restarted: nobody is called twice', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(40, { max_concurrent_calls: 5 });
    await whenAccepted(rig, 10);
    await rig.handle(id).terminate('by hand, because of +12125550100');
    const { log, compare } = gatewayOf(rig);
    await compare();

    expect(await read(rig, id)).toMatchObject({
      status: 'interrupted',
      waiting_for: null,
      interrupted: { reason: 'terminated', code: null, since: expect.any(String) },
    });
    expect(log).toMatchObject([{ level: 40, campaign: id, reason: 'terminated' }]);
    expect(JSON.stringify(log)).not.toContain('5550100');
    const listed = (await rig.api('GET', '/batch-calls?status=interrupted')).data as { id: string }[];
    expect(listed.map((campaign) => campaign.id)).toEqual([id]);
    const waiting = (await rig.api('GET', `/batch-calls/${id}/contacts?status=pending&limit=1`)).data as [
      { contact_id: string },
    ];
    expect((await rig.api('GET', `/batch-calls/${id}/contacts/${waiting[0].contact_id}`)).data).toMatchObject({
      campaign_status: 'interrupted',
      gate: 'interrupted',
      next_eligible_at: null,
    });
    expect((await rig.api('GET', `/batch-calls/${id}/forecast`)).data).toMatchObject({
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
      expect(await rig.api(method, `/batch-calls/${id}${path}`, body)).toMatchObject({
        status: 409,
        data: {
          code: 'wrong_state',
          message: expect.stringMatching(/interrupted: its workflow was terminated.*\/restart.*\/cancel/),
          details: { status: 'interrupted', reason: 'terminated' },
        },
      });
    }

    expect(await rig.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 200,
      data: { id, status: 'active', restarted_at: expect.any(String) },
    });
    const { typedSearchAttributes } = await rig.handle(id).describe();
    expect(
      typedSearchAttributes
        .getAll()
        .map(({ key }) => key.name)
        .sort(),
    ).toEqual(expect.arrayContaining(['AgentId', 'CampaignName', 'CampaignStatus']));
    const result = await rig.result(id);
    expect(result.buckets.completed + result.buckets.failed).toBe(40);
    const ledger = rig.simulator.ledger();
    expect(ledger).toMatchObject({ accepted: 40, duplicate_keys: 0 });
    expect(ledger.peak_in_flight).toBeLessThanOrEqual(5);
    expect(await read(rig, id)).toMatchObject({ status: 'completed', interrupted: null });
    await compare();
    expect(await read(rig, id)).toMatchObject({ status: 'completed' });
  });

  it('is noticed by the command that finds it so: the refusal names the way out, and a cancel ends it', async () => {
    const rig = await openRig(20);
    const id = await rig.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(rig, 3);
    await rig.handle(id).terminate('by hand');
    expect(await rig.api('POST', `/batch-calls/${id}/pause`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', message: expect.stringMatching(/\/restart/) },
    });
    expect(await read(rig, id)).toMatchObject({ status: 'interrupted' });

    const other = await rig.startCampaign(20, LATER);
    await rig.handle(other).terminate('by hand');
    expect(await rig.api('POST', `/batch-calls/${other}/cancel`)).toMatchObject({
      status: 200,
      data: { acknowledged: true },
    });
    expect(await rig.result(other)).toMatchObject({ status: 'cancelled', buckets: { skipped: 20 } });

    const third = await rig.startCampaign(1, LATER);
    await rig.handle(third).terminate('by hand');
    expect((await rig.api('POST', `/batch-calls/${third}/restart`)).status).toBe(200);
    expect((await rig.handle(third).describe()).status.name).toBe('RUNNING');
  });

  it('has no owner any more: a dial that the ended run still has under way is refused', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(30, { max_concurrent_calls: 4 });
    await whenAccepted(rig, 4);
    await terminate(rig, id);
    const { rows } = await rig.db.pool.query('select owner_run_id from campaigns where id = $1', [id]);
    expect(rows).toEqual([{ owner_run_id: null }]);
  });

  it.each(['the API', 'hand'])('stays paused when it was paused, started again by %s', async (by) => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(rig, 3);
    await rig.campaigns.pause(id);
    const { accepted } = rig.simulator.ledger();
    await terminate(rig, id);
    if (by === 'hand') await startByHand(rig, id);
    else expect((await rig.api('POST', `/batch-calls/${id}/restart`)).data).toMatchObject({ status: 'paused' });
    await vi.waitFor(
      async () => expect(await rig.campaigns.progress(id)).toMatchObject({ status: 'paused', in_flight: 0 }),
      {
        timeout: 30_000,
      },
    );
    expect(await read(rig, id)).toMatchObject({ status: 'paused', interrupted: null });
    expect(rig.simulator.ledger().accepted).toBe(accepted);
    await rig.campaigns.resume(id);
    await rig.result(id);
    expect(rig.simulator.ledger()).toMatchObject({ accepted: 20, duplicate_keys: 0 });
  });

  it('is restarted once by any number of requests at once; what runs or is over is not', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(3, LATER);
    expect((await rig.api('POST', `/batch-calls/${id}/restart`)).data).toMatchObject({
      code: 'wrong_state',
      message: 'The campaign is scheduled; only an interrupted one can be restarted.',
    });
    await terminate(rig, id);
    // No worker tells the record that a run has come: only the requests do.
    await rig.stopWorkers();
    const answers = await atOnce(rig, id, 6, () => rig.api('POST', `/batch-calls/${id}/restart`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    await vi.waitFor(async () => expect(await runsOf(rig, id)).toBe(2), { timeout: 10_000 });
    expect(await rig.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', details: { status: 'scheduled' } },
    });
    await rig.startWorkers();
    await rig.campaigns.cancel(id);
    await rig.result(id);
    expect(await rig.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', details: { status: 'cancelled' } },
    });
    expect(await runsOf(rig, id)).toBe(2);
    const nobody = await rig.api('POST', `/batch-calls/${randomUUID()}/restart`);
    expect(nobody).toMatchObject({ status: 404 });
  });

  it('is never run twice: a run that was started by hand is found, and brings the record back by its own adoption', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(12, { max_concurrent_calls: 2 });
    await whenAccepted(rig, 3);
    await terminate(rig, id);
    await rig.stopWorkers();
    const byHand = await startByHand(rig, id);
    expect(await rig.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({ status: 200 });
    expect((await rig.handle(id).describe()).runId).toBe(byHand.firstExecutionRunId);
    // As if nobody had asked: the run adopts by itself.
    await rig.db.pool.query(
      `update campaigns set status = 'interrupted', interrupted_from = 'active', interrupted_reason = 'terminated',
              interrupted_at = now() where id = $1`,
      [id],
    );
    await rig.startWorkers();
    await rig.result(id);
    expect(await read(rig, id)).toMatchObject({ status: 'completed', interrupted: null });
    expect(rig.simulator.ledger()).toMatchObject({ accepted: 12, duplicate_keys: 0 });
  });

  it('ends when it is cancelled: live calls are followed to their end, everybody else is skipped', async () => {
    const rig = await openRig(20);
    const id = await rig.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(rig, 3);
    await terminate(rig, id);
    const { accepted } = rig.simulator.ledger();
    expect(await rig.api('POST', `/batch-calls/${id}/cancel`)).toMatchObject({
      status: 200,
      data: { id, acknowledged: true, cancel_requested_at: expect.any(String) },
    });
    expect(await rig.result(id)).toMatchObject({
      status: 'cancelled',
      buckets: { skipped: 20 - accepted, in_progress: 0 },
    });
    expect(rig.callsOf(id).every(({ ended_at }) => ended_at !== null)).toBe(true);
    expect(rig.simulator.ledger().accepted).toBe(accepted);
    expect(await read(rig, id)).toMatchObject({ status: 'cancelled', interrupted: null });
  });

  it('is deleted once no call of it can be going on', async () => {
    const rig = await openRig(1);
    const id = await rig.startCampaign(5, { max_concurrent_calls: 2 });
    await whenAccepted(rig, 2);
    await terminate(rig, id);
    const refused = await rig.api('DELETE', `/batch-calls/${id}`);
    expect(refused).toMatchObject({
      status: 409,
      data: {
        code: 'wrong_state',
        message: expect.stringMatching(/may go on until .*cancel it/),
        details: { status: 'interrupted', call_until: expect.any(String) },
      },
    });
    await rig.db.pool.query(
      `update calls set first_sent_at = first_sent_at - interval '1 day' where campaign_id = $1`,
      [id],
    );
    expect((await rig.api('DELETE', `/batch-calls/${id}`)).status).toBe(200);
    expect((await rig.api('GET', `/batch-calls/${id}`)).status).toBe(404);
  });
});

describe('a campaign whose workflow was ended in another way', () => {
  it('failed: the code is shown, and nothing of the message', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(3, LATER);
    await whenScheduled(rig, id);
    await fail(rig, id, 'not_found');
    const { log, compare } = gatewayOf(rig);
    await compare();
    expect(await read(rig, id)).toMatchObject({
      status: 'interrupted',
      interrupted: { reason: 'failed', code: 'not_found' },
    });
    expect(JSON.stringify([log, await read(rig, id)])).not.toMatch(/Lovelace|5550100/);
    expect((await rig.api('POST', `/batch-calls/${id}/restart`)).status).toBe(200);
    await rig.startWorkers();
    await rig.campaigns.cancel(id);
    expect(await rig.result(id)).toMatchObject({ status: 'cancelled' });
  });

  it('forgotten: it counts when it is not found twice, half a minute apart', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(3, LATER);
    await rig.client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: workflowId(id) },
    });
    await vi.waitFor(async () => expect(await lookAtWorkflow(rig.client, id)).toEqual({ kind: 'not_found' }), 20_000);
    const { compare } = gatewayOf(rig);
    const status = async () => (await read(rig, id)).status;
    await compare();
    await compare();
    expect(await status()).toBe('scheduled');
    await pass(rig, 'workflow_started_at', 61);
    await compare();
    await compare();
    expect(await status()).toBe('scheduled');
    expect(await rig.api('POST', `/batch-calls/${id}/pause`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', message: expect.stringMatching(/for a minute/) },
    });
    await pass(rig, 'workflow_missing_since', 31);
    await compare();
    expect(await read(rig, id)).toMatchObject({ status: 'interrupted', interrupted: { reason: 'not_found' } });
    expect((await rig.api('POST', `/batch-calls/${id}/restart`)).status).toBe(200);
    await whenScheduled(rig, id);
    expect(await status()).toBe('scheduled');
  });

  it('completed, and the record knows of contacts left: it is interrupted and not restarted, but ends when it is cancelled', async () => {
    const rig = await openRig(1_000);
    const id = await rig.startCampaign(3);
    await rig.result(id);
    // The record of an earlier moment, as a backup brings it.
    await rig.db.pool.query(
      `update campaigns set status = 'active', pending = 1, ended_at = null,
              completed = completed - (contact.bucket = 'completed')::int, failed = failed - (contact.bucket = 'failed')::int
         from campaign_contacts contact
        where campaigns.id = $1 and contact.campaign_id = campaigns.id and contact.seq = 1`,
      [id],
    );
    await rig.db.pool.query(`update campaign_contacts set bucket = 'pending' where campaign_id = $1 and seq = 1`, [id]);
    await gatewayOf(rig).compare();
    expect(await read(rig, id)).toMatchObject({ status: 'interrupted', interrupted: { reason: 'completed' } });
    expect(await rig.api('POST', `/batch-calls/${id}/restart`)).toMatchObject({
      status: 409,
      data: { code: 'wrong_state', message: expect.stringMatching(/call people again/) },
    });
    expect((await rig.api('POST', `/batch-calls/${id}/cancel`)).status).toBe(200);
    expect(await rig.result(id)).toMatchObject({ status: 'cancelled', buckets: { skipped: 1 } });
    expect(rig.simulator.ledger().accepted).toBe(3);
  });

  it('completed, and the record lacks nothing but the word: it is written down', async () => {
    const rig = await openRig(1_000);
    const id = await rig.startCampaign(3);
    await rig.result(id);
    await rig.db.pool.query(`update campaigns set status = 'active', ended_at = null where id = $1`, [id]);
    await gatewayOf(rig).compare();
    expect(await read(rig, id)).toMatchObject({ status: 'completed', interrupted: null });
  });
});

describe('a campaign whose workflow goes on', () => {
  it('is not interrupted by a reset, nor when it has changed its run', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(30, { max_concurrent_calls: 3 });
    await whenAccepted(rig, 3);
    const { runId } = await rig.handle(id).describe();
    const { events } = await rig.handle(id).fetchHistory();
    const early = events!.find((event) => event.workflowTaskCompletedEventAttributes)!;
    await rig.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: workflowId(id), runId },
      reason: 'by hand',
      workflowTaskFinishEventId: early.eventId!,
      requestId: randomUUID(),
    });
    const { log, compare } = gatewayOf(rig);
    await compare();
    expect(await read(rig, id)).toMatchObject({ status: 'active', interrupted: null });
    await rig.result(id);
    expect(log).toEqual([]);
    expect(rig.simulator.ledger()).toMatchObject({ accepted: 30, duplicate_keys: 0 });
  });

  it('is not interrupted while Temporal does not answer', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(3, LATER);
    await rig.handle(id).terminate('by hand');
    const away = () => Promise.reject(new RingfenceError('temporal_unavailable', 'away'));
    expect(await gatewayOf(rig, { lookAtWorkflow: away }).compare()).toBe(false);
    expect(await read(rig, id)).toMatchObject({ status: 'scheduled' });
    // What was claimed in vain is due at once, also for a gateway that waits between two looks.
    expect(await gatewayOf(rig, { everyMs: 20_000 }).compare()).toBe(true);
    expect(await read(rig, id)).toMatchObject({ status: 'interrupted' });
  });

  it('is interrupted although Temporal fails to answer about another one', async () => {
    const rig = await openRig(60);
    const ids: string[] = [];
    for (let campaign = 0; campaign < 14; campaign += 1) ids.push(await rig.startCampaign(1, LATER));
    for (const id of ids) await rig.handle(id).terminate('by hand');
    let odd: string | undefined;
    // The first that is asked about, of ten at once.
    const lookAt = (id: string) => {
      odd ??= id;
      if (id === odd) return Promise.reject(new RingfenceError('temporal_unavailable', 'about this one'));
      return lookAtWorkflow(rig.client, id);
    };
    expect(await gatewayOf(rig, { lookAtWorkflow: lookAt }).compare()).toBe(true);
    for (const id of ids) {
      expect(await read(rig, id)).toMatchObject({ status: id === odd ? 'scheduled' : 'interrupted' });
    }
  });

  it('is back by itself when its workflow is found again', async () => {
    const rig = await openRig(60);
    const id = await rig.startCampaign(3, LATER);
    await whenScheduled(rig, id);
    const gone = () => Promise.resolve({ kind: 'closed', as: 'terminated', code: null } as const);
    // A row that the run's first exchange still holds is passed over, and looked at the next time.
    await vi.waitFor(
      async () => {
        await gatewayOf(rig, { lookAtWorkflow: gone }).compare();
        expect(await read(rig, id)).toMatchObject({ status: 'interrupted' });
      },
      { timeout: 20_000 },
    );
    await gatewayOf(rig).compare();
    expect(await read(rig, id)).toMatchObject({ status: 'scheduled', interrupted: null });
    await rig.campaigns.cancel(id);
    expect(await rig.result(id)).toMatchObject({ status: 'cancelled', buckets: { skipped: 3 } });
  });
});

describe('gateways side by side', () => {
  it('share the campaigns among them, and tell of each once', async () => {
    const rig = await openRig(60);
    const ids: string[] = [];
    for (let campaign = 0; campaign < 6; campaign++) ids.push(await rig.startCampaign(1, LATER));
    await Promise.all(ids.map((id) => whenScheduled(rig, id)));
    await Promise.all(ids.map((id) => rig.handle(id).terminate('by hand')));
    const asked: string[] = [];
    const counting = (id: string) => {
      asked.push(id);
      return lookAtWorkflow(rig.client, id);
    };
    const gateways = [1, 2, 3].map(() => gatewayOf(rig, { everyMs: 20_000, lookAtWorkflow: counting }));
    await whenNoneIsHeld(rig);
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
    const lookAtWorkflow = async (id: string) => {
      asked.push(id);
      return { kind: 'running' } as const;
    };
    await reconcile({ pool, logger, lookAtWorkflow });
    const { rows } = await pool.query<{ id: string }>(
      `select id from campaigns where workflow_checked_at > now() - interval '30 seconds'`,
    );
    expect(asked).toHaveLength(50);
    expect(rows.map(({ id }) => id).toSorted()).toEqual(asked.toSorted());
    await reconcile({ pool, logger, lookAtWorkflow });
    await reconcile({ pool, logger, lookAtWorkflow });
    expect(new Set(asked).size).toBe(120);
    await reconcile({ pool, logger, lookAtWorkflow });
    expect(asked).toHaveLength(120);
  });
});

describe('a Temporal that was emptied', () => {
  it('interrupts nothing, and is found by the doctor', async () => {
    const rig = await openRig(60);
    const { pool } = rig.db;
    for (const id of FORGOTTEN) {
      await pool.query(
        `insert into campaigns (id, account, name, agent_id, spec, status, total, pending, workflow_started_at)
         values ($1, 'default', 'Reminders', 'agent-1', '{}', 'active', 1, 1, now() - interval '1 hour')`,
        [id],
      );
    }
    const statuses = async () =>
      (await pool.query<{ status: string }>('select distinct status from campaigns')).rows.map(({ status }) => status);
    const { log, compare } = gatewayOf(rig);
    await compare();
    await pass(rig, 'workflow_missing_since', 31);
    await compare();
    expect(await statuses()).toEqual(['active']);
    expect(log[0]).toMatchObject({ compared: 5, missing: 5, msg: expect.stringContaining('another Temporal') });
    expect(await runTool('doctor', '--json')).toBe(7);
    const { findings } = JSON.parse(out) as { findings: { check: string; state: string; found: string }[] };
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'campaigns', state: 'trouble', found: expect.stringContaining('emptied') }),
    );

    // Where most are found the others are missing in truth.
    for (let campaign = 0; campaign < 5; campaign++) await rig.startCampaign(1, LATER);
    await pass(rig, 'workflow_started_at', 61);
    await compare();
    await pass(rig, 'workflow_missing_since', 31);
    await compare();
    expect((await statuses()).toSorted()).toEqual(['interrupted', 'scheduled']);
  });
});

describe('the tool', () => {
  it('watches until the campaign is interrupted, finds it as doctor, and restarts or cancels it', async () => {
    const rig = await openRig(60);
    const reconciling = startReconciling(gatewayOf(rig).options);
    closing.push(() => reconciling.stop());
    const id = await rig.startCampaign(3, LATER);
    const watching = runTool('campaigns', 'watch', id, '--every', '0.1');
    await vi.waitFor(() => expect(out).toContain('scheduled'), { timeout: 20_000 });
    await rig.handle(id).terminate('by hand');
    expect(await watching).toBe(8);
    expect(out).toMatch(/interrupted \(its workflow was terminated\)/);
    expect(err).toContain(`campaigns restart ${id}`);
    await reconciling.stop();

    expect(await runTool('campaigns', 'show', id)).toBe(0);
    expect(out).toMatch(/^status +interrupted \(its workflow was terminated\)$/m);
    expect(await runTool('campaigns', 'list', '--status', 'interrupted')).toBe(0);
    expect(out).toContain(id);
    for (const url of ['', rig.db.url]) {
      vi.stubEnv('DATABASE_URL', url);
      expect(await runTool('doctor')).toBe(7);
      expect(out).toMatch(
        new RegExp(`^TROUBLE +campaigns +interrupted: ${id} \\(its workflow was terminated\\)\n.*restart`, 'm'),
      );
    }
    expect(await runTool('campaigns', 'pause', id)).toBe(4);
    expect(err).toContain(`campaigns restart ${id}`);

    expect(await runTool('campaigns', 'restart', id)).toBe(0);
    expect(out).toMatch(/^Restarted at .*; the campaign is scheduled/);
    expect(await runTool('campaigns', 'restart', id)).toBe(4);
    await rig.handle(id).terminate('by hand');
    await gatewayOf(rig).compare();
    expect(await runTool('campaigns', 'cancel', id, '--yes')).toBe(0);
    expect(await rig.result(id)).toMatchObject({ status: 'cancelled', buckets: { skipped: 3 } });
  });
});
