import { TestWorkflowEnvironment } from '@temporalio/testing';
import { inject } from 'vitest';

/** Starts a Temporal server whose clock jumps ahead while a workflow's result is awaited. Call `teardown()` on it. */
export function timeSkippingEnv(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('testServerPath') } },
  });
}
