/** Controls campaigns through Temporal alone: their workflows answer. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { CampaignProgress } from '../../domain/engine/answers.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import {
  cancelUpdate,
  pauseAndWait,
  pauseSignal,
  progressQuery,
  resumeSignal,
  resumeUpdate,
} from '../../workflows/messages.ts';
import type { CampaignControl } from '../campaign-control.ts';
import { readId } from '../campaign-id.ts';
import type { TemporalClient } from '../temporal-client.ts';
import { campaignNotFound, command } from './command.ts';
import { isWorkflowNotFound, temporalUnavailable } from './temporal-errors.ts';

const PROGRESS_TIMEOUT_MS = 10_000;

export function controlOverTemporal(given: TemporalClient): CampaignControl {
  const client = given as Client;
  const handleOf = (id: string) => client.workflow.getHandle(workflowId(readId(id, 'campaign')));
  return {
    async pause(id, options) {
      const handle = handleOf(id);
      const byHand = (sent: string) => handle.signal(pauseSignal, sent);
      return command(client, handle, { update: pauseAndWait, args: [] }, byHand, options);
    },
    async resume(id, options) {
      const handle = handleOf(id);
      const byHand = (sent: string) => handle.signal(resumeSignal, sent);
      return command(client, handle, { update: resumeUpdate, args: [] }, byHand, options);
    },
    async cancel(id, options) {
      const handle = handleOf(id);
      return command(client, handle, { update: cancelUpdate, args: [] }, () => handle.cancel(), options);
    },
    progress: async (id) => progressOf(client, handleOf(id)),
  };
}

async function progressOf(client: Client, handle: WorkflowHandle): Promise<CampaignProgress> {
  try {
    return await client.withDeadline(Date.now() + PROGRESS_TIMEOUT_MS, () => handle.query(progressQuery));
  } catch (error) {
    throw isWorkflowNotFound(error) ? campaignNotFound(error) : temporalUnavailable(error);
  }
}
