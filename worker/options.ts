import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { createActivities, type ActivityDeps } from '../activities/index.ts';
import { dialQueue } from '../domain/engine/task-queues.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';

export interface WorkerSetting {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly deps: ActivityDeps;
  readonly maxDials: number;
  readonly dialsPerSecond?: number | undefined;
}

/** The worker that runs campaigns and keeps their rosters. */
export function campaignWorkerOptions(
  setting: WorkerSetting,
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>,
): WorkerOptions {
  const { connection, namespace, taskQueue, deps } = setting;
  const { placeCall: _dial, ...records } = createActivities(deps);
  return {
    connection,
    namespace,
    taskQueue,
    workflowBundle,
    activities: records,
    shutdownGraceTime: DIAL.shutdownGraceMs,
    // A campaign's sandbox with a few hundred calls in flight takes a few megabytes, so the size of the cache is a
    // number of workflows.
    maxCachedWorkflows: 250,
    // How long a campaign waits for the worker that has it in its cache before any other may take it. With the default
    // of ten seconds, a campaign whose worker died would stand still for as long. A living worker takes a task within
    // milliseconds.
    stickyQueueScheduleToStartTimeout: '3s',
    maxConcurrentActivityTaskExecutions: 50,
  };
}

/** A worker that only dials through one connection. */
export function dialWorkerOptions(setting: WorkerSetting, connectionName: string): WorkerOptions {
  const { connection, namespace, taskQueue, deps, maxDials, dialsPerSecond } = setting;
  const { placeCall } = createActivities(deps);
  return {
    connection,
    namespace,
    taskQueue: dialQueue(taskQueue, connectionName),
    activities: { placeCall },
    shutdownGraceTime: DIAL.shutdownGraceMs,
    maxConcurrentActivityTaskExecutions: maxDials,
    ...(dialsPerSecond === undefined ? {} : { maxTaskQueueActivitiesPerSecond: dialsPerSecond }),
  };
}
