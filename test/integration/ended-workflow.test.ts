/** Campaigns whose workflow failed, was deleted, or completed before the record knew: interrupted, or over. */
import proto from '@temporalio/proto';
import { describe, expect, it, vi } from 'vitest';
import { workflowId } from '../../domain/engine/ids.ts';
import { readWorkflowStatus } from '../../gateway/temporal/workflow-status.ts';
import { captureCli } from '../support/harness/cli.ts';
import type { SystemHarness } from '../support/harness/system-harness.ts';
import {
  gatewayOf,
  LATER,
  openHarness,
  pass,
  read,
  untilInterrupted,
  whenScheduled,
} from '../support/harness/ended-workflows.ts';

captureCli();

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

describe('a campaign whose workflow was ended in another way', () => {
  it('failed: the code is shown, and nothing of the message', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(3, LATER);
    await whenScheduled(harness, id);
    await fail(harness, id, 'not_found');
    const { log, compare } = gatewayOf(harness);
    await untilInterrupted(harness, id, compare);
    expect(await read(harness, id)).toMatchObject({ interrupted: { reason: 'failed', code: 'not_found' } });
    expect(JSON.stringify([log, await read(harness, id)])).not.toMatch(/Lovelace|5550100/);
    expect((await harness.api('POST', `/batch-calls/${id}/restart`)).status).toBe(200);
    await harness.startWorkers();
    await harness.campaigns.cancel(id);
    expect(await harness.result(id)).toMatchObject({ status: 'cancelled' });
  });

  it('forgotten: it counts when it is not found twice, half a minute apart', async () => {
    const harness = await openHarness(60);
    const id = await harness.startCampaign(3, LATER);
    await whenScheduled(harness, id);
    await harness.client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: workflowId(id) },
    });
    await vi.waitFor(async () => expect(await readWorkflowStatus(harness.client, id)).toEqual({ kind: 'not_found' }));
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
