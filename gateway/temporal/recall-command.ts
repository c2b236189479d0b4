import type { Client } from '@temporalio/client';
import { throwUnlessRunEnded } from '../../client/temporal/command.ts';
import { isNamed } from '../../client/temporal/temporal-errors.ts';
import { workflowId } from '../../domain/engine/ids.ts';

/** The server answers at once, unless the command is still being executed. */
const RECALL_TIMEOUT_MS = 3_000;

export type RecallCommand = (campaignId: string, commandId: string) => Promise<object | null>;

/**
 * Returns a function that finds the acknowledgement of a command that was sent before, also if the campaign has ended since.
 * Null if there is none, or none yet: then the command is sent again under its id, which the campaign recognizes.
 *
 * @throws RingfenceError `wrong_state` or `validation_error` if the campaign has refused the command
 */
export function commandRecaller(client: Client): RecallCommand {
  return async (campaignId, commandId) => {
    const command = client.workflow.getHandle(workflowId(campaignId)).getUpdateHandle<object>(commandId);
    try {
      return await client.withDeadline(Date.now() + RECALL_TIMEOUT_MS, () => command.result());
    } catch (error) {
      if (isNamed(error, 'WorkflowUpdateFailedError')) throwUnlessRunEnded(error);
      return null;
    }
  };
}
