import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findCommanded } from '../../db/campaigns.ts';
import { engineSpec } from '../../domain/api/campaign-request.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { total } from '../../domain/engine/tally.ts';
import { CAMPAIGN_WORKFLOW } from '../../workflows/messages.ts';
import { Rig } from '../support/rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function startAgain(system: Rig, id: string): Promise<void> {
  const recorded = await findCommanded(system.db.pool, 'default', id);
  await system.client.workflow.start(CAMPAIGN_WORKFLOW, {
    workflowId: workflowId(id),
    taskQueue: system.taskQueue,
    args: [{ campaignId: id, spec: engineSpec(recorded!.terms) }],
  });
}

async function whenAccepted(system: Rig, calls: number): Promise<void> {
  await vi.waitFor(() => expect(system.simulator.ledger().accepted).toBeGreaterThanOrEqual(calls), { timeout: 30_000 });
}

function expectHeld(system: Rig, people: number, limit: number): void {
  const ledger = system.simulator.ledger();
  expect(ledger).toMatchObject({ accepted: people, duplicate_keys: 0 });
  expect(ledger.peak_in_flight).toBeLessThanOrEqual(limit);
}

describe('a campaign whose run was taken away', () => {
  it('goes on after it was terminated and started again: nobody is called twice, the limit holds', async () => {
    rig = await Rig.start({ simulator: { timeScale: 60 } });
    const id = await rig.startCampaign(50, { max_concurrent_calls: 6 });
    await whenAccepted(rig, 15);
    await rig.handle(id).terminate('by hand');
    await startAgain(rig, id);
    const result = await rig.result(id);
    expect(total(result.buckets)).toBe(50);
    expect(result.buckets.completed + result.buckets.failed).toBe(50);
    expectHeld(rig, 50, 6);
  });

  it('stays paused when it was paused', async () => {
    rig = await Rig.start({ simulator: { timeScale: 60 } });
    const id = await rig.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(rig, 3);
    await rig.campaigns.pause(id);
    const { accepted } = rig.simulator.ledger();
    await rig.handle(id).terminate('by hand');
    await startAgain(rig, id);
    await vi.waitFor(
      async () => expect(await rig!.campaigns.progress(id)).toMatchObject({ status: 'paused', in_flight: 0 }),
      {
        timeout: 30_000,
        interval: 100,
      },
    );
    expect(rig.simulator.ledger().accepted).toBe(accepted);
    await rig.campaigns.resume(id);
    expect(total((await rig.result(id)).buckets)).toBe(20);
    expectHeld(rig, 20, 3);
  });

  it('stays cancelled when it was cancelled', async () => {
    rig = await Rig.start({ simulator: { timeScale: 20 } });
    const id = await rig.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(rig, 3);
    await rig.campaigns.cancel(id);
    const { accepted } = rig.simulator.ledger();
    await rig.handle(id).terminate('by hand');
    await startAgain(rig, id);
    const result = await rig.result(id);
    expect(result).toMatchObject({ status: 'cancelled', buckets: { skipped: 20 - accepted } });
    expect(rig.simulator.ledger().accepted).toBe(accepted);
  });

  it('ends as cancelled in Temporal too when it is cancelled there, and still has a result', async () => {
    rig = await Rig.start({ simulator: { timeScale: 60 } });
    const id = await rig.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(rig, 3);
    await rig.handle(id).cancel();
    const result = await rig.campaigns.result(id);
    const calls = rig.callsOf(id);
    expect(calls.every((call) => call.ended_at !== null)).toBe(true);
    expect(result).toMatchObject({ status: 'cancelled', buckets: { skipped: 20 - calls.length } });
    expect((await rig.handle(id).describe()).status.name).toBe('CANCELLED');
    expect((await rig.api('GET', `/batch-calls/${id}`)).data).toMatchObject({ status: 'cancelled' });
  });

  it('goes on from the records after it was reset to an early point', async () => {
    rig = await Rig.start({ simulator: { timeScale: 60 } });
    const id = await rig.startCampaign(50, { max_concurrent_calls: 6 });
    await whenAccepted(rig, 20);
    const { events } = await rig.handle(id).fetchHistory();
    const completed = events!.filter((event) => event.workflowTaskCompletedEventAttributes);
    const early = completed[Math.min(6, completed.length - 1)]!;
    await rig.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: workflowId(id), runId: (await rig.handle(id).describe()).runId },
      reason: 'by hand',
      workflowTaskFinishEventId: early.eventId!,
      requestId: randomUUID(),
    });
    const result = await rig.result(id);
    expect(result.buckets.completed + result.buckets.failed).toBe(50);
    expectHeld(rig, 50, 6);
  });
});
