/** Campaigns whose workflow a test ends from outside, and gateways that compare campaigns with their workflows. */
import { inject, expect, vi } from 'vitest';
import { pino } from 'pino';
import { findCommanded } from '../../../db/campaigns.ts';
import { API_ROOT } from '../../../domain/api/api-root.ts';
import { engineSpec } from '../../../domain/api/campaign-request.ts';
import { workflowId } from '../../../domain/engine/ids.ts';
import { reconcile, type ReconcileOptions } from '../../../gateway/background/reconciler.ts';
import { coordinatorWaker } from '../../../gateway/temporal/wake-coordinators.ts';
import { readWorkflowStatus } from '../../../gateway/temporal/workflow-status.ts';
import { CAMPAIGN_WORKFLOW } from '../../../workflows/messages.ts';
import { closing } from './cli.ts';
import { HARNESS_API_KEY, SystemHarness } from './system-harness.ts';

export const LATER = { schedule_type: 'scheduled', scheduled_at: '2099-01-01T00:00:00Z' } as const;

/** A system that is closed after the test, and the command line set up for it. */
export async function openHarness(timeScale: number): Promise<SystemHarness> {
  const harness = await SystemHarness.start({ simulator: { timeScale } });
  closing.push(() => harness.close());
  vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
  vi.stubEnv('RINGFENCE_API_URL', harness.apiUrl + API_ROOT);
  vi.stubEnv('RINGFENCE_API_KEY', HARNESS_API_KEY);
  return harness;
}

/** Compares every campaign that is due with its workflow, as a gateway does once a second. */
export function gatewayOf(harness: SystemHarness, more: Partial<ReconcileOptions> = {}) {
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
export const whenNoneIsHeld = ({ db }: SystemHarness) =>
  vi.waitFor(async () => {
    const { rowCount } = await db.pool.query('select from campaigns for share skip locked');
    const { rows } = await db.pool.query<{ all: number }>('select count(*)::int as all from campaigns');
    expect(rowCount).toBe(rows[0]!.all);
  });

export const pass = (
  harness: SystemHarness,
  column: 'workflow_started_at' | 'workflow_missing_since',
  seconds: number,
) => harness.db.pool.query(`update campaigns set ${column} = ${column} - $1 * interval '1 second'`, [seconds]);

export const whenAccepted = (harness: SystemHarness, calls: number) =>
  vi.waitFor(() => expect(harness.simulator.ledger().accepted).toBeGreaterThanOrEqual(calls));

export const read = async (harness: SystemHarness, id: string) =>
  (await harness.api('GET', `/batch-calls/${id}`)).data as Record<string, unknown>;

/** A row that an exchange of the ended run takes meanwhile is passed over, and looked at the next time. */
export const untilInterrupted = (harness: SystemHarness, id: string, compare = gatewayOf(harness).compare) =>
  vi.waitFor(async () => {
    await compare();
    expect(await read(harness, id)).toMatchObject({ status: 'interrupted' });
  });

/** Starts the workflow of a recorded campaign, as somebody may do by hand. */
export async function startAgain(harness: SystemHarness, id: string) {
  const recorded = await findCommanded(harness.db.pool, 'default', id);
  return harness.client.workflow.start(CAMPAIGN_WORKFLOW, {
    workflowId: workflowId(id),
    taskQueue: harness.taskQueue,
    args: [{ campaignId: id, spec: engineSpec(recorded!.terms) }],
  });
}

export async function terminate(harness: SystemHarness, id: string): Promise<void> {
  await harness.handle(id).terminate('by hand, because of +12125550100');
  await untilInterrupted(harness, id);
}

/** The workflow waits for the start: the record is its own, and it does nothing until then. */
export const whenScheduled = (harness: SystemHarness, id: string) =>
  vi.waitFor(async () => {
    expect(await harness.campaigns.progress(id)).toMatchObject({ status: 'scheduled' });
    const { rows } = await harness.db.pool.query('select owner_run_id from campaigns where id = $1', [id]);
    expect(rows).toEqual([{ owner_run_id: expect.any(String) }]);
    const { raw } = await harness.handle(id).describe();
    expect([raw.pendingActivities ?? [], raw.pendingWorkflowTask ?? null]).toEqual([[], null]);
  });
