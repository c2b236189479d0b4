import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createTestDatabase } from './database.ts';
import { nextTaskQueue } from './ids.ts';
import { onServerClock, registerSearchAttributes } from './server-clock.ts';
import { Stage, type StageOptions } from './stage.ts';
import { timeSkippingEnv } from './time-skipping.ts';

/** A server that skips time and knows the search attributes. */
export async function virtualEnv(): Promise<TestWorkflowEnvironment> {
  const env = await timeSkippingEnv();
  await registerSearchAttributes(env);
  return env;
}

/** A stage on a server that skips time. */
export async function virtualStage(
  env: TestWorkflowEnvironment,
  options: Pick<StageOptions, 'failing'> = {},
): Promise<Stage> {
  return Stage.open({
    ...(await onServerClock(env)),
    database: await createTestDatabase(),
    taskQueue: nextTaskQueue(),
    ...options,
  });
}
