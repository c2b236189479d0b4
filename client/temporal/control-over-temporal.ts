/** Controls campaigns through Temporal alone: their workflows answer. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { CampaignProgress, CampaignResult, EditAcknowledgement } from '../../domain/engine/answers.ts';
import type { CampaignEdit } from '../../domain/engine/editing.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import {
  cancelUpdate,
  editUpdate,
  pauseAndWait,
  pauseSignal,
  progressQuery,
  resumeSignal,
  resumeUpdate,
} from '../../workflows/messages.ts';
import type { CampaignControl } from '../campaign-control.ts';
import type { TemporalClient } from '../temporal-client.ts';
import { campaignNotFound, command } from './command.ts';
import { isNamed, isWorkflowNotFound, temporalUnavailable } from './temporal-errors.ts';

const PROGRESS_TIMEOUT_MS = 10_000;

export function controlOverTemporal(given: TemporalClient): CampaignControl {
  const client = given as Client;
  const handleOf = (id: string) => client.workflow.getHandle(workflowId(id));
  return {
    pause(id, options) {
      const handle = handleOf(id);
      return command(
        client,
        handle,
        { update: pauseAndWait, args: [] },
        (sent) => handle.signal(pauseSignal, sent),
        options,
      );
    },
    resume(id, options) {
      const handle = handleOf(id);
      return command(
        client,
        handle,
        { update: resumeUpdate, args: [] },
        (sent) => handle.signal(resumeSignal, sent),
        options,
      );
    },
    cancel(id, options) {
      const handle = handleOf(id);
      return command(client, handle, { update: cancelUpdate, args: [] }, () => handle.cancel(), options);
    },
    async edit(id, change, options) {
      // Zone names are checked by data that no other method needs.
      const { campaignEdit, readChange } = await import('../../domain/api/campaign-change.ts');
      const { refuseExpired } = await import('../../domain/api/campaign-terms.ts');
      const stated = readChange(change);
      if (stated.ends_at !== undefined) refuseExpired({ ends_at: stated.ends_at }, Date.now());
      const outcome = await command<EditAcknowledgement, [CampaignEdit]>(
        client,
        handleOf(id),
        { update: editUpdate, args: [campaignEdit(stated)] },
        () => Promise.reject(new Error('no worker answered')),
        options,
      );
      if (outcome.acknowledged) return outcome;
      const message =
        'No worker answered in time, and the change may or may not take effect. Check the campaign and try again.';
      throw new RingfenceError('temporal_unavailable', message);
    },
    progress: (id) => progressOf(client, handleOf(id)),
    result: (id) => resultOf(client, handleOf(id), id),
  };
}

async function progressOf(client: Client, handle: WorkflowHandle): Promise<CampaignProgress> {
  try {
    return await client.withDeadline(Date.now() + PROGRESS_TIMEOUT_MS, () => handle.query(progressQuery));
  } catch (error) {
    throw isWorkflowNotFound(error) ? campaignNotFound(error) : temporalUnavailable(error);
  }
}

async function resultOf(client: Client, handle: WorkflowHandle, id: string): Promise<CampaignResult> {
  try {
    return (await handle.result()) as CampaignResult;
  } catch (error) {
    if (isWorkflowNotFound(error)) throw campaignNotFound(error);
    if (!isNamed(error, 'WorkflowFailedError')) throw temporalUnavailable(error);
    if (!isNamed(error.cause, 'CancelledFailure')) throw endedWithoutResult(error);
  }
  // A workflow that was cancelled through Temporal ends without a result, but can still be queried.
  const { buckets, late_events } = await progressOf(client, handle);
  return { campaign_id: id, status: 'cancelled', buckets, late_events };
}

function endedWithoutResult(error: Error): RingfenceError {
  return isNamed(error.cause, 'TerminatedFailure')
    ? new RingfenceError(
        'wrong_state',
        'The workflow was ended by hand and has no result: read the campaign through the API instead.',
        {
          cause: error,
        },
      )
    : new RingfenceError('internal', 'The workflow failed: see its history.', { cause: error });
}
