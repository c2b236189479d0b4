/** Gateways that compare campaigns with their workflows: what they interrupt, what not, and how they share the work. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import { reconcile } from '../../gateway/background/reconciler.ts';
import { readWorkflowStatus } from '../../gateway/temporal/workflow-status.ts';
import { captureCli, closing, out, runCli } from '../support/harness/cli.ts';
import { openGateway } from '../support/harness/gateway.ts';
import {
  gatewayOf,
  LATER,
  openHarness,
  pass,
  read,
  untilInterrupted,
  whenAccepted,
  whenNoneIsHeld,
  whenScheduled,
} from '../support/harness/ended-workflows.ts';

captureCli();

/** Ids that no workflow has. */
const FORGOTTEN = Array.from({ length: 5 }, (_, index) => `00000000-0000-4000-8000-00000000000${index}`);

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
    await whenScheduled(harness, id);
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
    await Promise.all(ids.map((id) => whenScheduled(harness, id)));
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
    await untilInterrupted(harness, id, gatewayOf(harness, { readWorkflowStatus: gone }).compare);
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
    for (let campaign = 0; campaign < 5; campaign++) {
      await whenScheduled(harness, await harness.startCampaign(1, LATER));
    }
    await pass(harness, 'workflow_started_at', 61);
    await compare();
    await pass(harness, 'workflow_missing_since', 31);
    await compare();
    expect((await statuses()).toSorted()).toEqual(['interrupted', 'scheduled']);
  });
});
