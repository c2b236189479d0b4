/** Reads the status of a campaign's workflow from Temporal. */
import type { Client, WorkflowExecutionStatusName } from '@temporalio/client';
import proto from '@temporalio/proto';
import { workflowId } from '../../domain/engine/ids.ts';
import type { WorkflowStatus } from '../../domain/api/interruption.ts';
import { isWorkflowNotFound, temporalUnavailable } from '../../client/temporal/temporal-errors.ts';

const { HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT } = proto.temporal.api.enums.v1.HistoryEventFilterType;
type Failure = proto.temporal.api.failure.v1.IFailure;

/** The server's names for closed workflows. With any other status the workflow runs, under this run id or the next. */
const CLOSED: Partial<Record<WorkflowExecutionStatusName, Extract<WorkflowStatus, { kind: 'closed' }>['as']>> = {
  COMPLETED: 'completed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
  FAILED: 'failed',
};
/** A working server answers within milliseconds. */
const ANSWER_TIMEOUT_MS = 3_000;
/** Our codes, names of error classes and SQLSTATEs. Anything else may contain personal data. */
const CODE = /^(?:[A-Za-z][A-Za-z_]{0,63}|[0-9A-Z]{5})$/;

/**
 * The status of a campaign's workflow, whichever run it is in.
 *
 * @throws RingfenceError `temporal_unavailable` if the server does not answer or has no such namespace
 */
export async function readWorkflowStatus(client: Client, campaignId: string): Promise<WorkflowStatus> {
  // Without a run id, because a reset and a continue-as-new change it.
  const handle = client.workflow.getHandle(workflowId(campaignId));
  try {
    return await client.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, async () => {
      const { status, runId } = await handle.describe();
      const as = CLOSED[status.name];
      if (as === undefined) return { kind: 'running' };
      return { kind: 'closed', as, code: as === 'failed' ? await failureCode(client, campaignId, runId) : null };
    });
  } catch (error) {
    if (isWorkflowNotFound(error)) return { kind: 'not_found' };
    throw temporalUnavailable(error);
  }
}

async function failureCode(client: Client, campaignId: string, runId: string): Promise<string | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: workflowId(campaignId), runId },
    historyEventFilterType: HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
    maximumPageSize: 1,
  });
  let code: string | null = null;
  // The innermost cause is the fault; the outer ones say where it happened.
  let failure: Failure | null | undefined = history?.events?.[0]?.workflowExecutionFailedEventAttributes?.failure;
  for (; failure; failure = failure.cause) {
    const type = failure.applicationFailureInfo?.type;
    if (type != null && CODE.test(type)) code = type;
  }
  return code;
}
