/** Slots of a campaign without a workflow are given back by look-up, and its next run settles the same outcomes once. */
import { afterEach, expect, it, vi } from 'vitest';
import { pino } from 'pino';
import { findCommanded } from '../../db/campaigns.ts';
import { engineSpec } from '../../domain/api/campaign-request.ts';
import { connectionWorkflowId, workflowId } from '../../domain/engine/ids.ts';
import { SHARE_REPORTED } from '../../domain/engine/share-messages.ts';
import { reconcile } from '../../gateway/background/reconciler.ts';
import { coordinatorWaker } from '../../gateway/temporal/wake-coordinators.ts';
import { readWorkflowStatus } from '../../gateway/temporal/workflow-status.ts';
import { CAMPAIGN_WORKFLOW } from '../../workflows/messages.ts';
import { HARNESS_WEBHOOK_SECRET, SystemHarness } from '../support/harness/system-harness.ts';

const LIMIT = 2;
const CALLS = { kind: 'life', outcome: 'completed', queue_ms: 0, ring_ms: 0, talk_ms: 300 } as const;
/** Longer than a call. */
const LOOK_UP_AFTER_MS = 1_000;

let harness: SystemHarness;
afterEach(() => harness.close());

it('gives them to others although no event tells of the ends', async () => {
  harness = await SystemHarness.start({
    simulator: { timeScale: 1, faults: { rules: [{ fault: CALLS }], poses: { webhooks: false } } },
    limits: { maxConcurrentCalls: LIMIT, lookUpAfterMs: LOOK_UP_AFTER_MS },
  });
  const { db, client, simulator } = harness;
  const coordinator = client.workflow.getHandle(connectionWorkflowId('truedy', harness.taskQueue));
  const left = await harness.startCampaign(6, { max_concurrent_calls: LIMIT });
  await vi.waitFor(() => expect(harness.callsOf(left)).toHaveLength(LIMIT));
  await harness.handle(left).terminate('by hand');
  const other = await harness.startCampaign(2, { max_concurrent_calls: LIMIT });
  const gateway = {
    pool: db.pool,
    readWorkflowStatus: (id: string) => readWorkflowStatus(client, id),
    wakeCoordinators: coordinatorWaker(client, harness),
    logger: pino({ level: 'silent' }),
    everyMs: 0,
  };
  await vi.waitFor(
    async () => {
      await reconcile(gateway);
      // It looks by itself every fifteen seconds.
      await coordinator.signal(SHARE_REPORTED);
      expect(harness.callsOf(other)).toHaveLength(2);
    },
    { interval: 300 },
  );
  expect(simulator.summary().peak_in_flight).toBe(LIMIT);

  simulator.setFaults({ rules: [{ fault: CALLS }] });
  simulator.setWebhook({ url: `${harness.apiUrl}/webhooks/truedy`, secret: HARNESS_WEBHOOK_SECRET });
  const recorded = await findCommanded(db.pool, 'default', left);
  await client.workflow.start(CAMPAIGN_WORKFLOW, {
    workflowId: workflowId(left),
    taskQueue: harness.taskQueue,
    args: [{ campaignId: left, spec: engineSpec(recorded!.terms) }],
  });
  expect(await harness.result(left)).toMatchObject({ status: 'completed', buckets: { completed: 6 }, late_events: 0 });
  expect(new Set(harness.callsOf(left).map(({ key }) => key)).size).toBe(6);
  expect(simulator.summary()).toMatchObject({ peak_in_flight: LIMIT, accepted: 8 });
  const { rows } = await db.pool.query(
    `select e.raw::jsonb ->> 'found_by' as found_by, c.outcome from call_events e join calls c on c.id = e.call_id
      where e.event_id like 'lookup:%' and e.campaign_id = $1`,
    [left],
  );
  expect(rows).toEqual(Array.from({ length: LIMIT }, () => ({ found_by: 'look-up', outcome: 'completed' })));
});
