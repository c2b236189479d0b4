/**
 * The options of every activity, grouped by the effect of a second run. Time limits that depend on others, mainly those of the
 * database, are in `domain/engine/time-limits.ts` with their reasons.
 */
import { ActivityCancellationType, proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { ErrorCode } from '../domain/engine/error-codes.ts';
import { dialQueue } from '../domain/engine/task-queues.ts';
import { DIAL } from '../domain/engine/dial-budget.ts';
import { LOOK_UPS, RECORD_ACTIVITIES } from '../domain/engine/time-limits.ts';

/** A zone that one worker does not know the next one hardly knows better: what it is asked for is done without. */
const NO_SUCH_ZONE: string[] = ['validation_error'] satisfies ErrorCode[];

/**
 * Reads without effect: a second run gives the same answer or a better one. A local activity would save a round trip per window, but
 * if it outlasts its workflow task, all earlier steps happen at another time in a replay, and the campaign would stop
 * forever.
 */
export const { callingWindow } = proxyActivities<Pick<Activities, 'callingWindow'>>({
  // A search over 400 days takes milliseconds; a worker that needs longer is stuck.
  startToCloseTimeout: '5s',
  // The campaign processes no messages meanwhile. After a minute it continues without a window, and can be edited or cancelled.
  retry: { initialInterval: '500ms', maximumInterval: '5s', maximumAttempts: 10, nonRetryableErrorTypes: NO_SUCH_ZONE },
});

const recordRetry: NonNullable<ActivityOptions['retry']> = {
  // A failed transaction is cheap to repeat at once; a database that is restarting needs a few seconds.
  initialInterval: '500ms',
  backoffCoefficient: 2,
  // Half a minute after the database is back, the latest campaign goes on.
  maximumInterval: '30s',
};

/**
 * Records in PostgreSQL. Each is one short transaction that can be repeated safely. The campaign cannot continue without its answer,
 * so it is retried without limit.
 */
export const { exchange, recordStatus } = proxyActivities<Pick<Activities, 'exchange' | 'recordStatus'>>({
  startToCloseTimeout: RECORD_ACTIVITIES.startToCloseMs,
  retry: recordRetry,
});

/** The same, for the limit that campaigns of a connection share. */
export const { reportShare, divideConnection } = proxyActivities<Pick<Activities, 'reportShare' | 'divideConnection'>>({
  startToCloseTimeout: RECORD_ACTIVITIES.startToCloseMs,
  retry: recordRetry,
});

/** The same, for an edit that can be refused. */
export const { recountDays } = proxyActivities<Pick<Activities, 'recountDays'>>({
  startToCloseTimeout: RECORD_ACTIVITIES.startToCloseMs,
  retry: { ...recordRetry, nonRetryableErrorTypes: NO_SUCH_ZONE },
});

/** Records of the size of the roster. They may take long, and heartbeat. */
export const { openRoster, closeRoster } = proxyActivities<Pick<Activities, 'openRoster' | 'closeRoster'>>({
  startToCloseTimeout: RECORD_ACTIVITIES.longStartToCloseMs,
  heartbeatTimeout: RECORD_ACTIVITIES.longHeartbeatTimeoutMs,
  retry: recordRetry,
});

/** Look-ups at the provider. The campaign repeats a look-up without a result, with a longer pause each time. */
export const { lookUpCalls } = proxyActivities<Pick<Activities, 'lookUpCalls'>>({
  startToCloseTimeout: LOOK_UPS.startToCloseMs,
  heartbeatTimeout: LOOK_UPS.heartbeatTimeoutMs,
  // Enough for a worker that dies and a database that fails over. The campaign asks again anyway.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
});

/** The same for calls of campaigns without a workflow. The coordinator of their connection looks for such calls again anyway. */
export const { lookUpLeftCalls } = proxyActivities<Pick<Activities, 'lookUpLeftCalls'>>({
  startToCloseTimeout: LOOK_UPS.startToCloseMs,
  heartbeatTimeout: LOOK_UPS.heartbeatTimeoutMs,
  retry: { maximumAttempts: 1 },
});

const dialOptions: ActivityOptions = {
  // No try times out while it might still send.
  startToCloseTimeout: DIAL.tryMs,
  // A worker that died is noticed by this. One that was only frozen is refused when it wakes, by the number of its placement.
  heartbeatTimeout: DIAL.heartbeatTimeoutMs,
  // Retries handle crashes of workers and databases: provider trouble is an answer, not an error. A second or third
  // worker finds the dial record; more would only keep the slot from the look-up that resolves it.
  retry: {
    initialInterval: '1s',
    backoffCoefficient: 2,
    maximumAttempts: 3,
    // No worker dials for a campaign that has no record, or what its settings do not let it: the look-up says so.
    nonRetryableErrorTypes: ['validation_error', 'not_found', 'misconfigured'] satisfies ErrorCode[],
  },
  /**
   * A placement that is cancelled must say what it did. TRY_CANCEL would report it as cancelled while its worker may be
   * sending at that moment, and a pause would be acknowledged before the last call was placed.
   */
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

const { placeCall } = proxyActivities<Pick<Activities, 'placeCall'>>(dialOptions);

/** Starts a dial. A repeat is safe because each try carries the same key and finds the record of the previous one. */
export function dial(
  request: Parameters<Activities['placeCall']>[0],
  now: number,
): ReturnType<Activities['placeCall']> {
  return placeCall.executeWithOptions(
    {
      ...dialOptions,
      taskQueue: dialQueue(workflowInfo().taskQueue, request.connection),
      // Tries end with the window. A try that began just before may take its full time to answer.
      scheduleToCloseTimeout: Math.max(request.notAfter - now, 0) + DIAL.tryMs,
      summary: `Call contact ${request.seq}${request.attempt > 1 ? `, attempt ${request.attempt}` : ''}`,
    },
    [request],
  );
}
