/** Campaigns whose workflow was terminated: interrupted, shown, restarted, cancelled, deleted. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { workflowId } from '../../domain/engine/ids.ts';
import { captureCli } from '../support/harness/cli.ts';
import type { SystemHarness } from '../support/harness/system-harness.ts';
import {
  gatewayOf,
  LATER,
  openHarness,
  read,
  startAgain,
  terminate,
  untilInterrupted,
  whenAccepted,
  whenScheduled,
} from '../support/harness/ended-workflows.ts';

captureCli();

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
    });
    await holder.query('commit');
    return await Promise.all(sent);
  } finally {
    holder.release();
  }
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
    const id = await harness.startCampaign(25, { max_concurrent_calls: 5 });
    await whenAccepted(harness, 10);
    await harness.handle(id).terminate('by hand, because of +12125550100');
    const { log, compare } = gatewayOf(harness);
    await untilInterrupted(harness, id, compare);
    expect(await read(harness, id)).toMatchObject({
      status: 'interrupted',
      waiting_for: null,
      interrupted: { reason: 'terminated', code: null, since: expect.any(String) },
    });
    // The gateway that receives the end of a call may notice it first.
    const told = [...log, ...harness.gatewayWarnings];
    expect(told).toMatchObject([{ level: 40, campaign: id, reason: 'terminated' }]);
    expect(JSON.stringify(told)).not.toContain('5550100');
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
    expect(result.buckets.completed + result.buckets.failed).toBe(25);
    const ledger = harness.simulator.ledger();
    expect(ledger).toMatchObject({ accepted: 25, duplicate_keys: 0 });
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
    await whenScheduled(harness, other);
    await harness.handle(other).terminate('by hand');
    expect(await harness.api('POST', `/batch-calls/${other}/cancel`)).toMatchObject({
      status: 200,
      data: { acknowledged: true },
    });
    expect(await harness.result(other)).toMatchObject({ status: 'cancelled', buckets: { skipped: 20 } });

    const third = await harness.startCampaign(1, LATER);
    await whenScheduled(harness, third);
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
    if (by === 'hand') await startAgain(harness, id);
    else expect((await harness.api('POST', `/batch-calls/${id}/restart`)).data).toMatchObject({ status: 'paused' });
    await vi.waitFor(async () =>
      expect(await harness.campaigns.progress(id)).toMatchObject({ status: 'paused', in_flight: 0 }),
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
    await whenScheduled(harness, id);
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
    const byHand = await startAgain(harness, id);
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
