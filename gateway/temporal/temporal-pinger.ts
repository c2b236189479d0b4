import type { Client } from '@temporalio/client';
import { isNotFound, noNamespace } from '../../client/temporal/temporal-errors.ts';

const ANSWER_WITHIN_MS = 2_000;

/**
 * Returns a function that rejects unless Temporal answers and has the namespace.
 * @throws RingfenceError `temporal_unavailable` that names the namespace, or what the client throws
 */
export function temporalPinger(client: Client): () => Promise<void> {
  return () =>
    client.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
      // Both questions go over one connection, for which the deadline holds.
      const { workflowService } = client;
      const { namespace } = client.options;
      try {
        await workflowService.describeNamespace({ namespace });
      } catch (error) {
        if (isNotFound(error)) throw noNamespace(namespace, error);
        // An identity that may run workflows may not be allowed to ask for the namespace.
        await workflowService.getSystemInfo({});
      }
    });
}
