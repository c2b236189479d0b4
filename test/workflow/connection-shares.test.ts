/** The coordinator of a connection as a workflow: it divides, rests, and goes on from the records. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { connectionWorkflowId } from '../../domain/engine/ids.ts';
import { type CoordinatorInput, CONNECTION_WORKFLOW, SHARE_REPORTED } from '../../domain/engine/share-messages.ts';
import type { ShareStanding } from '../../domain/engine/share-coordinator.ts';
import type { WorkflowHarness } from '../support/harness/workflow-harness.ts';
import { virtualEnv, virtualTimeHarness } from '../support/harness/virtual-time.ts';
import { nextId } from '../support/factories/ids.ts';

let env: TestWorkflowEnvironment;
let harness: WorkflowHarness;
beforeAll(async () => {
  env = await virtualEnv();
});
afterEach(() => harness.close());
afterAll(() => env.teardown());

it('divides after each report and once a minute, and ends when nobody needs or holds calls', async () => {
  const divided: number[] = [];
  const standing: ShareStanding = {
    limit: 5,
    held: 5,
    campaigns: 1,
    waiting: 0,
    withoutRun: 0,
    lookUpDue: false,
    shown: [],
  };
  harness = await virtualTimeHarness(env, {
    failing: () => ({
      divideConnection: async () => {
        divided.push(await env.currentTimeMs());
        return { ...standing, campaigns: divided.length < 4 ? 1 : 0 };
      },
    }),
  });
  const connection = nextId('clinic');
  const input: CoordinatorInput = { limitId: connection };
  const handle = await harness.client.workflow.signalWithStart(CONNECTION_WORKFLOW, {
    workflowId: connectionWorkflowId(connection, harness.taskQueue),
    taskQueue: harness.taskQueue,
    args: [input],
    signal: SHARE_REPORTED,
    signalArgs: [],
  });
  await handle.signal('noSuchSignal');
  await handle.result();
  expect(divided).toHaveLength(4);
  expect(divided[3]! - divided[2]!).toBeGreaterThanOrEqual(60_000);
});
