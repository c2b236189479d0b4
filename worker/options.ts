import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { createActivities, type ActivityDeps } from '../activities/index.ts';
import { DIAL_QUEUE_SUFFIX } from '../domain/task-queues.ts';

export interface WorkerSetting {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly deps: ActivityDeps;
  readonly maxDials: number;
  readonly dialsPerSecond?: number | undefined;
}

/**
 * How long a stopping worker waits for what it has begun. A placement takes 30 s at the most, so none is ever cut off
 * between its request and its record.
 */
const SHUTDOWN_GRACE = '35s';

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
    shutdownGraceTime: SHUTDOWN_GRACE,
    // A campaign's sandbox with a few hundred calls in flight takes a few megabytes: the cache is counted, not weighed.
    maxCachedWorkflows: 250,
    // For so long a campaign waits for the worker that has it in its cache before any other may take it up. Ten seconds
    // by default, in which a campaign whose worker died stands still; a living worker takes a task up within milliseconds.
    stickyQueueScheduleToStartTimeout: '3s',
    maxConcurrentActivityTaskExecutions: 50,
  };
}

/** The worker that dials, and does nothing else. */
export function dialWorkerOptions(setting: WorkerSetting): WorkerOptions {
  const { connection, namespace, taskQueue, deps, maxDials, dialsPerSecond } = setting;
  const { placeCall } = createActivities(deps);
  return {
    connection,
    namespace,
    taskQueue: `${taskQueue}${DIAL_QUEUE_SUFFIX}`,
    activities: { placeCall },
    shutdownGraceTime: SHUTDOWN_GRACE,
    maxConcurrentActivityTaskExecutions: maxDials,
    ...(dialsPerSecond === undefined ? {} : { maxTaskQueueActivitiesPerSecond: dialsPerSecond }),
  };
}
