import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { workflowId } from '../../domain/engine/ids.ts';
import { total } from '../../domain/engine/tally.ts';
import { startAgain, whenAccepted } from '../support/harness/ended-workflows.ts';
import { SystemHarness } from '../support/harness/system-harness.ts';

let harness: SystemHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

function expectHeld(system: SystemHarness, people: number, limit: number): void {
  const ledger = system.simulator.ledger();
  expect(ledger).toMatchObject({ accepted: people, duplicate_keys: 0 });
  expect(ledger.peak_in_flight).toBeLessThanOrEqual(limit);
}

describe('a campaign whose run was taken away', () => {
  it('goes on after it was terminated and started again: nobody is called twice, the limit holds', async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 60 } });
    const id = await harness.startCampaign(30, { max_concurrent_calls: 6 });
    await whenAccepted(harness, 12);
    await harness.handle(id).terminate('by hand');
    await startAgain(harness, id);
    const result = await harness.result(id);
    expect(total(result.buckets)).toBe(30);
    expect(result.buckets.completed + result.buckets.failed).toBe(30);
    expectHeld(harness, 30, 6);
  });

  it('stays paused when it was paused', async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 60 } });
    const id = await harness.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(harness, 3);
    await harness.campaigns.pause(id);
    const { accepted } = harness.simulator.ledger();
    await harness.handle(id).terminate('by hand');
    await startAgain(harness, id);
    await vi.waitFor(
      async () => expect(await harness!.campaigns.progress(id)).toMatchObject({ status: 'paused', in_flight: 0 }),
      { interval: 100 },
    );
    expect(harness.simulator.ledger().accepted).toBe(accepted);
    await harness.campaigns.resume(id);
    expect(total((await harness.result(id)).buckets)).toBe(20);
    expectHeld(harness, 20, 3);
  });

  it('stays cancelled when it was cancelled', async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 20 } });
    const id = await harness.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(harness, 3);
    await harness.campaigns.cancel(id);
    const { accepted } = harness.simulator.ledger();
    await harness.handle(id).terminate('by hand');
    await startAgain(harness, id);
    const result = await harness.result(id);
    expect(result).toMatchObject({ status: 'cancelled', buckets: { skipped: 20 - accepted } });
    expect(harness.simulator.ledger().accepted).toBe(accepted);
  });

  it('ends as cancelled in Temporal too when it is cancelled there, and still has a result', async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 60 } });
    const id = await harness.startCampaign(20, { max_concurrent_calls: 3 });
    await whenAccepted(harness, 3);
    await harness.handle(id).cancel();
    await expect(harness.result(id)).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    const calls = harness.callsOf(id);
    expect(calls.every((call) => call.ended_at !== null)).toBe(true);
    const progress = await harness.campaigns.progress(id);
    expect(progress).toMatchObject({ status: 'cancelled', buckets: { skipped: 20 - calls.length } });
    expect((await harness.handle(id).describe()).status.name).toBe('CANCELLED');
    expect((await harness.api('GET', `/batch-calls/${id}`)).data).toMatchObject({ status: 'cancelled' });
  });

  it('goes on from the records after it was reset to an early point', async () => {
    harness = await SystemHarness.start({ simulator: { timeScale: 60 } });
    const id = await harness.startCampaign(30, { max_concurrent_calls: 6 });
    await whenAccepted(harness, 12);
    const { events } = await harness.handle(id).fetchHistory();
    const completed = events!.filter((event) => event.workflowTaskCompletedEventAttributes);
    const early = completed[Math.min(6, completed.length - 1)]!;
    await harness.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: workflowId(id), runId: (await harness.handle(id).describe()).runId },
      reason: 'by hand',
      workflowTaskFinishEventId: early.eventId!,
      requestId: randomUUID(),
    });
    const result = await harness.result(id);
    expect(result.buckets.completed + result.buckets.failed).toBe(30);
    expectHeld(harness, 30, 6);
  });
});
