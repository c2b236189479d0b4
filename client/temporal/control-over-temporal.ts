/** Controls campaigns through Temporal alone: their workflows answer. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { CampaignProgress } from '../../domain/engine/answers.ts';
import { isOver } from '../../domain/engine/commands.ts';
import { RingfenceError } from '../../domain/engine/errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';
import {
  cancelUpdate,
  pauseAndWait,
  pauseSignal,
  progressQuery,
  resumeSignal,
  resumeUpdate,
} from '../../workflows/messages.ts';
import type { CampaignControl, CommandOptions } from '../campaign-control.ts';
import { readId } from '../campaign-id.ts';
import type { TemporalClient } from '../temporal-client.ts';
import { campaignNotFound, command, refuseInterrupted } from './command.ts';
import { isWorkflowNotFound, temporalUnavailable } from './temporal-errors.ts';

const PROGRESS_TIMEOUT_MS = 10_000;

export function controlOverTemporal(given: TemporalClient): CampaignControl {
  const client = given as Client;
  const handleOf = (id: string) => client.workflow.getHandle(workflowId(readId(id, 'campaign')));
  return {
    async pause(id, options) {
      const handle = handleOf(id);
      const byHand = (sent: string) => handle.signal(pauseSignal, sent, ...giver(options));
      return command(client, handle, { update: pauseAndWait, args: giver(options) }, byHand, options);
    },
    async resume(id, options) {
      const handle = handleOf(id);
      const byHand = (sent: string) => handle.signal(resumeSignal, sent, ...giver(options));
      return command(client, handle, { update: resumeUpdate, args: giver(options) }, byHand, options);
    },
    async cancel(id, options) {
      const handle = handleOf(id);
      return command(client, handle, { update: cancelUpdate, args: giver(options) }, () => handle.cancel(), options);
    },
    progress: async (id) => progressOf(client, handleOf(id)),
  };
}

function giver({ by }: CommandOptions = {}): [] {
  // The type of these updates has no argument, see workflows/messages.ts.
  return (by === undefined ? [] : [by]) as [];
}

async function progressOf(client: Client, handle: WorkflowHandle): Promise<CampaignProgress> {
  try {
    return await client.withDeadline(Date.now() + PROGRESS_TIMEOUT_MS, async () => {
      const progress = await handle.query(progressQuery);
      // A workflow that was ended from outside still answers with its last state, as if it were running.
      if (!isOver(progress.status)) refuseInterrupted(handle, (await handle.describe()).status);
      return progress;
    });
  } catch (error) {
    if (error instanceof RingfenceError) throw error;
    throw isWorkflowNotFound(error) ? campaignNotFound(error) : temporalUnavailable(error);
  }
}
