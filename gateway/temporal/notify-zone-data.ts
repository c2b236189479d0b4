import type { Client } from '@temporalio/client';
import { workflowId } from '../../domain/engine/ids.ts';
import { zoneDataSignal } from '../../workflows/messages.ts';
import { isWorkflowNotFound, temporalUnavailable } from '../../client/temporal/temporal-errors.ts';

/** Long enough for a busy server. The next sweep notifies a campaign that was not reached. */
const SIGNAL_TIMEOUT_MS = 3_000;

/**
 * Returns a function that notifies a campaign of a new release of the IANA data. A campaign without a workflow needs no
 * notice: it asks for its windows when it is started again.
 *
 * @throws RingfenceError `temporal_unavailable`
 */
export function zoneDataNotifier(client: Client): (campaignId: string, version: string) => Promise<void> {
  return async (campaignId, version) => {
    try {
      await client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () =>
        client.workflow.getHandle(workflowId(campaignId)).signal(zoneDataSignal, version),
      );
    } catch (error) {
      if (!isWorkflowNotFound(error)) throw temporalUnavailable(error);
    }
  };
}
