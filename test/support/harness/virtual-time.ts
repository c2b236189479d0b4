import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createTestDatabase } from './database.ts';
import { nextTaskQueue } from '../factories/ids.ts';
import { onServerClock, registerSearchAttributes } from './server-clock.ts';
import { WorkflowHarness, type WorkflowHarnessOptions } from './workflow-harness.ts';
import { timeSkippingEnv } from './time-skipping.ts';

/** A server that skips time and knows the search attributes. */
export async function virtualEnv(): Promise<TestWorkflowEnvironment> {
  const env = await timeSkippingEnv();
  await registerSearchAttributes(env);
  return env;
}

/** A harness on a server that skips time. */
export async function virtualTimeHarness(
  env: TestWorkflowEnvironment,
  options: Pick<WorkflowHarnessOptions, 'failing'> = {},
): Promise<WorkflowHarness> {
  return WorkflowHarness.open({
    ...(await onServerClock(env)),
    database: await createTestDatabase(),
    taskQueue: nextTaskQueue(),
    ...options,
  });
}
